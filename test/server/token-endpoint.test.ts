// The token endpoint (RFC 6749 section 6) and the revocation endpoint (RFC 7009).

import { describe, expect, test } from 'vitest'
import { cookiesOf, start } from './harness.ts'

describe('the token endpoint', () => {
  const good = { grant_type: 'refresh_token', client_id: 'demo', refresh_token: 'unknown' }

  test.each([
    ['no grant type', { ...good, grant_type: '' }, 'invalid_request'],
    ['another grant type', { ...good, grant_type: 'password' }, 'unsupported_grant_type'],
    ['an unknown client', { ...good, client_id: 'other' }, 'invalid_client'],
    ['no refresh token', { ...good, refresh_token: '' }, 'invalid_request'],
    ['an unknown refresh token', good, 'invalid_grant'],
  ])('%s is an error of section 5.2', async (_, form, error) => {
    const { call } = await start()
    const { status, headers, body } = await call('/oauth/token', { form })
    expect([status, body.error, headers.get('Cache-Control')]).toEqual([400, error, 'no-store'])
  })

  test('a JSON body is refused', async () => {
    const { call } = await start()
    const { status, body } = await call('/oauth/token', { json: good })
    expect([status, body.error]).toEqual([400, 'invalid_request'])
  })

  test('a refresh token from a cookie is unknown here, and stays unspent', async () => {
    const { signIn, exchange, refresh } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    expect((await exchange(cookie.split('=')[1] as string)).body.error).toBe('invalid_grant')
    expect((await refresh(cookie)).status).toBe(200)
  })

  test('a refresh token of a client is unknown to the cookie endpoint', async () => {
    const { signIn, exchange, refresh } = await start()
    const { body } = await signIn('client')
    expect((await refresh(`__Secure-refresh=${body.refresh_token}`)).status).toBe(401)
    expect((await exchange(body.refresh_token)).status).toBe(200)
  })
})

describe('revocation', () => {
  test('it ends the session of the token', async () => {
    const { signIn, exchange, call } = await start()
    const { body } = await signIn('client')
    expect((await call('/oauth/revoke', { form: { token: body.refresh_token } })).status).toBe(200)
    const refused = await exchange(body.refresh_token)
    expect(refused.body.error).toBe('invalid_grant')
    expect(refused.body).not.toHaveProperty('error_code')
  })

  test('an unknown token is as good as a revoked one', async () => {
    const { call } = await start()
    expect((await call('/oauth/revoke', { form: { token: 'unknown' } })).status).toBe(200)
  })
})
