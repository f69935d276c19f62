// Refreshes with bound tokens (RFC 9449): keys, proofs, nonces, and clocks that are wrong.

import { expect, test, vi } from 'vitest'
import { dpop } from '../../../src/dpop.ts'
import { cookieRefresh, createAuthClient, type TokenResponse } from '../../../src/index.ts'
import { createVirtualBrowser } from '../../../src/testing/virtual-platform.ts'
import { createScene, jwt } from '../harness.ts'
import {
  boundTokens,
  createBoundScene,
  createBoundServer,
  createKey,
  nonceRefusal,
  prove,
  signInBound,
} from './servers.ts'

interface Bound {
  readonly key: CryptoKeyPair
  readonly nonce?: string
  readonly skew?: number
  readonly rotates?: boolean
}

const boundOf = ({ browser }: { readonly browser: { readonly entry: unknown } }): Bound =>
  (browser.entry as { bound: Bound }).bound

test('each refresh carries a proof of its own, of one key', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  await scene.auth.getAccessToken({ forceRefresh: true })
  await scene.browser.advance(1_800_000)
  await scene.auth.getAccessToken({ forceRefresh: true })
  const proofs = await Promise.all(scene.server.refreshes.map(prove))
  expect(proofs).toHaveLength(2)
  expect(new Set(proofs.map(({ thumbprint }) => thumbprint)).size).toBe(1)
  expect(new Set(proofs.map(({ claims }) => claims.jti)).size).toBe(2)
  expect(proofs[0]?.claims.ath).toBeUndefined()
})

test('the key cannot be exported, goes with each generation, and is gone after a sign-out', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  await scene.auth.getAccessToken({ forceRefresh: true })
  expect(boundOf(scene).key.privateKey.extractable).toBe(false)
  await scene.auth.signOut()
  expect(JSON.stringify(Object.keys(scene.browser.entry ?? {}))).not.toContain('bound')
})

test('a nonce that the token endpoint asks for is used at once, under the same idempotency key', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = (nth) => (nth === 1 ? nonceRefusal('n-1') : Response.json(boundTokens(nth)))
  expect(await scene.auth.getAccessToken({ forceRefresh: true })).toBe('access-2')
  const proofs = await Promise.all(scene.server.refreshes.map(prove))
  expect(proofs.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n-1'])
  expect(boundOf(scene).nonce).toBe('n-1')
  expect(scene.names()).not.toContain('refresh-failed')
})

test('another tab begins with the newest nonce', async () => {
  const browser = createVirtualBrowser()
  const scene = createBoundScene({ browser })
  await signInBound(scene)
  scene.server.onRefresh = (nth) => (nth === 1 ? nonceRefusal('n-1') : Response.json(boundTokens(nth)))
  await scene.auth.getAccessToken({ forceRefresh: true })
  const other = createBoundScene({ browser, server: scene.server })
  await other.auth.restore()
  await browser.advance(1_800_000)
  await other.auth.getAccessToken({ forceRefresh: true })
  const last = await prove(scene.server.refreshes.at(-1) as never)
  expect(last.claims.nonce).toBe('n-1')
  expect(scene.server.refreshes).toHaveLength(3)
  for (const { auth } of [scene, other]) auth.dispose()
  // A signature takes real time.
  await vi.waitFor(async () => {
    await browser.advance(1_000)
    expect([...scene.tab.leftovers(), ...other.tab.leftovers()]).toEqual([])
  })
})

test('a second demand for a nonce is waited out, and the session lives', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = (nth) => nonceRefusal(`n-${nth}`)
  await expect(scene.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'refresh-unavailable' })
  expect(scene.server.refreshes).toHaveLength(2)
  expect(scene.auth.getState().status).toBe('signed-in')
})

test('a nonce that cannot be read is named', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = () => Response.json({ error: 'use_dpop_nonce' }, { status: 400 })
  const failure = scene.auth.getAccessToken({ forceRefresh: true })
  await expect(failure).rejects.toThrow(/"DPoP-Nonce" must be exposed/)
  expect(scene.server.refreshes).toHaveLength(1)
})

test.each([600_000, -600_000])('a clock that is wrong by %i ms is learnt from the server', async (error) => {
  const scene = createBoundScene()
  await signInBound(scene)
  const date = new Date(Date.now() + error).toUTCString()
  scene.server.onRefresh = (nth) =>
    nth === 1
      ? Response.json({ error: 'invalid_dpop_proof' }, { status: 400, headers: { date } })
      : Response.json(boundTokens(nth))
  expect(await scene.auth.getAccessToken({ forceRefresh: true })).toBe('access-2')
  const proof = scene.server.refreshes[1]?.request.headers.get('dpop') as string
  const { iat } = JSON.parse(Buffer.from(proof.split('.')[1] as string, 'base64url').toString())
  expect(Math.abs(iat * 1000 - Date.now() - error)).toBeLessThan(5_000)
})

test('a refused proof is not believed to be the end of the session, nor asked for ever', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = () => Response.json({ error: 'invalid_dpop_proof' }, { status: 400 })
  await expect(scene.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'refresh-unavailable' })
  expect(scene.server.refreshes).toHaveLength(1)
  expect(scene.auth.getState().status).toBe('signed-in')
})

test.each([
  ['stays', true],
  ['rotates', false],
] as const)('where the refresh token %s, the session survives a request that was sent twice: %s', async (_, lives) => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = (nth) =>
    nth === 2
      ? Response.json({ error: 'invalid_grant' }, { status: 400 })
      : Response.json({ ...boundTokens(nth), ...(lives && { refresh_token: 'refresh-0' }) })
  await scene.auth.getAccessToken({ forceRefresh: true })
  await scene.browser.advance(1_800_000)
  await scene.auth.getAccessToken({ forceRefresh: true })
  expect(scene.auth.getState().status).toBe(lives ? 'signed-in' : 'signed-out')
  expect(scene.server.refreshes).toHaveLength(lives ? 3 : 2)
})

test('a second refusal in a row ends the session', async () => {
  const scene = createBoundScene()
  await signInBound(scene)
  scene.server.onRefresh = (nth) =>
    nth === 1
      ? Response.json({ ...boundTokens(1), refresh_token: 'refresh-0' })
      : Response.json({ error: 'invalid_grant' }, { status: 400 })
  await scene.auth.getAccessToken({ forceRefresh: true })
  await scene.browser.advance(1_800_000)
  expect(await scene.auth.getAccessToken({ forceRefresh: true })).toBeUndefined()
  expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  expect(scene.server.refreshes).toHaveLength(3)
})

test('a signature that fails leaves no claim', async () => {
  const scene = createBoundScene()
  const key = await createKey()
  await scene.auth.signIn({ ...boundTokens(0), key: { ...key, privateKey: key.privateKey, publicKey: key.publicKey } })
  const entry = scene.browser.entry as { bound: { key: unknown } }
  entry.bound.key = { privateKey: {}, publicKey: key.publicKey }
  await expect(scene.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'refresh-unavailable' })
  expect(scene.browser.entry?.attempt).toBeUndefined()
  expect(scene.server.refreshes).toHaveLength(0)
})

test('a login is given a key before it runs, its thumbprint, and a fetch that proves it', async () => {
  const scene = createBoundScene()
  const seen: string[] = []
  scene.server.onRefresh = (nth) => (nth === 1 ? nonceRefusal('n-1') : Response.json(boundTokens(nth)))
  await scene.auth.signIn(async ({ fetch, key, thumbprint }) => {
    expect(key?.privateKey.extractable).toBe(false)
    seen.push(thumbprint as string)
    return (await fetch?.('https://as.example/token', { method: 'POST', body: 'code=1' })) as Response
  })
  const proofs = await Promise.all(scene.server.refreshes.map(prove))
  expect(proofs.map(({ thumbprint }) => thumbprint)).toEqual([seen[0], seen[0]])
  expect(proofs.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n-1'])
  expect(await scene.server.refreshes[1]?.body).toBe('code=1')
  expect(boundOf(scene).nonce).toBe('n-1')
  expect(await scene.auth.getAccessToken()).toBe('access-2')
  expect(scene.browser.entry?.refreshToken === 'refresh-2').toBe(true)
})

test('the fetch of a login adds no proof for another origin', async () => {
  const scene = createBoundScene()
  const headers: (string | null)[] = []
  scene.server.onCall = ({ request }) => {
    headers.push(request.headers.get('dpop'))
    return new Response('ok')
  }
  await scene.auth.signIn(async ({ fetch }) => {
    await fetch?.('https://other.example/x')
    return { ...boundTokens(0) } as TokenResponse
  })
  expect(headers).toEqual([null])
})

test('a revocation carries a proof of the session that is over', async () => {
  const scene = createBoundScene()
  const key = await signInBound(scene)
  void key
  await scene.auth.signOut()
  const [revocation] = scene.server.calls
  expect((await prove(revocation as never)).claims.htu).toBe('https://as.example/revoke')
})

test('bound tokens without their key, or with a key that is none, are refused by name', async () => {
  const { auth } = createBoundScene()
  await expect(auth.signIn(boundTokens(0))).rejects.toThrow('"key" is missing')
  const extractable = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  await expect(auth.signIn({ ...boundTokens(0), key: extractable })).rejects.toThrow(/"key" must be .* not extractable/)
  const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign'])
  await expect(auth.signIn({ ...boundTokens(0), key: other })).rejects.toThrow(/"key" must be .* P-256/)
  expect(auth.getState().status).not.toBe('signed-in')
})

test('a client without proofs still refuses bound tokens', async () => {
  const { auth } = createScene()
  await expect(auth.signIn(boundTokens(0))).rejects.toThrow('"token_type" must be "Bearer"')
})

test('a client with proofs has a database of its own name', () => {
  const names: string[] = []
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} })
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      constructor(name: string) {
        names.push(name)
      }
      close() {}
    },
  )
  const refresh = cookieRefresh('https://as.example/refresh')
  createAuthClient({ refresh, origins: ['https://api.example'], proofs: dpop() }).dispose()
  createAuthClient({ refresh, origins: ['https://api.example'] }).dispose()
  vi.unstubAllGlobals()
  expect([...new Set(names)]).toEqual(['authfetch-dpop', 'authfetch'])
})

test('proofs need a refresh function that has an endpoint, and a secure context', () => {
  const refresh = async (): Promise<TokenResponse> => ({})
  expect(() => createScene({ refresh, proofs: dpop() })).toThrow(/"refresh" must be a function with an "endpoint"/)
  vi.stubGlobal('crypto', {})
  expect(() => dpop()).toThrow(/secure context/)
  vi.unstubAllGlobals()
})

test('the clock is learnt from a JWT access token where no Date can be read', async () => {
  const scene = createBoundScene({ server: createBoundServer() })
  await signInBound(scene)
  const iat = Math.floor(Date.now() / 1000) - 600
  scene.server.onRefresh = (nth) =>
    Response.json({ ...boundTokens(nth), access_token: jwt({ iat, exp: iat + 3600, nth }) })
  await scene.auth.getAccessToken({ forceRefresh: true })
  expect(Math.abs((boundOf(scene).skew ?? 0) + 600_000)).toBeLessThan(5_000)
})
