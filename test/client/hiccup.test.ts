// A hiccup is no outage: callers wait for the next try, and hear of it only when that fails too.

import { describe, expect, test } from 'vitest'
import { RefreshUnavailableError } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createScene,
  createSignedInScene,
  drain,
  HOUR,
  outcome,
  type Server,
  tokens,
  unauthorized,
} from './harness.ts'

const reset = (): Promise<never> => Promise.reject(new TypeError('the connection was reset'))
const busy = (retryAfter?: string): Response =>
  new Response(null, { status: 503, headers: retryAfter ? { 'retry-after': retryAfter } : {} })
const halfway = (): Response =>
  new Response(
    new ReadableStream({ start: (controller) => controller.error(new TypeError('the connection was reset')) }),
  )

const unavailable = expect.any(RefreshUnavailableError)

/** The first answers; then all is well. */
function answer(server: Server, ...answers: (() => Response | Promise<Response>)[]): void {
  server.onRefresh = (nth) => answers[nth - 1]?.() ?? Response.json(tokens(nth))
}

test.each([
  ['an answer that is lost', [reset]],
  ['two answers that are lost', [reset, reset]],
  ['a body that is lost', [halfway]],
  ['a server that wants to be asked again in a second', [() => busy('1')]],
  ['a server that wants to be asked again in three seconds', [() => busy('3')]],
  ['a server that asks for a second, and then loses its answer', [() => busy('1'), reset]],
])('%s is no matter of the callers', async (_, answers) => {
  const { auth, browser, server, names } = await createSignedInScene()
  answer(server, ...answers)
  server.onCall = ({ authorization }) => (authorization === 'Bearer access-0' ? unauthorized() : new Response('ok'))
  await browser.advance(10_000)
  const calls = Promise.all([auth.authFetch(API), auth.authFetch(API), auth.getAccessToken({ forceRefresh: true })])
  await browser.advance(4_500)
  const [first, second, token] = await calls
  expect([first.status, second.status, token]).toEqual([200, 200, `access-${answers.length + 1}`])
  expect(server.refreshes).toHaveLength(answers.length + 1)
  expect(names()).toEqual(['refreshed'])
})

test.each([
  ['when the third try has failed too', [reset, reset, reset], 3],
  ['at once where the server does not say when', [() => busy()], 1],
  ['at once where the server wants to be left alone for longer', [() => busy('4')], 1],
  ['at once where the server has answered, ill as it is', [() => new Response(null, { status: 502 })], 1],
])('callers hear of it %s', async (_, answers, requests) => {
  const { auth, browser, server, names } = await createSignedInScene()
  answer(server, ...answers)
  const asked = auth.getAccessToken({ forceRefresh: true })
  asked.catch(() => {})
  await browser.advance(requests > 1 ? 3_000 : 0)
  expect(await outcome(asked)).toEqual(unavailable)
  expect(server.refreshes).toHaveLength(requests)
  expect(names()).toEqual(['refresh-failed'])
})

describe('in an outage', () => {
  test('the probe tells, and callers hear of it at once', async () => {
    const { auth, server, names } = await createSignedInScene()
    server.onRefresh = reset
    server.onProbe = reset
    expect(await outcome(auth.getAccessToken({ forceRefresh: true }))).toEqual(unavailable)
    // A probe asks in two ways.
    expect([server.refreshes.length, server.probes.length]).toEqual([1, 2])
    expect(names()).toEqual(['refresh-failed'])
  })
})

test.each([0, 1])('what chance adds to the three seconds that a server asks for does not count: %d', async (random) => {
  const { auth, browser, server } = await createSignedInScene()
  browser.random = random
  answer(server, () => busy('3'))
  const asked = auth.getAccessToken({ forceRefresh: true })
  await browser.advance(4_000)
  expect(await outcome(asked)).toBe('access-2')
})

test('the next try is the one that the timer would have made, with the same key', async () => {
  const { auth, browser, server } = await createSignedInScene()
  answer(server, reset)
  auth.getAccessToken({ forceRefresh: true }).catch(() => {})
  await browser.advance(499)
  expect([server.refreshes.length, server.probes.length]).toEqual([1, 1])
  await browser.advance(1)
  expect([server.refreshes.length, server.probes.length]).toEqual([2, 1])
})

test('a caller’s signal ends its wait, and not the refresh', async () => {
  const { auth, browser, server } = await createSignedInScene()
  answer(server, reset)
  const controller = new AbortController()
  const asked = auth.getAccessToken({ forceRefresh: true, signal: controller.signal })
  asked.catch(() => {})
  await drain()
  controller.abort('enough')
  expect(await outcome(asked)).toBe('enough')
  await browser.advance(4_000)
  expect(await auth.getAccessToken()).toBe('access-2')
})

test('where only the timer waits it is told, and the timer tries again', async () => {
  const { browser, server, names } = await createSignedInScene({ tokens: { ...tokens(0), expires_in: 60 } })
  answer(server, reset)
  await browser.advance(60_000)
  expect(names().slice(0, 2)).toEqual(['refresh-failed', 'refreshed'])
})

test('callers of another tab wait for the same try', async () => {
  const browser = createVirtualBrowser()
  const { auth, server } = await createSignedInScene({ browser })
  const other = createScene({ browser, server })
  await other.auth.restore()
  answer(server, reset)
  const asked = [auth, other.auth].map((client) => client.getAccessToken({ forceRefresh: true }))
  await browser.advance(2_000)
  expect(await Promise.all(asked)).toEqual(['access-2', 'access-2'])
  expect(server.refreshes).toHaveLength(2)
})

test('with resendWithin 0 a lost answer ends the session', async () => {
  const { auth, browser, server } = await createSignedInScene({ resendWithin: 0 })
  answer(server, reset)
  expect(await outcome(auth.getAccessToken({ forceRefresh: true }))).toBeUndefined()
  await browser.advance(HOUR)
  expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  expect(server.refreshes).toHaveLength(1)
})

test('a client that is disposed of meanwhile leaves nothing behind', async () => {
  const { auth, server } = await createSignedInScene()
  answer(server, reset)
  const asked = auth.getAccessToken({ forceRefresh: true })
  asked.catch(() => {})
  await drain()
  auth.dispose()
  await expect(asked).rejects.toThrow('disposed')
})

test('a ledger that cannot be read then does not hide what has failed', async () => {
  const browser = createVirtualBrowser()
  const { platform } = browser.openTab()
  let isBroken = false
  const read = (): ReturnType<typeof platform.ledger.read> =>
    isBroken ? Promise.reject(new Error('the storage is full')) : platform.ledger.read()
  const { auth, server } = await createSignedInScene({
    platform: { ...platform, ledger: { ...platform.ledger, read } },
  })
  server.onRefresh = () => {
    isBroken = true
    return reset()
  }
  const forced = auth.getAccessToken({ forceRefresh: true })
  const error = await outcome(forced)
  isBroken = false
  expect(error).toMatchObject({
    code: 'refresh-unavailable',
    message: 'the refresh has failed',
    cause: expect.any(TypeError),
  })
})

test('a failure does not count for the session that has begun meanwhile', async () => {
  const browser = createVirtualBrowser()
  const { platform } = browser.openTab()
  let isAnswered = false
  let write = (): void => {}
  const update: typeof platform.ledger.update = async (...given) => {
    if (isAnswered) {
      isAnswered = false
      await new Promise<void>((resolve) => {
        write = resolve
      })
    }
    return platform.ledger.update(...given)
  }
  const { auth, names, server } = await createSignedInScene({
    browser,
    platform: { ...platform, ledger: { ...platform.ledger, update } },
  })
  const other = createScene({ browser, server })
  await other.auth.restore()
  let grant = (): void => {}
  server.onRefresh = (nth) => {
    isAnswered = nth === 1
    if (isAnswered) return busy('3600')
    return new Promise((resolve) => {
      grant = () => resolve(Response.json(tokens(nth)))
    })
  }
  const before = auth.getAccessToken({ forceRefresh: true })
  before.catch(() => {})
  await drain()
  await other.auth.signIn({ refresh_token: 'refresh-of-bob' })
  await browser.advance(2_000)
  expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: false })
  write()
  await browser.advance(2_000)
  expect(auth.getState()).toMatchObject({ status: 'signed-in', failure: undefined })
  grant()
  // Messages and transactions take a task each, and no time.
  for (let task = 0; task < 20; task++) await drain()
  expect(await outcome(auth.getAccessToken())).toBe('access-2')
  expect(await outcome(before)).toMatchObject({ code: 'session-ended', reason: 'superseded' })
  expect(names()).not.toContain('refresh-failed')
})
