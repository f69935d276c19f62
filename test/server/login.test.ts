// Signing in by redirect at the reference server (RFC 6749 section 4.1, RFC 7636, RFC 9207).

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Harness, start } from './harness.ts'

const VERIFIER = 'v'.repeat(43)
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

function query(origin: string, change: Record<string, string> = {}): string {
  const asked = {
    response_type: 'code',
    client_id: 'demo',
    redirect_uri: `${origin}/callback`,
    state: 'state-1',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  }
  return String(new URLSearchParams({ ...asked, ...change }))
}

/** What the user says on the login page, and where that leads. */
async function decide({ origin }: Harness, form: Record<string, string>): Promise<URL> {
  const url = `${origin}/oauth/authorize?${query(origin)}`
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  expect(response.status).toBe(303)
  return new URL(response.headers.get('Location') ?? '')
}

async function codeOf(harness: Harness): Promise<string> {
  return (await decide(harness, { user: 'bob', decision: 'allow' })).searchParams.get('code') ?? ''
}

const exchange = ({ origin, call }: Harness, code: string, change: Record<string, string> = {}) =>
  call('/oauth/token', {
    form: {
      grant_type: 'authorization_code',
      client_id: 'demo',
      redirect_uri: `${origin}/callback`,
      code,
      code_verifier: VERIFIER,
      ...change,
    },
  })

test('the metadata names the issuer and its endpoints', async () => {
  const { call, origin } = await start()
  expect((await call('/oauth/.well-known/openid-configuration')).body).toMatchObject({
    issuer: `${origin}/oauth`,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
  })
})

describe('the login page', () => {
  test('is a form that no other page can frame', async () => {
    const { call, origin } = await start()
    const { status, headers, text } = await call(`/oauth/authorize?${query(origin)}`)
    expect([status, headers.get('Content-Security-Policy')]).toEqual([200, "frame-ancestors 'none'"])
    expect(text).toContain('<form method="post">')
  })

  test.each([
    ['an unknown client', { client_id: 'other' }],
    ['an address elsewhere', { redirect_uri: 'https://evil.example/' }],
    ['no address', { redirect_uri: '' }],
    ['another response type', { response_type: 'token' }],
    ['no PKCE', { code_challenge: '' }],
    ['PKCE in plain text', { code_challenge_method: 'plain' }],
  ])('leads nowhere for %s', async (_, change) => {
    const { call, origin } = await start()
    const { status, body } = await call(`/oauth/authorize?${query(origin, change)}`)
    expect([status, body.error]).toEqual([400, 'invalid_request'])
  })

  test('takes no answer from a foreign page', async () => {
    const { call, origin } = await start()
    const headers = { Origin: 'https://evil.example' }
    const { status } = await call(`/oauth/authorize?${query(origin)}`, { form: { user: 'bob' }, headers })
    expect(status).toBe(403)
  })

  test('leads back with a code, the state and the issuer, or with an error', async () => {
    const harness = await start()
    const back = await decide(harness, { user: 'bob', decision: 'allow' })
    expect(back.pathname).toBe('/callback')
    expect(Object.fromEntries(back.searchParams)).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'state-1',
      iss: `${harness.origin}/oauth`,
    })
    const refused = await decide(harness, { user: 'bob', decision: 'deny' })
    expect(refused.searchParams.get('error')).toBe('access_denied')
    expect(refused.searchParams.has('code')).toBe(false)
  })
})

describe('a code', () => {
  test('is exchanged for the tokens of a session', async () => {
    const harness = await start()
    const { status, body } = await exchange(harness, await codeOf(harness))
    expect(status).toBe(200)
    expect((await harness.api(body.access_token)).body.subject).toBe('bob')
    expect((await harness.exchange(body.refresh_token)).status).toBe(200)
  })

  test('is good for one use', async () => {
    const harness = await start()
    const code = await codeOf(harness)
    await exchange(harness, code)
    expect((await exchange(harness, code)).body.error).toBe('invalid_grant')
  })

  test.each([
    ['another verifier', { code_verifier: 'w'.repeat(43) }],
    ['another address', { redirect_uri: 'https://evil.example/' }],
    ['another code', { code: 'guessed' }],
  ])('is refused with %s', async (_, change) => {
    const harness = await start()
    const { status, body } = await exchange(harness, await codeOf(harness), change)
    expect([status, body.error]).toEqual([400, 'invalid_grant'])
  })
})
