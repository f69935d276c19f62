// The refresh functions and the sign-out functions: what they send, and how their answers are read.

import { describe, expect, test, vi } from 'vitest'
import {
  cookieRefresh,
  cookieSignOut,
  oauthRefresh,
  oauthRevocation,
  type Refresh,
  type RefreshRequest,
  RefreshUnavailableError,
  SessionEndedError,
} from '../../src/index.ts'
import {
  API,
  bearer,
  createScene,
  createSignedInScene,
  drain,
  HOUR,
  MINUTE,
  outcome,
  TOKEN_ENDPOINT,
  tokens,
} from './harness.ts'

const ENDPOINT = 'https://app.example/auth/refresh'

describe('cookieRefresh', () => {
  const cookieScene = (response: object = { access_token: 'access-0', expires_in: 3600 }) =>
    createSignedInScene({ refresh: cookieRefresh(ENDPOINT), tokens: response })

  test('posts nothing but the cookies and a header against CSRF', async () => {
    const { auth, server } = await cookieScene()
    await auth.getAccessToken({ forceRefresh: true })
    const [sent] = server.refreshes
    expect(sent).toMatchObject({ url: ENDPOINT, method: 'POST', authorization: null })
    expect(sent?.init).toMatchObject({ credentials: 'include', keepalive: true, redirect: 'manual', cache: 'no-store' })
    expect([...(sent?.request.headers ?? [])]).toEqual([
      ['accept', 'application/json'],
      ['x-requested-with', 'authfetch'],
    ])
    expect(await sent?.body).toBe('')
  })

  test('takes headers of your own instead, and keeps them', async () => {
    const headers = { 'X-CSRF': '1' }
    const { auth, server } = await createSignedInScene({ refresh: cookieRefresh(ENDPOINT, { headers }) })
    headers['X-CSRF'] = 'changed'
    await auth.getAccessToken({ forceRefresh: true })
    expect([...(server.refreshes[0]?.request.headers ?? [])]).toEqual([
      ['accept', 'application/json'],
      ['x-csrf', '1'],
    ])
  })

  test('never sees a refresh token', async () => {
    const { auth, browser, server } = await cookieScene()
    server.onRefresh = () => Response.json({ access_token: 'access-1', expires_in: 600 })
    await auth.getAccessToken({ forceRefresh: true })
    expect(browser.entry?.refreshToken).toBeUndefined()
  })

  test('understands 204 as a grant of cookies alone, without a timer', async () => {
    const { auth, browser, server, tab } = await createSignedInScene({ refresh: cookieRefresh(ENDPOINT), tokens: {} })
    server.onRefresh = () => new Response(null, { status: 204 })
    const call = auth.authFetch(API)
    await browser.advance(200)
    expect((await call).status).toBe(200)
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null, null])
    expect(await auth.getAccessToken()).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-in', expiresAt: undefined })
    expect(tab.timers()).toEqual([])
  })

  test('asks again when the cookie came and the body did not, for the jar is new', async () => {
    const { auth, browser, server } = await cookieScene()
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('reset')) })
    server.onRefresh = (nth) => (nth === 1 ? new Response(broken) : Response.json({ access_token: 'access-2' }))
    const token = auth.getAccessToken({ forceRefresh: true })
    await browser.advance(200)
    expect(await token).toBe('access-2')
    expect(server.refreshes).toHaveLength(2)
  })

  test('ends the session on invalid_grant, whatever the status', async () => {
    for (const status of [400, 401, 403]) {
      const { auth, server } = await cookieScene()
      server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status })
      expect(await auth.getAccessToken({ forceRefresh: true })).toBeUndefined()
      expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    }
  })
})

describe('oauthRefresh', () => {
  test('adds scope and parameters, and lets them replace nothing', async () => {
    const refresh = oauthRefresh({
      tokenEndpoint: new URL(TOKEN_ENDPOINT),
      clientId: 'spa',
      scope: 'a b',
      parameters: { audience: 'api', client_id: 'evil', grant_type: 'password', refresh_token: 'evil' },
    })
    const { auth, server } = await createSignedInScene({ refresh })
    await auth.getAccessToken({ forceRefresh: true })
    expect(Object.fromEntries(new URLSearchParams(await server.refreshes[0]?.body))).toEqual({
      audience: 'api',
      client_id: 'spa',
      grant_type: 'refresh_token',
      refresh_token: 'refresh-0',
      scope: 'a b',
    })
  })

  test('sends nothing without a refresh token', async () => {
    const { auth, browser, server } = await createSignedInScene({ tokens: { access_token: 'a', expires_in: 60 } })
    await browser.advance(2 * MINUTE)
    expect(await auth.getAccessToken()).toBeUndefined()
    expect(server.refreshes).toHaveLength(0)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'no-refresh-token' })
  })

  test('carries an Idempotency-Key when told to', async () => {
    const refresh = oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', idempotencyKey: true })
    const { auth, server } = await createSignedInScene({ refresh })
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    const keys = server.refreshes.map(({ request }) => request.headers.get('idempotency-key'))
    expect(new Set(keys).size).toBe(2)
  })

  test('leaves the refresh token in doubt after an answer in which there is neither token', async () => {
    const { auth, browser, server } = await createSignedInScene()
    for (const answer of [new Response(null, { status: 204 }), Response.json({ id_token: 'i' })]) {
      server.onRefresh = () => answer
      await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toBeInstanceOf(RefreshUnavailableError)
      await browser.advance(0)
      expect(browser.entry?.attempt).toMatchObject({ doubt: true })
      browser.jump(2 * MINUTE)
    }
  })

  test('takes a new refresh token from an answer without an access token', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => Response.json({ refresh_token: 'refresh-1' })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toThrow('"access_token" is missing')
    expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-1', attempt: undefined })
  })
})

describe('a refresh function of your own', () => {
  const withRefresh = (refresh: Refresh) =>
    createSignedInScene({ refresh: Object.assign(refresh, { holdsRefreshToken: true }) })

  test('is given the token, a key, a signal and the captured fetch', async () => {
    const spy = vi.fn(async (_: RefreshRequest) => tokens(1))
    const { auth, server } = await withRefresh(spy)
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
    expect(spy.mock.calls).toEqual([
      [
        {
          refreshToken: 'refresh-0',
          idempotencyKey: expect.any(String),
          signal: expect.any(AbortSignal),
          fetch: server.fetch,
        },
      ],
    ])
  })

  test('may return a Response', async () => {
    const { auth } = await withRefresh(async () => Response.json(tokens(7)))
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-7')
  })

  test('may return a Response that is a refusal, which ends the session', async () => {
    const { auth } = await withRefresh(async () => Response.json({ error: 'invalid_grant' }, { status: 400 }))
    expect(await auth.getAccessToken({ forceRefresh: true })).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('ends the session by a SessionEndedError, with its reason', async () => {
    const { auth } = await withRefresh(async () => {
      throw new SessionEndedError('reuse-detected')
    })
    expect(await auth.getAccessToken({ forceRefresh: true })).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'reuse-detected' })
  })

  test('reports by a RefreshUnavailableError that nothing was spent, and when to try again', async () => {
    let calls = 0
    const { auth, browser } = await withRefresh(async () => {
      if (calls++) return tokens(1)
      throw new RefreshUnavailableError('maintenance', { retryAt: browser.now() + 10 * MINUTE })
    })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(browser.entry?.attempt).toBeUndefined()
    await browser.advance(9 * MINUTE)
    expect(calls).toBe(1)
    await browser.advance(2 * MINUTE)
    expect(calls).toBe(2)
  })

  const oddities: [string, Refresh][] = [
    ['throws anything', () => Promise.reject(new Error('anything'))],
    ['throws a string', () => Promise.reject('anything')],
    [
      'throws at once',
      () => {
        throw new Error('synchronously')
      },
    ],
    ['returns nothing', async () => undefined as never],
    ['returns a string', async () => 'token' as never],
    ['returns a token that is none', async () => ({ access_token: 5 }) as never],
    ['returns no promise', () => 5 as never],
  ]
  test.each(oddities)('that %s leaves the token in doubt and the session alive', async (_, refresh) => {
    const { auth, browser } = await withRefresh(refresh)
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(auth.getState().status).toBe('signed-in')
    expect(browser.entry?.attempt).toMatchObject({ doubt: true })
  })

  test('that returns no access token where the client holds the tokens leaves it in doubt', async () => {
    const { auth, browser } = await withRefresh(async () => ({}))
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(browser.entry?.attempt).toMatchObject({ doubt: true })
  })

  test('may hand on the error response of the server as it parsed it', async () => {
    const { auth } = await withRefresh(async () => ({ error: 'invalid_grant' }) as never)
    expect(await auth.getAccessToken({ forceRefresh: true })).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('may return tokens without a promise', async () => {
    const { auth } = await withRefresh((() => tokens(1)) as never)
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
  })

  test('that never ends is aborted after refreshTimeout, and nobody waits longer', async () => {
    let signal: AbortSignal | undefined
    const refresh: Refresh = (request) => {
      signal = request.signal
      return new Promise(() => {})
    }
    const { auth, browser } = await createSignedInScene({ refresh, refreshTimeout: 5_000 })
    const token = auth.getAccessToken({ forceRefresh: true }).catch((error) => error)
    await browser.advance(4_999)
    expect(signal?.aborted).toBe(false)
    await browser.advance(1)
    expect(await token).toBeInstanceOf(RefreshUnavailableError)
    expect(signal?.reason).toMatchObject({ name: 'TimeoutError' })
  })

  test('whose answer comes after the time-out changes nothing', async () => {
    let answer = (_: object): void => {}
    const refresh: Refresh = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const { auth, browser } = await createSignedInScene({ refresh, refreshTimeout: 5_000 })
    void auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(5_000)
    answer({ access_token: 'late' })
    await drain()
    expect(await auth.getAccessToken()).toBe('access-0')
  })

  test('may use authFetch for its own request, for it would wait for itself otherwise', async () => {
    const endpoint = new URL('https://api.example/auth')
    const scene = createScene({
      refresh: Object.assign(async () => (await scene.auth.authFetch(endpoint, { method: 'POST' })) as Response, {
        endpoint,
      }) as Refresh,
    })
    scene.server.onCall = () => Response.json({ access_token: 'fresh' })
    expect(await scene.auth.restore()).toMatchObject({ status: 'signed-in' })
    expect(await scene.auth.getAccessToken()).toBe('fresh')
  })
})

describe('telling the server of a sign-out', () => {
  test('oauthRevocation revokes the refresh token', async () => {
    const onSignOut = oauthRevocation({ revocationEndpoint: 'https://as.example/revoke', clientId: 'spa' })
    const { auth, server } = await createSignedInScene({ onSignOut })
    await auth.signOut()
    const [sent] = server.calls
    expect(sent).toMatchObject({ url: 'https://as.example/revoke', method: 'POST', authorization: null })
    expect(Object.fromEntries(new URLSearchParams(await sent?.body))).toEqual({
      token: 'refresh-0',
      token_type_hint: 'refresh_token',
      client_id: 'spa',
    })
  })

  test('oauthRevocation has nothing to revoke without one', async () => {
    const onSignOut = oauthRevocation({ revocationEndpoint: 'https://as.example/revoke', clientId: 'spa' })
    const { auth, server } = await createSignedInScene({ onSignOut, tokens: { access_token: 'a' } })
    await auth.signOut()
    expect(server.calls).toHaveLength(0)
  })

  test('cookieSignOut posts the cookies', async () => {
    const { auth, server } = await createSignedInScene({
      refresh: cookieRefresh(ENDPOINT),
      onSignOut: cookieSignOut('https://app.example/auth/logout'),
    })
    await auth.signOut()
    expect(server.calls[0]).toMatchObject({ url: 'https://app.example/auth/logout', method: 'POST' })
    expect(server.calls[0]?.init).toMatchObject({ credentials: 'include', keepalive: true })
    expect(server.calls[0]?.request.headers.get('x-requested-with')).toBe('authfetch')
  })

  test.each([
    ['cookieSignOut', cookieSignOut('https://app.example/auth/logout')],
    ['oauthRevocation', oauthRevocation({ revocationEndpoint: 'https://as.example/revoke', clientId: 'spa' })],
  ])('%s rejects when the server does not agree', async (_, onSignOut) => {
    const { auth, server } = await createSignedInScene({ onSignOut })
    server.onCall = () => new Response('', { status: 500 })
    expect(String(await outcome(auth.signOut()))).toContain('status 500')
    expect(auth.getState().status).toBe('signed-out')
  })

  test('that never ends is given up after refreshTimeout', async () => {
    const { auth, browser } = await createSignedInScene({ onSignOut: () => new Promise(() => {}) })
    const done = auth.signOut().catch((error) => error)
    await browser.advance(30_000)
    expect(await done).toMatchObject({ name: 'TimeoutError' })
  })
})

test('the three custodies renew for a day without a caller noticing', async () => {
  const custodies = [
    { refresh: cookieRefresh(ENDPOINT), tokens: { access_token: 'access-0', expires_in: 300 } },
    { refresh: cookieRefresh(ENDPOINT), tokens: { expires_in: 300 } },
    { tokens: { ...tokens(0), expires_in: 300 } },
  ]
  for (const custody of custodies) {
    const { auth, browser, server } = await createSignedInScene(custody)
    const { access_token, refresh_token } = { refresh_token: undefined, ...custody.tokens } as Record<string, unknown>
    server.onRefresh = (nth) =>
      Response.json({
        expires_in: 300,
        ...(access_token ? { access_token: `access-${nth}` } : {}),
        ...(refresh_token ? { refresh_token: `refresh-${nth}` } : {}),
      })
    for (let hour = 0; hour < 24; hour++) {
      await browser.advance(HOUR)
      await auth.authFetch(API)
      const expected = access_token ? bearer(`access-${server.refreshes.length}`) : null
      expect(server.calls.at(-1)?.authorization).toBe(expected)
    }
    expect(server.refreshes.length).toBeGreaterThan(24 * 12)
    expect(server.refreshes.length).toBeLessThan(24 * 18)
  }
})
