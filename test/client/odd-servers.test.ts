// What servers, gateways and refresh functions do beyond the documented shapes: nothing is lost, and nothing is silent.

import { expect, test } from 'vitest'
import { cookieRefresh, cookieSignOut, jsonRefresh, RefreshUnavailableError } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createScene,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  jwt,
  MINUTE,
  outcome,
  type Scene,
  TOKEN_ENDPOINT,
} from './harness.ts'

const ENDPOINT = 'https://app.example/auth/refresh'
const cookie = (options = {}) =>
  createSignedInScene({
    refresh: cookieRefresh(ENDPOINT),
    tokens: { access_token: 'access-0', expires_in: 3600 },
    ...options,
  })
const forced = ({ auth }: Scene): Promise<unknown> =>
  auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)

test('a server whose answers no-cors may not see (Cross-Origin-Resource-Policy) is reached all the same', async () => {
  const server = createServer()
  const { fetch } = server
  // helmet's default: the browser hides the answer from a request of no-cors.
  const scene = await createSignedInScene({
    server,
    fetch: async (input, init) => {
      if (init?.mode === 'no-cors') throw new TypeError('Failed to fetch')
      return fetch(input, init)
    },
  })
  await scene.tab.fire('wake')
  await scene.browser.advance(2 * HOUR)
  expect(scene.server.refreshes.length).toBeGreaterThan(0)
  expect((await scene.auth.authFetch(API)).status).toBe(200)
})
test('a subject that is an object names nobody, and ends no session', async () => {
  const given = (nth: number) => ({ access_token: jwt({ sub: { id: 1 }, nth }), refresh_token: `refresh-${nth}` })
  const scene = await createSignedInScene({ tokens: given(0) })
  scene.server.onRefresh = (nth) => Response.json(given(nth))
  expect(await forced(scene)).toBe(given(1).access_token)
  await drain()
  expect(scene.names()).toEqual(['refreshed'])
})
test.each([0, MINUTE])(
  'an outage at the first visit does not hide a session that a cookie has: resendWithin %d',
  async (resendWithin) => {
    const browser = createVirtualBrowser()
    const refresh = cookieRefresh(ENDPOINT)
    const first = createScene({ browser, refresh, resendWithin })
    first.server.onRefresh = () => new Response('', { status: 500 })
    await outcome(first.auth.restore())
    await browser.advance(3 * MINUTE)
    expect(first.auth.getState()).not.toMatchObject({ reason: 'in-doubt' })
    first.auth.dispose()
    const second = createScene({ browser, refresh, resendWithin })
    second.server.onRefresh = () => Response.json({ access_token: 'access-1' })
    void second.auth.restore()
    await browser.advance(2 * MINUTE)
    expect(second.auth.getState().status).toBe('signed-in')
  },
)
test.each([0, MINUTE])('a page ends no session, whatever `read` makes of it: resendWithin %d', async (resendWithin) => {
  const read = async (response: Response) => {
    if (!response.ok) return undefined
    const { access, refresh } = await response.json()
    return { access_token: access, refresh_token: refresh }
  }
  const scene = await createSignedInScene({ refresh: jsonRefresh({ endpoint: TOKEN_ENDPOINT, read }), resendWithin })
  scene.server.onRefresh = () => new Response('<!doctype html><title>Sign in to the Wi-Fi</title>')
  expect(await forced(scene)).toMatchObject({ message: expect.stringContaining('status 200 and a page') })
  await scene.browser.advance(3 * MINUTE)
  expect(scene.auth.getState().status).toBe('signed-in')
})
test('a 401 that complains of the CSRF token is asked again with a fresh one (Flask-JWT-Extended)', async () => {
  let nth = 0
  const refresh = cookieRefresh(ENDPOINT, { headers: () => ({ 'X-CSRF-TOKEN': `csrf-${++nth}` }) })
  const { auth, server } = await createSignedInScene({ refresh, tokens: { access_token: 'access-0' } })
  server.onRefresh = (n) =>
    n === 1
      ? Response.json({ msg: 'CSRF double submit tokens do not match' }, { status: 401 })
      : Response.json({ access_token: 'access-1' })
  expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
})
test('a dead refresh token of Laravel Passport ends the session', async () => {
  const scene = await createSignedInScene()
  scene.server.onRefresh = () =>
    Response.json(
      { error: 'invalid_request', error_description: 'The refresh token is invalid.', hint: 'Token has been revoked' },
      { status: 401 },
    )
  await forced(scene)
  await scene.browser.advance(2 * MINUTE)
  expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
})
test.each(['Negotiate', 'NTLM', 'Digest realm="staging", nonce="x"', 'Key realm="kong"'])(
  'a gateway that asks for %s says nothing of the session',
  async (challenge) => {
    const scene = await cookie()
    scene.server.onRefresh = () => new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
    expect(await forced(scene)).toBeInstanceOf(RefreshUnavailableError)
    await scene.browser.advance(5 * MINUTE)
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(scene.tab.warnings).toHaveLength(1)
  },
)
test.each([
  [
    'as JSON',
    JSON.stringify({
      type: 'https://developers.cloudflare.com/support/',
      title: 'Error 1020: Access denied',
      status: 403,
      error_code: 1020,
      cloudflare_error: true,
      retryable: false,
    }),
  ],
  ['as text', 'error code: 1020'],
])('an answer of Cloudflare itself ends no session: %s', async (_, body) => {
  const scene = await cookie()
  scene.server.onRefresh = () => new Response(body, { status: 403 })
  await forced(scene)
  await scene.browser.advance(5 * MINUTE)
  expect(scene.auth.getState().status).toBe('signed-in')
})
test('a refusal with Retry-After is no verdict, and is not repeated before', async () => {
  const scene = await cookie()
  scene.server.onRefresh = () =>
    Response.json({ message: 'rate limit exceeded' }, { status: 403, headers: { 'retry-after': '60' } })
  await forced(scene)
  await scene.browser.advance(50_000)
  expect(scene.server.refreshes).toHaveLength(1)
  await scene.browser.advance(5 * MINUTE)
  expect(scene.auth.getState().status).toBe('signed-in')
})
test('a body that is lost again and again is told as that', async () => {
  const scene = await cookie()
  scene.server.onRefresh = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) }))
  const error = scene.auth.getAccessToken({ forceRefresh: true }).catch((e: unknown) => e)
  await scene.browser.advance(10_000)
  expect(`${((await error) as Error).message}`).not.toMatch(/asked for a pause/)
  expect(scene.tab.warnings).toHaveLength(1)
})
test('a refresh function that fails by itself is told on the console', async () => {
  const scene = createScene({
    refresh: async () => {
      throw new ReferenceError('axois is not defined')
    },
  })
  await outcome(scene.auth.restore())
  expect(scene.tab.warnings).toHaveLength(1)
})
test('a mocked 401 without headers is passed on', async () => {
  const { auth, browser, server } = await createSignedInScene()
  await browser.advance(MINUTE)
  server.onCall = () => ({ ok: false, status: 401, json: async () => ({}) }) as Response
  expect((await auth.authFetch(API)).status).toBe(401)
})
test('an empty refresh token is none (Go leaves it in)', async () => {
  const scene = await createSignedInScene()
  scene.server.onRefresh = () =>
    Response.json({ access_token: 'access-1', refresh_token: '', token_type: '', expires_in: 900 })
  expect(await forced(scene)).toBe('access-1')
})
test('tokens count though the answer has a member named error', async () => {
  const scene = await cookie()
  scene.server.onRefresh = () => Response.json({ access_token: 'access-1', expires_in: 900, error: 'none' })
  expect(await forced(scene)).toBe('access-1')
})
test('a time in milliseconds is one', async () => {
  const scene = await createSignedInScene()
  scene.server.onRefresh = (n) =>
    Response.json({
      accessToken: `access-${n}`,
      refreshToken: `refresh-${n}`,
      expiresAt: scene.browser.now() + 900_000,
    })
  await forced(scene)
  expect(scene.auth.getState()).toMatchObject({ expiresAt: scene.browser.now() + 900_000 })
})
test('an answer whose body was cut is not blamed on CORS', async () => {
  const scene = await createSignedInScene()
  scene.server.onRefresh = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) }))
  await scene.browser.advance(2 * HOUR)
  expect(scene.tab.warnings.filter((w) => w.includes('CORS'))).toEqual([])
})
test.each([
  ['a Response', () => Response.json({ message: 'wrong password' }, { status: 401 })],
  ['a promise', () => Promise.resolve({ access_token: 'access-1' })],
  ['a URLSearchParams', () => new URLSearchParams('access_token=access-1')],
])('signIn of %s, which is no token response, signs nobody in', async (_, given) => {
  const { auth } = createScene({ refresh: cookieRefresh(ENDPOINT) })
  expect(await outcome(auth.signIn(given() as never))).toMatchObject({ name: 'TokenResponseError' })
  expect(auth.getState().status).not.toBe('signed-in')
})
test('a `read` that gives no token response is a mistake that is told', async () => {
  const refresh = cookieRefresh(ENDPOINT, { read: async (r) => new URLSearchParams(await r.text()) as never })
  const scene = createScene({ refresh })
  scene.server.onRefresh = () => new Response('access_token=access-1&expires_in=28800')
  await outcome(scene.auth.restore())
  await scene.browser.advance(200)
  expect(scene.auth.getState().status).not.toBe('signed-in')
  expect(scene.tab.warnings).toHaveLength(1)
})
test.each([0, MINUTE])(
  'a body that cannot be made costs no session: nothing was sent: resendWithin %d',
  async (resendWithin) => {
    const refresh = jsonRefresh({
      endpoint: TOKEN_ENDPOINT,
      body: ({ refreshToken, accessToken }) => ({ refreshToken, id: (accessToken as never as { id: { x: 1 } }).id.x }),
    })
    const scene = await createSignedInScene({ refresh, resendWithin })
    scene.auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await scene.browser.advance(3 * MINUTE)
    expect(scene.server.refreshes).toHaveLength(0)
    expect(scene.auth.getState()).toMatchObject({
      status: 'signed-in',
      failure: { message: expect.stringContaining('"body"') },
    })
  },
)

test('a sign-out may be confirmed by a redirect', async () => {
  const scene = await createSignedInScene({
    refresh: cookieRefresh('https://app.example/auth/refresh'),
    onSignOut: cookieSignOut('https://app.example/logout'),
    tokens: { access_token: 'access-0' },
  })
  scene.server.onCall = () =>
    Object.defineProperties(new Response(null), {
      type: { value: 'opaqueredirect' },
      status: { value: 0 },
      ok: { value: false },
    })
  expect(await outcome(scene.auth.signOut())).toBeUndefined()
})
