// The state: tokens that are awaited, the last failure, and how a session ended.

import { describe, expect, test, vi } from 'vitest'
import { cookieRefresh, SessionEndedError } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import { createGate, createScene, createSignedInScene, drain, HOUR, jwt, tokens } from './harness.ts'

const cookie = cookieRefresh('https://app.example/auth/refresh')

const refused = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 })

/** The client of the next page of the same browser. */
const reload = (scene: ReturnType<typeof createScene>): ReturnType<typeof createScene> =>
  createScene({ browser: scene.browser, server: scene.server, refresh: cookie })

describe('the token of a session', () => {
  test.each([
    ['{}', {}, cookie],
    ['a refresh token alone', { refresh_token: 'refresh-0' }, undefined],
  ])('is fetched at once after a sign-in with %s', async (_, given, refresh) => {
    const { auth, browser, server } = createScene(refresh && { refresh })
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    await auth.signIn(given)
    expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: false })
    // The other tabs are asked first.
    await browser.advance(200)
    expect(server.refreshes).toHaveLength(1)
    const restored = auth.restore()
    gate.open(Response.json({ access_token: jwt({ sub: 'alice' }), refresh_token: 'refresh-1', expires_in: 3600 }))
    expect(await restored).toMatchObject({ status: 'signed-in', ready: true })
    expect(auth.getClaims()).toMatchObject({ sub: 'alice' })
    expect(server.refreshes).toHaveLength(1)
  })

  test('is not asked for again and again while it cannot be had', async () => {
    const { auth, browser, server } = createScene({ refresh: cookie })
    server.onRefresh = () => new Response('', { status: 503, headers: { 'Retry-After': '60' } })
    await auth.signIn({})
    await browser.advance(30_000)
    expect(server.refreshes).toHaveLength(1)
    server.onRefresh = () => Response.json(tokens(1))
    await browser.advance(60_000)
    expect(auth.getState()).toMatchObject({ ready: true })
  })

  test('is waited for by every restore(), after a reload too', async () => {
    const before = await createSignedInScene({ refresh: cookie })
    before.auth.dispose()
    const { auth, server } = reload(before)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const first = auth.restore()
    await before.browser.advance(200)
    expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: false })
    const second = auth.restore()
    gate.open(Response.json(tokens(1)))
    expect(await first).toMatchObject({ ready: true })
    expect(await second).toBe(await first)
  })
})

describe('the last failure', () => {
  test('is in the state, with the time of the next try, until a token has come', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => new Response('', { status: 503, headers: { 'Retry-After': '60' } })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await drain()
    const state = auth.getState()
    expect(state).toMatchObject({
      status: 'signed-in',
      failure: { code: 'refresh-unavailable', retryAt: expect.any(Number) },
    })
    expect(JSON.stringify(state)).not.toMatch(/access-|refresh-\d/)
    server.onRefresh = () => Response.json(tokens(1))
    await browser.advance(HOUR)
    expect(auth.getState()).toMatchObject({ failure: undefined })
  })

  test('is in the state of who does not know whether anybody is signed in', async () => {
    const { auth, server } = createScene({ refresh: cookie })
    server.onRefresh = () => new Response('', { status: 503 })
    expect(await auth.restore()).toMatchObject({ status: 'unknown', failure: { code: 'refresh-unavailable' } })
  })
})

describe('a session that ended', () => {
  test('in this page differs from one that was over before', async () => {
    const before = await createSignedInScene({ refresh: cookie })
    before.server.onRefresh = refused
    await before.auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await drain()
    expect(before.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected', wasSignedIn: true })
    before.auth.dispose()
    const after = reload(before)
    const told = vi.fn()
    after.auth.on('signed-out', told)
    const restored = after.auth.restore()
    await after.browser.advance(200)
    expect(await restored).toMatchObject({ status: 'signed-out', wasSignedIn: false })
    expect(told).toHaveBeenCalledWith(expect.objectContaining({ wasSignedIn: false }))
  })

  test('at the server while all pages were closed counts as ended in this page', async () => {
    const before = await createSignedInScene({ refresh: cookie })
    before.auth.dispose()
    before.server.onRefresh = refused
    const restored = reload(before).auth.restore()
    await before.browser.advance(200)
    expect(await restored).toMatchObject({ status: 'signed-out', wasSignedIn: true })
  })

  test('for want of a refresh token says so, and the sign-in has warned', async () => {
    const warn = vi.fn()
    const browser = createVirtualBrowser()
    const { auth } = createScene({ browser, platform: { ...browser.openTab().platform, warn } })
    await auth.signIn({ access_token: 'a', expires_in: 60 })
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('refresh token'))
    await browser.advance(120_000)
    await auth.getAccessToken()
    expect(auth.getState()).toMatchObject({ reason: 'no-refresh-token' })
  })
})

test('the login that a second click overtakes is superseded', async () => {
  const { auth } = createScene({ refresh: cookie })
  const first = auth.signIn(async () => tokens(0)).catch((error: unknown) => error)
  await auth.signIn(async () => tokens(1))
  expect(await first).toBeInstanceOf(SessionEndedError)
  expect(await first).toMatchObject({ reason: 'superseded' })
  expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: true })
})
