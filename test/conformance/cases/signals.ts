// Signals: aborted before, in the same tick, while the server thinks, and while the body comes.

import { type Case, type Context, createRealm, one } from '../context.ts'
import { rejectionOf } from '../observe.ts'

const REASONS: Readonly<Record<string, unknown>> = {
  'no reason': undefined,
  'an Error': new RangeError('of the caller'),
  'a string': 'of the caller',
  'an object': { own: true },
  null: null,
  zero: 0,
}

const controllerOf = (reason: unknown): { controller: AbortController; abort: () => void } => {
  const controller = new AbortController()
  return { controller, abort: () => controller.abort(...(reason === undefined ? [] : [reason])) }
}

const before = (name: string, reason: unknown): Case =>
  one(`a signal that was aborted with ${name}`, ({ here }) => {
    const { controller, abort } = controllerOf(reason)
    abort()
    return [`${here}/echo`, { signal: controller.signal }]
  })

/** After how many microtasks a call rejects whose signal was aborted before. */
const microtasks = (name: string, given: (url: string, signal: AbortSignal) => Parameters<typeof fetch>): Case => ({
  name: `the microtasks until a signal that was aborted before rejects, ${name}`,
  run: async ({ here, call }) => {
    let isOver = false
    call(...given(`${here}/echo`, AbortSignal.abort())).catch(() => {
      isOver = true
    })
    let count = 0
    while (!isOver && count < 100) {
      await undefined
      count++
    }
    return count
  },
})

/** How a promise rejects, and whether that is the signal's reason itself. */
async function rejection(promise: Promise<unknown>, { signal }: AbortController): Promise<unknown> {
  return await promise.then(
    () => 'fulfilled',
    (reason) => rejectionOf(reason, signal),
  )
}

const whileAsking = (name: string, reason: unknown): Case => ({
  name: `a signal that aborts with ${name} while the server thinks`,
  run: async ({ here, id, call, control }) => {
    const { controller, abort } = controllerOf(reason)
    const promise = call(`${here}/hold?silent&id=${id}`, { signal: controller.signal })
    await control(`seen?id=${id}`)
    abort()
    return await rejection(promise, controller)
  },
})

const whileReading = (name: string, reason: unknown): Case => ({
  name: `a signal that aborts with ${name} while the body comes`,
  run: async ({ here, id, call, control }) => {
    const { controller, abort } = controllerOf(reason)
    const response = await call(new Request(`${here}/hold?id=${id}`, { signal: controller.signal }))
    await control(`write?id=${id}&size=3`)
    const text = response.text()
    abort()
    return [response.status, await rejection(text, controller)]
  },
})

async function abortAtOnce(
  { here, call }: Context,
  request: (url: string, signal: AbortSignal) => [RequestInfo, RequestInit?],
) {
  const controller = new AbortController()
  const promise = call(...request(`${here}/aborted`, controller.signal))
  controller.abort(new RangeError('at once'))
  return await rejection(promise, controller)
}

/** Whether the request reached the server is the browser's race, so the address is one that nobody notes. */
const atOnce: Case[] = [
  { name: 'a signal that aborts at once', run: (context) => abortAtOnce(context, (url, signal) => [url, { signal }]) },
  {
    name: 'a signal of a Request that aborts at once',
    run: (context) => abortAtOnce(context, (url, signal) => [new Request(url, { signal, method: 'POST', body: 'b' })]),
  },
]

export const SIGNALS: readonly Case[] = [
  microtasks('of an address', (url, signal) => [url, { signal }]),
  microtasks('of a Request', (url, signal) => [new Request(url, { signal })]),
  ...Object.entries(REASONS).flatMap(([name, reason]) => [
    before(name, reason),
    whileAsking(name, reason),
    whileReading(name, reason),
  ]),
  ...atOnce,
  one('a Request whose signal was aborted', ({ here }) => [
    new Request(`${here}/echo`, { method: 'POST', body: 'b', signal: AbortSignal.abort('early') }),
  ]),
  {
    name: 'a signal that times out',
    run: async ({ here, call }) => {
      const signal = AbortSignal.timeout(1)
      return await call(`${here}/aborted`, { signal }).then(
        () => 'fulfilled',
        (reason) => rejectionOf(reason, signal),
      )
    },
  },
  one('a signal of another realm', ({ here }) => {
    const { AbortSignal: Other } = createRealm()
    return [`${here}/echo`, { signal: Other.abort(new RangeError('of another realm')) }]
  }),
  one('a signal that never aborts', ({ here }) => [`${here}/echo`, { signal: new AbortController().signal }]),
  one('a signal of signals', ({ here }) => [
    `${here}/echo`,
    { signal: AbortSignal.any([AbortSignal.abort(new RangeError('one of them'))]) },
  ]),
  one('an aborted signal and a bad method', ({ here }) => [
    `${here}/echo`,
    { signal: AbortSignal.abort(), method: 'a b' },
  ]),
  one('an aborted signal and no address', () => ['http://', { signal: AbortSignal.abort() }], { token: false }),
  {
    name: 'a signal that aborts after the end',
    run: async ({ here, call }) => {
      const controller = new AbortController()
      const response = await call(`${here}/echo`, { signal: controller.signal })
      const text = await response.text()
      controller.abort()
      return text
    },
  },
]
