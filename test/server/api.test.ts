// The protected API: challenges, cookies, revocation, renewal.

import { createHash, createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { cookiesOf, start } from './harness.ts'

const challengeOf = ({ headers }: { headers: Headers }) => headers.get('WWW-Authenticate')

describe('access tokens', () => {
  test('they are signed JWTs with a lifetime and an id of their own', async () => {
    const { signIn, exchange } = await start({ accessLifetime: 2 })
    const { body } = await signIn('client')
    const claims = decodeJwt(body.access_token)
    expect(decodeProtectedHeader(body.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt' })
    expect(claims).toEqual({
      iss: expect.any(String),
      aud: 'api',
      sub: 'alice',
      sid: expect.any(String),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: (claims.iat as number) + 2,
    })
    const next = decodeJwt((await exchange(body.refresh_token)).body.access_token)
    expect(next.sid).toBe(claims.sid)
    expect(next.jti).not.toBe(claims.jti)
  })

  test('the lifetime can change while the server runs', async () => {
    const { signIn, demo } = await start({ accessLifetime: 60 })
    demo.settings.accessLifetime = 1
    expect((await signIn('client')).body.expires_in).toBe(1)
  })

  test('a server whose clock is ahead says so in its tokens and its Date', async () => {
    const { signIn } = await start({ clockOffset: 600_000 })
    const before = Date.now()
    const { headers, body } = await signIn('client')
    expect(Date.parse(headers.get('Date') as string)).toBeGreaterThanOrEqual(before + 599_000)
    expect(decodeJwt(body.access_token).iat).toBeGreaterThanOrEqual(Math.floor(before / 1000) + 600)
  })

  test('one lives as long as it was promised, and no longer than a second more', async () => {
    const { signIn, api, demo } = await start({ accessLifetime: 60 })
    const { body } = await signIn('client')
    const issuedAt = (decodeJwt(body.access_token).iat as number) * 1000
    const at = async (time: number) => {
      demo.settings.clockOffset = time - Date.now()
      return (await api(body.access_token)).status
    }
    expect(await at(issuedAt + 60_000)).toBe(200)
    expect(await at(issuedAt + 61_000)).toBe(401)
  })
})

describe('challenges', () => {
  test('without a token there is no error to name', async () => {
    const { call } = await start()
    const answer = await call('/api/me')
    expect([answer.status, challengeOf(answer)]).toEqual([401, 'Bearer realm="demo"'])
  })

  test('another scheme is no token', async () => {
    const { call } = await start()
    const answer = await call('/api/me', { headers: { Authorization: 'Basic YTpi' } })
    expect([answer.status, challengeOf(answer)]).toEqual([401, 'Bearer realm="demo"'])
  })

  test('an expired token is called expired', async () => {
    const { signIn, api, demo } = await start({ accessLifetime: 1 })
    const { body } = await signIn('client')
    demo.settings.clockOffset = 5_000
    expect(challengeOf(await api(body.access_token))).toBe(
      'Bearer realm="demo", error="invalid_token", error_description="the access token has expired"',
    )
  })

  test('a forged token is refused, whatever its algorithm', async () => {
    const { signIn, api } = await start()
    const { access_token: good } = (await signIn('client')).body
    const [header, payload] = good.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const symmetric = `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${payload}`
    const pem = createPublicKey(other.privateKey).export({ type: 'spki', format: 'pem' })
    const forged = [
      'rubbish',
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${symmetric}.${createHmac('sha256', pem).update(symmetric).digest('base64url')}`,
      `${header}.${encode({ ...decodeJwt(good), sub: 'mallory' })}.${good.split('.')[2]}`,
      `${header}.${payload}.${createHash('sha512').update(payload).digest('base64url')}`,
      await new SignJWT(decodeJwt(good)).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' }).sign(other.privateKey),
    ]
    const answers = await Promise.all(forged.map((token) => api(token)))
    for (const answer of answers) {
      expect([answer.status, challengeOf(answer)]).toEqual([401, expect.stringContaining('error="invalid_token"')])
    }
    expect((await api(good)).status).toBe(200)
  })

  test('an error that a refresh cannot fix is named', async () => {
    const { signIn, api } = await start()
    const { body } = await signIn('client')
    const scope = await api(body.access_token, '/api/admin-only')
    expect([scope.status, challengeOf(scope)]).toEqual([403, expect.stringContaining('error="insufficient_scope"')])
    const stepUp = await api(body.access_token, '/api/transfer')
    expect([stepUp.status, challengeOf(stepUp)]).toEqual([
      401,
      expect.stringContaining('error="insufficient_user_authentication"'),
    ])
  })
})

describe('requests', () => {
  test.each(['GET', 'POST', 'PUT'])('%s /api/me tells whose token it is', async (method) => {
    const { signIn, api } = await start()
    const { body } = await signIn('client')
    const answer = await api(body.access_token, '/api/me', { method })
    const session = decodeJwt(body.access_token).sid
    expect(answer.body).toEqual({ subject: 'alice', session, audience: 'api' })
  })

  test('the echo shows the request without its credentials', async () => {
    const { signIn, call } = await start()
    const cookie = cookiesOf(await signIn('cookie-only'))
    const headers = { 'X-Test': 'yes', Cookie: cookie }
    const { text, body } = await call('/api/echo?q', { method: 'PUT', json: { a: 1 }, headers })
    expect(body).toMatchObject({ method: 'PUT', body: '{"a":1}', bytes: 7, headers: { 'x-test': 'yes' } })
    expect(text).not.toContain('__Secure')
  })

  test('a status is answered as asked, with a challenge for 401', async () => {
    const { signIn, api, demo } = await start()
    const { access_token: token } = (await signIn('client')).body
    const answers = await Promise.all([204, 401, 418, 503].map((status) => api(token, `/api/status/${status}`)))
    expect(answers.map(({ status }) => status)).toEqual([204, 401, 418, 503])
    expect(answers.map((answer) => challengeOf(answer) !== null)).toEqual([false, true, false, false])
    expect((await api(token, '/api/status/101')).status).toBe(404)
    expect(demo.stats.apiCalls).toEqual({ 204: 1, 401: 1, 418: 1, 503: 1, 404: 1 })
  })

  test('the stream is sent as server-sent events', async () => {
    const { signIn, api } = await start()
    const { headers, text } = await api((await signIn('client')).body.access_token, '/api/stream')
    expect(headers.get('Content-Type')).toBe('text/event-stream')
    expect(text).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n')
  })
})

describe('the access cookie', () => {
  test('it counts as the token of requests from the own page', async () => {
    const { signIn, call, origin } = await start()
    const Cookie = cookiesOf(await signIn('cookie-only'))
    expect((await call('/api/me', { headers: { Cookie } })).status).toBe(200)
    expect((await call('/api/me', { method: 'POST', headers: { Cookie, Origin: origin } })).status).toBe(200)
  })

  test('it counts for nothing in requests of other pages', async () => {
    const { signIn, call } = await start()
    const Cookie = cookiesOf(await signIn('cookie-only'))
    const headers = { Cookie, Origin: 'http://localhost:1' }
    expect((await call('/api/me', { method: 'POST', headers })).status).toBe(401)
  })
})

describe('revocation', () => {
  test('what was issued lives until it expires', async () => {
    const { signIn, exchange, api, demo } = await start()
    const { body } = await signIn('client')
    demo.revoke(String(decodeJwt(body.access_token).sid))
    expect((await api(body.access_token)).status).toBe(200)
    expect((await exchange(body.refresh_token)).status).toBe(400)
  })

  test.each(['administrator', 'sign-out', 'reuse'])(
    'with a denylist, access ends with the session: %s',
    async (end) => {
      const { signIn, exchange, api, call, demo } = await start({ denylist: true })
      const { body } = await signIn('client')
      const { access_token: other } = (await signIn('client')).body
      if (end === 'administrator') demo.revoke(String(decodeJwt(body.access_token).sid))
      if (end === 'sign-out') await call('/oauth/revoke', { form: { token: body.refresh_token } })
      if (end === 'reuse') await Promise.all([exchange(body.refresh_token), exchange(body.refresh_token)])
      const answer = await api(body.access_token)
      expect([answer.status, challengeOf(answer)]).toEqual([401, expect.stringContaining('the session was revoked')])
      expect((await api(other)).status).toBe(200)
    },
  )
})

describe('renewal in ordinary answers', () => {
  const RENEWED = 'X-Renewed-Token'

  test('a token past half of its life is renewed, a younger one is not', async () => {
    const { signIn, api, demo } = await start({ renewInResponse: true, accessLifetime: 60 })
    const { access_token: token } = (await signIn('client')).body
    expect((await api(token)).headers.has(RENEWED)).toBe(false)
    demo.settings.clockOffset = 40_000
    const renewed = (await api(token)).headers.get(RENEWED) as string
    demo.settings.clockOffset = 80_000
    expect([(await api(token)).status, (await api(renewed)).status]).toEqual([401, 200])
  })

  test('a revoked session gets nothing', async () => {
    const { signIn, api, demo } = await start({ renewInResponse: true, accessLifetime: 60 })
    const { access_token: token } = (await signIn('client')).body
    demo.revoke(String(decodeJwt(token).sid))
    demo.settings.clockOffset = 40_000
    const answer = await api(token)
    expect([answer.status, answer.headers.has(RENEWED)]).toEqual([200, false])
  })
})
