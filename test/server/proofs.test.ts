// Bound tokens at the demo server (RFC 9449): what a copied token is worth without its key, and proofs that are refused.

import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDemoServer } from '../../demo/server/server.ts'
import { type Harness, start } from './harness.ts'

interface Terms {
  readonly header?: object
  readonly claims?: object
  readonly accessToken?: string
}

async function createKey() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    privateKey,
    jkt: await calculateJwkThumbprint(jwk),
    /** The header of a request with a proof. */
    async prove(htm: string, htu: string, { header, claims, accessToken }: Terms = {}) {
      const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url')
      const payload = {
        htm,
        htu,
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        ...(ath && { ath }),
        ...claims,
      }
      const protectedHeader = { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header }
      return { DPoP: await new SignJWT(payload).setProtectedHeader(protectedHeader).sign(privateKey) }
    },
  }
}

type Key = Awaited<ReturnType<typeof createKey>>

/** A session whose tokens are bound. */
async function startBound(options?: Parameters<typeof start>[0]) {
  const harness = await start(options)
  const key = await createKey()
  const { body } = await signInWith(harness, key)
  const tokenEndpoint = `${harness.origin}/oauth/token`
  return { ...harness, key, body, tokenEndpoint }
}

async function signInWith({ call, origin }: Harness, key: Key) {
  const headers = await key.prove('POST', `${origin}/auth/sign-in`)
  return call('/auth/sign-in', { json: { user: 'alice', device: 'laptop', custody: 'client' }, headers })
}

describe('the token endpoint', () => {
  test('a sign-in with a proof binds both tokens to its key, and so does each refresh', async () => {
    const { key, body, exchange, tokenEndpoint, demo } = await startBound()
    expect(body.token_type).toBe('DPoP')
    expect(decodeJwt(body.access_token).cnf).toEqual({ jkt: key.jkt })
    const next = await exchange(body.refresh_token, await key.prove('POST', tokenEndpoint))
    expect([next.status, next.body.token_type]).toEqual([200, 'DPoP'])
    expect(decodeJwt(next.body.access_token).cnf).toEqual({ jkt: key.jkt })
    expect(demo.store.sessions()[0]?.jkt).toBe(key.jkt)
  })

  test('a copied refresh token is refused without the key and with another key, and neither spends it', async () => {
    const { key, body, exchange, tokenEndpoint, demo } = await startBound()
    const bare = await exchange(body.refresh_token)
    expect([bare.status, bare.body.error]).toEqual([400, 'invalid_dpop_proof'])
    const other = await exchange(body.refresh_token, await (await createKey()).prove('POST', tokenEndpoint))
    expect([other.status, other.body.error]).toEqual([400, 'invalid_grant'])
    expect((await exchange(body.refresh_token, await key.prove('POST', tokenEndpoint))).status).toBe(200)
    expect(demo.stats.reusesDetected).toBe(0)
  })

  test('a spent refresh token raises no alarm without the key, and does with it', async () => {
    const { key, body, exchange, tokenEndpoint, demo } = await startBound()
    await exchange(body.refresh_token, await key.prove('POST', tokenEndpoint))
    await exchange(body.refresh_token, await (await createKey()).prove('POST', tokenEndpoint))
    await exchange(body.refresh_token)
    expect(demo.stats.reusesDetected).toBe(0)
    await exchange(body.refresh_token, await key.prove('POST', tokenEndpoint))
    expect(demo.stats.reusesDetected).toBe(1)
  })

  test('without a proof the tokens are bound to nothing', async () => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    expect(body.token_type).toBe('Bearer')
    expect((await exchange(body.refresh_token)).body.token_type).toBe('Bearer')
  })

  test.each<[string, string, (endpoint: string) => [string, string, Terms]]>([
    ['another method', 'another method', (endpoint) => ['GET', endpoint, {}]],
    ['another address', 'another address', (endpoint) => ['POST', `${endpoint}/other`, {}]],
    ['a time long ago', 'another time', (endpoint) => ['POST', endpoint, { claims: { iat: 0 } }]],
    ['no time', 'another time', (endpoint) => ['POST', endpoint, { claims: { iat: undefined } }]],
    ['no id', 'no jti', (endpoint) => ['POST', endpoint, { claims: { jti: undefined } }]],
    ['another type', 'is wrong', (endpoint) => ['POST', endpoint, { header: { typ: 'JWT' } }]],
  ])('a proof for %s is refused', async (_, problem, termsFor) => {
    const { key, body, exchange, tokenEndpoint } = await startBound()
    const refused = await exchange(body.refresh_token, await key.prove(...termsFor(tokenEndpoint)))
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_dpop_proof'])
    expect(refused.body.error_description).toContain(problem)
  })

  test('a proof whose signature is of another key is refused', async () => {
    const { key, body, exchange, tokenEndpoint } = await startBound()
    const { DPoP: own } = await key.prove('POST', tokenEndpoint)
    const { DPoP: foreign } = await (await createKey()).prove('POST', tokenEndpoint)
    const mixed = [...own.split('.').slice(0, 2), foreign.split('.')[2]].join('.')
    expect((await exchange(body.refresh_token, { DPoP: mixed })).body.error).toBe('invalid_dpop_proof')
  })

  test('a proof is good once', async () => {
    const { key, body, exchange, tokenEndpoint } = await startBound()
    const proof = await key.prove('POST', tokenEndpoint)
    const next = await exchange(body.refresh_token, proof)
    expect((await exchange(next.body.refresh_token, proof)).body.error).toBe('invalid_dpop_proof')
  })

  test('a request that the browser sends twice by itself, with one Idempotency-Key, gets the first answer again', async () => {
    const { key, body, exchange, tokenEndpoint, demo } = await startBound()
    const headers = { ...(await key.prove('POST', tokenEndpoint)), 'Idempotency-Key': 'one' }
    const first = await exchange(body.refresh_token, headers)
    const again = await exchange(body.refresh_token, headers)
    expect([again.status, again.body.refresh_token]).toEqual([200, first.body.refresh_token])
    const other = await exchange(body.refresh_token, { ...headers, 'Idempotency-Key': 'two' })
    expect(other.body.error).toBe('invalid_dpop_proof')
    expect(demo.stats).toMatchObject({ refreshesGranted: 1, refreshesReplayed: 1, reusesDetected: 0 })
  })

  test('the time of a proof is compared with the clock of the server', async () => {
    const { signIn, origin, demo, call } = await start({ clockOffset: 600_000 })
    await signIn('client')
    const key = await createKey()
    const refused = await signInWith({ call, origin } as Harness, key)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_dpop_proof'])
    demo.settings.clockOffset = 299_000
    expect((await signInWith({ call, origin } as Harness, key)).status).toBe(200)
  })
})

describe('the code of the login page', () => {
  const VERIFIER = 'v'.repeat(43)

  /** Exchanges a code that was asked for with a key named, or none. */
  async function exchangeWith({ call, origin }: Harness, jkt: string | undefined, shown: Key) {
    const asked = new URLSearchParams({
      response_type: 'code',
      client_id: 'demo',
      redirect_uri: `${origin}/callback`,
      code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      code_challenge_method: 'S256',
      ...(jkt !== undefined && { dpop_jkt: jkt }),
    })
    const body = new URLSearchParams({ user: 'alice', decision: 'allow' })
    const decided = await fetch(`${origin}/oauth/authorize?${asked}`, { method: 'POST', body, redirect: 'manual' })
    const code = new URL(decided.headers.get('Location') ?? '').searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', client_id: 'demo', redirect_uri: `${origin}/callback` }
    const headers = await shown.prove('POST', `${origin}/oauth/token`)
    return call('/oauth/token', { form: { ...form, code, code_verifier: VERIFIER }, headers })
  }

  test('is good for the key that it was asked for with, and for no other', async () => {
    const harness = await start()
    const key = await createKey()
    const { status, body } = await exchangeWith(harness, key.jkt, key)
    expect([status, body.token_type]).toEqual([200, 'DPoP'])
    const refused = await exchangeWith(harness, key.jkt, await createKey())
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    expect((await exchangeWith(harness, undefined, key)).body.token_type).toBe('DPoP')
  })
})

describe('the API', () => {
  const callWith = async (
    { call, origin }: Harness,
    accessToken: string,
    headers: Readonly<Record<string, string>> = {},
    scheme = 'DPoP',
    path = '/api/me',
  ) => call(new URL(path, origin).pathname, { headers: { Authorization: `${scheme} ${accessToken}`, ...headers } })

  test('a bound token is good with a proof for this request; its query is no part of the address', async () => {
    const { key, body, ...harness } = await startBound()
    const proof = await key.prove('GET', `${harness.origin}/api/me`, { accessToken: body.access_token })
    const { status, body: me } = await harness.call('/api/me?page=1', {
      headers: { Authorization: `DPoP ${body.access_token}`, ...proof },
    })
    expect([status, me.subject]).toEqual([200, 'alice'])
  })

  test('a bound token is no bearer token, and a bearer token is not bound', async () => {
    const { key, body, ...harness } = await startBound()
    const proof = await key.prove('GET', `${harness.origin}/api/me`, { accessToken: body.access_token })
    const bearer = await callWith(harness, body.access_token, proof, 'Bearer')
    expect([bearer.status, bearer.headers.get('WWW-Authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Bearer .*invalid_token.*bound to a key/),
    ])
    const unbound = (await harness.signIn('client')).body.access_token
    const own = await key.prove('GET', `${harness.origin}/api/me`, { accessToken: unbound })
    expect((await callWith(harness, unbound, own)).headers.get('WWW-Authenticate')).toContain('invalid_token')
    expect((await callWith(harness, unbound, {}, 'Bearer')).status).toBe(200)
  })

  test.each<[string, string, (key: Key, origin: string, accessToken: string) => Promise<Record<string, string>>]>([
    ['no proof', 'missing', async () => ({})],
    ['a proof without ath', 'another access token', (key, origin) => key.prove('GET', `${origin}/api/me`)],
    [
      'a proof for another token',
      'another access token',
      (key, origin) => key.prove('GET', `${origin}/api/me`, { accessToken: 'other' }),
    ],
    [
      'a proof for another address',
      'another address',
      (key, origin, accessToken) => key.prove('GET', `${origin}/api/echo`, { accessToken }),
    ],
    [
      'a proof of another key',
      'another key',
      async (_, origin, accessToken) => (await createKey()).prove('GET', `${origin}/api/me`, { accessToken }),
    ],
  ])('%s is refused, with a challenge that says why', async (_, problem, headersFor) => {
    const { key, body, ...harness } = await startBound()
    const headers = await headersFor(key, harness.origin, body.access_token)
    const refused = await callWith(harness, body.access_token, headers)
    expect(refused.status).toBe(401)
    const challenge = refused.headers.get('WWW-Authenticate')
    expect(challenge).toMatch(/^DPoP realm="demo", algs="ES256", error="invalid_dpop_proof"/)
    expect(challenge).toContain(problem)
  })

  test('a proof is good once', async () => {
    const { key, body, ...harness } = await startBound()
    const proof = await key.prove('GET', `${harness.origin}/api/me`, { accessToken: body.access_token })
    expect((await callWith(harness, body.access_token, proof)).status).toBe(200)
    expect((await callWith(harness, body.access_token, proof)).headers.get('WWW-Authenticate')).toContain('used before')
  })
})

test('sessions of a file from before there were bound tokens go on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'demo.sqlite')
  const first = await createDemoServer({ file })
  const { refreshToken } = first.store.createFamily('alice', 'laptop', 'client')
  await first.close()
  const database = new DatabaseSync(file)
  database.exec('ALTER TABLE families DROP COLUMN jkt')
  database.close()
  const { exchange, signIn } = await start({ file })
  expect((await exchange(refreshToken)).status).toBe(200)
  expect((await signIn('client')).status).toBe(200)
})
