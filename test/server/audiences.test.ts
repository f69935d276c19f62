// The second API: access tokens of its own, from the session's one chain of refresh tokens.

import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { cookiesOf, start } from './harness.ts'

const REPORTS = '/reports/summary'
const FOR_ANOTHER = 'error_description="the access token is for another API"'

describe('the client holds its tokens', () => {
  test('a refresh that names an audience brings a token for that API, and each API refuses the token of the other', async () => {
    const { signIn, exchange, api } = await start()
    const { body: own } = await signIn('client')
    const { body: reports } = await exchange(own.refresh_token, {}, 'reports')
    expect(decodeJwt(reports.access_token).aud).toBe('reports')
    const answer = await api(reports.access_token, REPORTS)
    expect([answer.status, answer.body.audience]).toEqual([200, 'reports'])
    for (const [token, path] of [
      [reports.access_token, '/api/me'],
      [own.access_token, REPORTS],
    ]) {
      const refused = await api(token, path)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('WWW-Authenticate')).toContain(FOR_ANOTHER)
    }
  })

  test('there is one chain: each refresh token is spent once, and the server knows whose access token came with it', async () => {
    const { signIn, exchange, demo } = await start()
    const { body: first } = await signIn('client')
    const { body: second } = await exchange(first.refresh_token, {}, 'reports')
    const { body: third } = await exchange(second.refresh_token)
    expect(decodeJwt(third.access_token).aud).toBe('api')
    expect(demo.store.sessions()[0]?.tokens.map(({ audience }) => audience)).toEqual(['api', 'reports', 'api'])
    expect((await exchange(first.refresh_token, {}, 'reports')).body.error_code).toBe('refresh_token_reused')
  })

  test('an audience that is not granted is denied before the refresh token is looked at', async () => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    const denied = await exchange(body.refresh_token, {}, 'billing')
    expect([denied.status, denied.body.error]).toEqual([400, 'invalid_target'])
    expect((await exchange(body.refresh_token)).status).toBe(200)
  })

  test('a replay is for the audience that was asked for at first', async () => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    const key = { 'Idempotency-Key': 'one' }
    await exchange(body.refresh_token, key, 'reports')
    const again = await exchange(body.refresh_token, key)
    expect(decodeJwt(again.body.access_token).aud).toBe('reports')
  })
})

describe('tokens are in cookies', () => {
  test('a refresh by cookie names the audience in its body', async () => {
    const { signIn, refresh, api } = await start()
    const answer = await refresh(cookiesOf(await signIn('cookie')), {}, 'reports')
    expect((await api(answer.body.access_token, REPORTS)).status).toBe(200)
    const denied = await refresh(cookiesOf(answer), {}, 'billing')
    expect([denied.status, denied.body.error]).toEqual([400, 'invalid_target'])
  })

  test('the access token of each API is a cookie of its own, and both are gone after a sign-out', async () => {
    const { signIn, refresh, call } = await start()
    const answer = await refresh(cookiesOf(await signIn('cookie-only')), {}, 'reports')
    const cookie = answer.headers.getSetCookie().find((one) => one.includes('Path=/reports')) ?? ''
    const Cookie = cookie.split(';')[0] ?? ''
    expect((await call(REPORTS, { headers: { Cookie } })).status).toBe(200)
    expect((await call('/api/me', { headers: { Cookie } })).status).toBe(401)
    const headers = { 'X-Requested-With': 'authfetch', Cookie: cookiesOf(answer) }
    const out = await call('/auth/sign-out', { method: 'POST', headers })
    const expired = out.headers.getSetCookie().filter((one) => one.includes('Max-Age=0'))
    for (const path of ['/auth', '/api', '/reports'])
      expect(expired.some((one) => one.includes(`Path=${path};`))).toBe(true)
  })
})
