// Bodies on their way up, over HTTP/2: in pieces where the browser can, without a copy where none is needed.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PageFunction, Tab } from '../support/browser/driver.ts'
import { type Suite, startSuite, summary } from './suite.ts'

let suite: Suite
let tab: Tab

beforeAll(async () => {
  suite = await startSuite('./rules-page.ts', 'h2')
  tab = (await suite.open('/')).tab
  await tab.evaluate(() => fetch('/gate').then(() => {}))
  await tab.evaluate(() => {
    globalThis.callOf = async (mode) => {
      if (mode === 'fetch') return fetch
      const { authFetch } = await rules.signIn()
      if (mode === 'waiting') rules.leap(2_000_000_000)
      return authFetch
    }
  })
})

afterAll(async () => await suite?.close())

beforeEach(async () => void (await suite.servers.take()))

type Mode = 'fetch' | 'signed in' | 'waiting'

declare global {
  var callOf: (mode: Mode) => Promise<typeof fetch>
}

const run = <Result>(page: PageFunction<Result>, ...given: unknown[]): Promise<Awaited<Result>> =>
  tab.evaluate(page, ...given)

const MODES: readonly Mode[] = ['fetch', 'signed in', 'waiting']
const FORMS = ['the init', 'a Request'] as const

describe.each(FORMS)('a stream in %s', (form) => {
  const isRequest = form === 'a Request'

  test.each(MODES)('goes up piece by piece, with %s', async (mode) => {
    const result = await run(
      async (which: Mode, isIn: boolean) => {
        const call = await callOf(which)
        const id = `pieces ${which} ${isIn}`
        let stream: ReadableStreamDefaultController | undefined
        const start = (controller: ReadableStreamDefaultController): void => {
          stream = controller
        }
        const body = new ReadableStream({ start })
        const init = { method: 'POST', body, duplex: 'half' }
        const url = `/echo?id=${encodeURIComponent(id)}`
        const promise = isIn ? call(new Request(url, init)) : call(url, init)
        for (let sent = 1; sent <= 5; sent++) {
          stream?.enqueue(new Uint8Array(1000))
          // The server has this piece before there is a next one.
          await rules.control(`seen?id=${encodeURIComponent(`${id}-${sent * 1000}`)}`)
        }
        stream?.close()
        const response = await promise
        return [response.status, await response.text(), body.locked]
      },
      mode,
      isRequest,
    )
    expect(result).toEqual([200, 'echo', true])
    const [call] = (await suite.servers.take()).filter(({ url }) => url.startsWith('/echo'))
    expect(call?.body).toMatch(/^5000 bytes/)
    expect(call?.authorization !== undefined).toBe(mode !== 'fetch')
  })

  test('that breaks off rejects as it does for fetch', async () => {
    const [native, ...others] = await run(
      async (modes: Mode[], isIn: boolean) => {
        const results: string[] = []
        for (const mode of modes) {
          const call = await callOf(mode)
          const pull = (controller: ReadableStreamDefaultController): void => controller.error(new RangeError('mine'))
          const init = { method: 'POST', body: new ReadableStream({ pull }, { highWaterMark: 0 }), duplex: 'half' }
          results.push(await rules.outcome(isIn ? call(new Request('/echo', init)) : call('/echo', init)))
        }
        return results
      },
      MODES,
      isRequest,
    )
    expect(native).toMatch(/^TypeError/)
    expect(others).toEqual([native, native])
  })

  test('is cancelled by an abort as it is by fetch', async () => {
    const [native, ...others] = await run(
      async (modes: Mode[], isIn: boolean) => {
        const results: unknown[] = []
        for (const mode of modes) {
          const call = await callOf(mode)
          const id = `abort ${mode} ${isIn}`
          const controller = new AbortController()
          const { signal } = controller
          let cancel: (reason: unknown) => void = () => {}
          const cancelled = new Promise((resolve) => {
            cancel = resolve
          })
          const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1000)), cancel })
          const init = { method: 'POST', body, duplex: 'half', signal }
          const url = `/echo?id=${encodeURIComponent(id)}`
          const outcome = (isIn ? call(new Request(url, init)) : call(url, init)).catch(
            (error: unknown) => error === signal.reason,
          )
          await rules.control(`seen?id=${encodeURIComponent(`${id}-1000`)}`)
          controller.abort(new RangeError('enough'))
          // A stream that was cloned hears of a list of reasons.
          const [reason] = [await cancelled].flat()
          results.push([await outcome, reason === signal.reason, String(reason)])
        }
        return results
      },
      MODES,
      isRequest,
    )
    expect(native).toEqual([true, expect.any(Boolean), 'RangeError: enough'])
    expect(others).toEqual([native, native])
  })
})

test('a stream that meets a 401 is sent once: the caller gets the 401, and the next call the new token', async () => {
  const result = await run(async () => {
    const auth = await rules.signIn()
    await rules.control('expire')
    let reads = 0
    const pull = (controller: ReadableStreamDefaultController): void => {
      reads++
      controller.enqueue(new Uint8Array(10))
      controller.close()
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    const first = await auth.authFetch('/things', { method: 'POST', body, duplex: 'half' } as RequestInit)
    const second = await auth.authFetch('/things')
    return [first.status, await first.text(), second.status, reads]
  })
  expect(result).toEqual([401, 'denied', 200, 1])
  expect(summary(await suite.servers.take())).toEqual([
    'here /things, Bearer token',
    'refresh, no token',
    'here /things, Bearer token',
  ])
})

test('a stream in a Request is read once and sent again, to its last byte', async () => {
  const result = await run(async () => {
    const auth = await rules.signIn()
    await rules.control('expire')
    let nth = 0
    const pull = (controller: ReadableStreamDefaultController): void => {
      controller.enqueue(new Uint8Array(50_000).fill(++nth))
      if (nth === 20) controller.close()
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    const response = await auth.authFetch(
      new Request('/things', { method: 'POST', body, duplex: 'half' } as RequestInit),
    )
    return [response.status, nth]
  })
  expect(result).toEqual([200, 20])
  const [first, , second] = await suite.servers.take()
  expect(first?.body).toMatch(/^1000000 bytes/)
  expect(second?.body).toBe(first?.body)
})

test('a body goes to fetch as the very object it is, and again after a 401; nothing is cloned', async () => {
  const [isSame, clones] = await run(async () => {
    const clones: string[] = []
    const spy = (prototype: object, name: string): void => {
      const native: (...given: unknown[]) => unknown = Reflect.get(prototype, name)
      const value = function (this: unknown, ...given: unknown[]): unknown {
        clones.push(name)
        return native.apply(this, given)
      }
      Object.defineProperty(prototype, name, { value })
    }
    spy(Request.prototype, 'clone')
    spy(Response.prototype, 'clone')
    spy(ReadableStream.prototype, 'tee')
    for (const name of ['slice', 'stream', 'arrayBuffer']) spy(Blob.prototype, name)
    const native = fetch
    let sent: unknown[] = []
    const auth = await rules.signIn({
      async fetch(input, init) {
        if (String(input).endsWith('/auth/refresh')) return native(input, init)
        sent.push(init?.body)
        return new Response(null, { status: sent.length === 1 ? 401 : 200 })
      },
    })
    const { buffer } = new Uint8Array(10)
    const bodies = ['text', new Blob(['blob']), new FormData(), new URLSearchParams('a'), new Uint8Array(10), buffer]
    const isSame: boolean[] = []
    for (const body of [...bodies, new ReadableStream()]) {
      sent = []
      // No token is refused in its first seconds.
      rules.leap(60_000)
      await auth.authFetch('/things', { method: 'POST', body, duplex: 'half' } as RequestInit)
      isSame.push(sent.length === (body instanceof ReadableStream ? 1 : 2) && sent.every((one) => one === body))
    }
    return [isSame, clones] as const
  })
  expect(isSame).toEqual(Array(7).fill(true))
  expect(clones).toEqual([])
})
