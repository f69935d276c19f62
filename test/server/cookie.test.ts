// Sign-in, refresh and sign-out with the refresh token in a cookie.

import { describe, expect, test, vi } from 'vitest'
import { CSRF, cookiesOf, start } from './harness.ts'

describe('sign-in', () => {
  test('cookie custody puts the refresh token in a cookie for the path of the authorization server', async () => {
    const { signIn } = await start()
    const { status, headers, body } = await signIn('cookie')
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in'])
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Secure-refresh=[\w-]{43}; Path=\/auth; Max-Age=1209600; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ])
  })

  test('client custody puts both tokens in the body and sets no cookie', async () => {
    const { signIn } = await start()
    const { headers, body } = await signIn('client')
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token'])
    expect(headers.getSetCookie()).toEqual([])
  })

  test('cookie-only custody puts both tokens in cookies and tells the lifetime', async () => {
    const { signIn } = await start()
    const { headers, body } = await signIn('cookie-only')
    expect(body).toEqual({ expires_in: 300 })
    expect(headers.getSetCookie().map((cookie) => cookie.replace(/=[^;]+/, ''))).toEqual([
      '__Secure-refresh; Path=/auth; Max-Age=1209600; HttpOnly; SameSite=Strict; Secure',
      '__Secure-access; Path=/api; Max-Age=300; HttpOnly; SameSite=Strict; Secure',
    ])
  })

  test('cookies without Secure lose their prefix too', async () => {
    const { signIn } = await start({ secureCookies: false })
    expect((await signIn('cookie')).headers.getSetCookie()[0]).toMatch(/^refresh=[^;]+; .*SameSite=Strict$/)
  })

  test.each([
    ['a wrong password', { password: 'wrong' }, 401, 'access_denied'],
    ['no user', { user: '' }, 400, 'invalid_request'],
    ['an unknown custody', { custody: 'toString' }, 400, 'invalid_request'],
  ])('%s is refused', async (_, more, status, error) => {
    const { signIn, demo } = await start()
    const answer = await signIn('cookie', more)
    expect([answer.status, answer.body.error, answer.headers.getSetCookie()]).toEqual([status, error, []])
    expect(demo.store.sessions()).toEqual([])
  })

  test('a body that is no JSON, or too large, is refused', async () => {
    const { call } = await start()
    const post = { method: 'POST' }
    expect((await call('/auth/sign-in', { ...post, form: { user: 'alice' } })).status).toBe(400)
    expect((await call('/auth/sign-in', { json: { user: 'a'.repeat(2_000_000) } })).status).toBe(413)
  })
})

describe('refresh', () => {
  test.each(['cookie', 'cookie-only'] as const)('in %s custody it answers as the sign-in did', async (custody) => {
    const { signIn, refresh } = await start()
    const signedIn = await signIn(custody)
    const { status, headers, body } = await refresh(cookiesOf(signedIn))
    expect([status, Object.keys(body)]).toEqual([200, Object.keys(signedIn.body)])
    expect(headers.getSetCookie()).toHaveLength(signedIn.headers.getSetCookie().length)
    expect(headers.getSetCookie()).not.toEqual(signedIn.headers.getSetCookie())
  })

  test('without a cookie it is refused with 401', async () => {
    const { refresh } = await start()
    const { status, body } = await refresh('')
    expect([status, body.error]).toEqual([401, 'invalid_grant'])
  })

  test('a refusal never touches the cookie', async () => {
    const { signIn, refresh } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    await refresh(cookie)
    const { status, headers, body } = await refresh(cookie)
    expect([status, body.error_code]).toEqual([401, 'refresh_token_reused'])
    expect(headers.getSetCookie()).toEqual([])
  })

  test.each([
    ['without the custom header', { 'X-Requested-With': '' }],
    ['from a foreign origin', { Origin: 'https://evil.example' }],
    ['from an opaque origin', { Origin: 'null' }],
    ['from another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a sibling origin', { 'Sec-Fetch-Site': 'same-site' }],
  ])('a request %s is refused and spends nothing', async (_, headers) => {
    const { signIn, refresh, call, demo } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    expect((await refresh(cookie, headers as Record<string, string>)).status).toBe(403)
    const signOut = await call('/auth/sign-out', { method: 'POST', headers: { ...CSRF, Cookie: cookie, ...headers } })
    expect(signOut.status).toBe(403)
    expect(demo.stats.refreshesRefused).toBe(0)
    expect((await refresh(cookie)).status).toBe(200)
  })

  test('a request of the own origin or an allowed one is granted', async () => {
    const { signIn, refresh, origin } = await start({ origins: ['https://app.example'] })
    const first = await refresh(cookiesOf(await signIn('cookie')), { Origin: origin, 'Sec-Fetch-Site': 'same-origin' })
    expect(first.status).toBe(200)
    expect((await refresh(cookiesOf(first), { Origin: 'https://app.example' })).status).toBe(200)
  })

  test('a foreign page can sign nobody in', async () => {
    const { call, demo } = await start()
    const body = { json: { user: 'mallory', custody: 'cookie' } }
    const headers = { Origin: 'https://evil.example', 'Content-Type': 'text/plain' }
    expect((await call('/auth/sign-in', { ...body, headers })).status).toBe(403)
    expect(demo.store.sessions()).toEqual([])
  })

  test.each(['/auth/refresh', '/oauth/token'])('a probe of %s counts nothing and spends no fault', async (path) => {
    const { call, demo } = await start()
    demo.faults.push({ at: 'refresh', kind: 'unavailable', times: 1 })
    expect((await call(path, { method: 'HEAD' })).status).toBe(204)
    expect((await call(path)).status).toBe(405)
    expect(demo.stats).toMatchObject({ refreshesGranted: 0, refreshesRefused: 0 })
    expect(demo.faults).toHaveLength(1)
  })
})

describe('sign-out', () => {
  const signOut = (cookie: string) => ({ method: 'POST', headers: { ...CSRF, Cookie: cookie } })

  test('it revokes the session and clears all cookies, with no access token at hand', async () => {
    const { signIn, call, refresh, demo } = await start()
    const cookie = cookiesOf(await signIn('cookie-only'))
    const { status, headers } = await call('/auth/sign-out', signOut(cookie))
    expect(status).toBe(200)
    expect(headers.getSetCookie()).toEqual([
      '__Secure-refresh=; Path=/auth; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
      '__Secure-access=; Path=/api; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
      '__Secure-access=; Path=/reports; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
    ])
    expect((await refresh(cookie)).body).not.toHaveProperty('error_code')
    expect(demo.store.sessions()).toMatchObject([{ status: 'revoked', revokedFor: 'sign-out' }])
  })

  test('twice, with an unknown cookie or with none, it is as good', async () => {
    const { signIn, call } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    const cookies = [cookie, cookie, '__Secure-refresh=unknown', '']
    const answers = await Promise.all(cookies.map((one) => call('/auth/sign-out', signOut(one))))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('a late one, with a spent refresh token, still ends the session', async () => {
    const { signIn, call, refresh, demo } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    const newer = cookiesOf(await refresh(cookie))
    await call('/auth/sign-out', signOut(cookie))
    expect((await refresh(newer)).status).toBe(401)
    expect(demo.stats.reusesDetected).toBe(0)
  })
})

test('nothing is logged, whatever is refused', async () => {
  const methods = ['log', 'info', 'warn', 'error', 'debug'] as const
  const spies = methods.map((method) => vi.spyOn(console, method).mockImplementation(() => {}))
  const { signIn, refresh, exchange, call, api } = await start()
  const cookie = cookiesOf(await signIn('cookie'))
  await refresh(cookie)
  await refresh(cookie)
  await exchange('unknown')
  await api('unknown')
  await call('/admin/%zz', { method: 'POST' })
  await call('/auth/sign-in', { method: 'POST' })
  const calls = spies.flatMap((spy) => spy.mock.calls)
  for (const spy of spies) spy.mockRestore()
  expect(calls).toEqual([])
})
