// Bodies in pieces: the server sends the next one when the page has read the one before.

import type { Call, Case, Context } from '../context.ts'
import { rejectionOf } from '../observe.ts'

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function open(call: Call, url: string, init?: RequestInit): Promise<Reader> {
  const { body } = await call(url, init)
  if (!body) throw new Error('no body')
  return body.getReader()
}

const sizes = [1, 10, 1000, 4096]

async function pieces({ there, id, call, control }: Context): Promise<unknown> {
  const reader = await open(call, `${there}/hold?id=${id}`)
  const read: unknown[] = []
  for (const size of sizes) {
    const next = reader.read()
    await control(`write?id=${id}&size=${size}`)
    read.push((await next).value?.length)
  }
  await control(`end?id=${id}`)
  return [read, await reader.read()]
}

async function backwards({ here, id, call, control }: Context): Promise<unknown> {
  // The headers are there before the first byte of the body.
  const response = await call(`${here}/hold?id=${id}`, { method: 'POST', body: 'up' })
  const { status, bodyUsed } = response
  const copy = response.clone()
  await control(`write?id=${id}&size=5`)
  await control(`end?id=${id}`)
  return [status, bodyUsed, await response.text(), await copy.text(), response.bodyUsed]
}

async function breakOff({ here, id, call, control }: Context): Promise<unknown> {
  const reader = await open(call, `${here}/hold?id=${id}`)
  await control(`write?id=${id}&size=5`)
  const first = await reader.read()
  await control(`cut?id=${id}`)
  return [first.value?.length, await reader.read().catch((error: unknown) => rejectionOf(error))]
}

async function cancelled({ here, id, call, control }: Context): Promise<unknown> {
  const reader = await open(call, `${here}/hold?id=${id}`)
  await control(`write?id=${id}&size=5`)
  await reader.read()
  await reader.cancel('enough')
  return await reader.read()
}

async function bring({ here, id, call, control }: Context): Promise<unknown> {
  const response = await call(`${here}/hold?id=${id}`)
  const body = response.body
  if (!body) return null
  const reader = body.getReader({ mode: 'byob' })
  const next = reader.read(new Uint8Array(4))
  await control(`write?id=${id}&size=6`)
  const results = [(await next).value?.length, (await reader.read(new Uint8Array(4))).value?.length]
  await control(`end?id=${id}`)
  return [results, (await reader.read(new Uint8Array(4))).done]
}

/** A stream over HTTP/1.1 is refused; whether it is read before that is seen too. */
async function upload({ here, call }: Context): Promise<unknown> {
  const pulls: string[] = []
  const body = new ReadableStream({
    pull(controller) {
      pulls.push('pull')
      controller.enqueue(new Uint8Array(10))
      if (pulls.length > 2) controller.close()
    },
    cancel: (reason) => void pulls.push(`cancel: ${String(reason)}`),
  })
  const init = { method: 'POST', body, duplex: 'half' }
  const result = await call(`${here}/echo`, init).then(({ status }) => status, rejectionOf)
  return [result, body.locked, pulls]
}

export const STREAMS: readonly Case[] = [
  { name: 'a body in pieces', run: pieces },
  { name: 'a body that comes after its headers, cloned', run: backwards },
  { name: 'a stream that breaks off', run: breakOff },
  { name: 'a stream that is cancelled', run: cancelled },
  { name: 'a stream that is read into buffers of the caller', run: bring },
  { name: 'an upload in pieces, over HTTP/1.1', run: upload },
]
