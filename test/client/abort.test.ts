// Aborting a call before it starts, while it waits for a token, and while its 401 is being answered.

import { describe, expect, test, vi } from 'vitest'
import { API, createGate, createSignedInScene, drain, HOUR, MINUTE, outcome, tokens, unauthorized } from './harness.ts'

/** A signal that counts its listeners. */
function createSignal() {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const add = vi.spyOn(signal, 'addEventListener').mockImplementation((...given) => {
    listeners++
    return EventTarget.prototype.addEventListener.apply(signal, given as never)
  })
  vi.spyOn(signal, 'removeEventListener').mockImplementation((...given) => {
    listeners--
    return EventTarget.prototype.removeEventListener.apply(signal, given as never)
  })
  return { controller, signal, add, count: () => listeners }
}

/** An expired session whose refresh waits for the gate. */
async function createWaitingScene() {
  const scene = await createSignedInScene()
  scene.browser.jump(2 * HOUR)
  const gate = createGate<Response>()
  scene.server.onRefresh = () => gate.promise
  return { ...scene, gate }
}

describe('a signal that has aborted before', () => {
  test.each([
    ['a valid token', 0],
    ['an expired one', 2 * HOUR],
  ])('makes no network call, with %s', async (_, jump) => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(jump)
    const reason = { why: 'no longer wanted' }
    const signal = AbortSignal.abort(reason)
    expect(await outcome(auth.authFetch(API, { signal }))).toBe(reason)
    expect(await outcome(auth.authFetch(new Request(API, { signal })))).toBe(reason)
    expect(await outcome(auth.getAccessToken({ signal, forceRefresh: true }))).toBe(reason)
    expect([server.calls.length, server.refreshes.length]).toEqual([0, 0])
  })

  test('in a Request is ignored if the init says `signal: null`', async () => {
    const { auth, server } = await createSignedInScene()
    const request = new Request(API, { signal: AbortSignal.abort() })
    expect((await auth.authFetch(request, { signal: null })).status).toBe(200)
    expect(server.calls).toHaveLength(1)
  })
})

describe('abort while waiting for a token', () => {
  test('rejects at once with the very reason, and does not cancel the shared refresh', async () => {
    const { auth, server, gate } = await createWaitingScene()
    const controller = new AbortController()
    const aborted = auth.authFetch(`${API}/a`, { signal: controller.signal })
    const patient = auth.authFetch(`${API}/b`)
    await drain()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await outcome(aborted)).toBe(reason)
    expect(await outcome(patient)).toBe('pending')
    gate.open(Response.json(tokens(1)))
    expect((await patient).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.refreshes[0]?.request.signal.aborted).toBe(false)
    expect(server.calls.map(({ url }) => url)).toEqual([`${API}/b`])
  })

  test('of all who wait starts no second refresh while the first is pending', async () => {
    const { auth, server, gate } = await createWaitingScene()
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController()
      const calls = [1, 2, 3].map(() => auth.authFetch(API, { signal: controller.signal }))
      await drain()
      controller.abort()
      await Promise.allSettled(calls)
    }
    expect(server.refreshes).toHaveLength(1)
    const late = auth.authFetch(API)
    gate.open(Response.json(tokens(1)))
    expect((await late).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
  })

  test('of a call whose 401 is being answered rejects, and sends no retry', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onCall = () => unauthorized()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const controller = new AbortController()
    const call = auth.authFetch(API, { signal: controller.signal })
    await drain()
    controller.abort()
    expect(await outcome(call)).toBe(controller.signal.reason)
    gate.open(Response.json(tokens(1)))
    await drain()
    expect(server.calls).toHaveLength(1)
  })

  test('by the signal of a Request is ignored if the init says `signal: null`', async () => {
    const { auth, gate } = await createWaitingScene()
    const controller = new AbortController()
    const call = auth.authFetch(new Request(API, { signal: controller.signal }), { signal: null })
    await drain()
    controller.abort()
    gate.open(Response.json(tokens(1)))
    expect((await call).status).toBe(200)
  })

  test('of getAccessToken rejects with the very reason', async () => {
    const { auth, gate } = await createWaitingScene()
    const controller = new AbortController()
    const token = auth.getAccessToken({ signal: controller.signal })
    await drain()
    controller.abort('enough')
    expect(await outcome(token)).toBe('enough')
    gate.open(Response.json(tokens(1)))
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  test('by the only caller leaves no unhandled rejection when the refresh fails afterwards', async () => {
    const { auth, gate } = await createWaitingScene()
    const controller = new AbortController()
    const call = auth.authFetch(API, { signal: controller.signal })
    await drain()
    controller.abort()
    await expect(call).rejects.toBe(controller.signal.reason)
    gate.open(new Response('', { status: 503 }))
    await drain()
  })
})

describe('listeners on the signal', () => {
  test('are not added when there is nothing to wait for', async () => {
    const { auth } = await createSignedInScene({ fetch: async () => new Response() })
    const { signal, add } = createSignal()
    await auth.authFetch(API, { signal })
    expect(add).not.toHaveBeenCalled()
  })

  test.each([
    ['has come', () => Response.json(tokens(1))],
    ['is refused', () => new Response('', { status: 503 })],
  ])('are removed when the new token %s', async (_, answer) => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = answer
    browser.jump(2 * HOUR)
    const { signal, add, count } = createSignal()
    await auth.getAccessToken({ signal }).catch(() => {})
    await drain()
    expect(add).toHaveBeenCalled()
    expect(count()).toBe(0)
  })

  test('are removed after an abort', async () => {
    const { auth } = await createWaitingScene()
    const { controller, signal, count } = createSignal()
    const call = auth.getAccessToken({ signal }).catch(() => {})
    await drain()
    expect(count()).toBe(1)
    controller.abort()
    await call
    await drain()
    expect(count()).toBeLessThanOrEqual(1)
  })
})
