// Calls of an API with a bound token (RFC 9449 section 7).

import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { describe, expect, test, vi } from 'vitest'
import { htmOf, htuOf } from '../../../src/dpop/prove.ts'
import { createVirtualBrowser } from '../../../src/testing/virtual-platform.ts'
import { createScene, createSignedInScene } from '../harness.ts'
import { API, challenge, createBoundScene, prove, signInBound } from './servers.ts'

const ok = (headers?: Record<string, string>): Response => new Response('ok', { headers: headers ?? {} })

describe('a call with a bound token', () => {
  test('carries the token with its scheme, and a proof for it', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    await scene.auth.authFetch(`${API}/things?page=2#top`)
    await scene.auth.authFetch(`${API}/things`, { method: 'post', body: 'a' })
    const proofs = await Promise.all(scene.server.calls.map(prove))
    expect(proofs.map(({ claims }) => [claims.htm, claims.htu])).toEqual([
      ['GET', `${API}/things`],
      ['POST', `${API}/things`],
    ])
    expect(proofs[0]?.sent.authorization).toBe('DPoP access-0')
    expect(new Set(proofs.map(({ claims }) => claims.jti)).size).toBe(2)
  })

  test('is a Bearer call where the server has given a Bearer token', async () => {
    const scene = createBoundScene()
    await scene.auth.signIn(async () => ({ access_token: 'access-0', refresh_token: 'refresh-0' }))
    await scene.auth.authFetch(`${API}/things`)
    expect(scene.server.calls[0]?.authorization).toBe('Bearer access-0')
    expect(scene.server.calls[0]?.request.headers.get('dpop')).toBeNull()
    await scene.auth.getAccessToken({ forceRefresh: true })
    await expect(prove(scene.server.refreshes[0] as never)).resolves.toBeDefined()
  })

  test('is sent again with the nonce that the server asks for, and every later one has the newest', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    const nonces: (string | undefined)[] = []
    scene.server.onCall = async (sent, nth) => {
      const { claims } = await prove(sent)
      nonces.push(claims.nonce)
      if (nth === 1) return challenge('use_dpop_nonce', { 'dpop-nonce': 'a' })
      return ok({ 'dpop-nonce': nth === 2 ? 'b' : 'c' })
    }
    expect((await scene.auth.authFetch(`${API}/things`)).status).toBe(200)
    await scene.auth.authFetch(`${API}/things`)
    await scene.auth.authFetch(`${API}/things`)
    expect(nonces).toEqual([undefined, 'a', 'b', 'c'])
    expect(scene.server.refreshes).toHaveLength(0)
  })

  test.each([
    ['a text', 'hello', undefined],
    ['bytes', new TextEncoder().encode('hello'), undefined],
    ['a form', new URLSearchParams({ a: 'b' }), 'a=b'],
  ])('sends %s again', async (_, body, wanted = 'hello') => {
    const scene = createBoundScene()
    await signInBound(scene)
    scene.server.onCall = (_sent, nth) => (nth === 1 ? challenge('use_dpop_nonce', { 'dpop-nonce': 'a' }) : ok())
    expect((await scene.auth.authFetch(`${API}/things`, { method: 'POST', body })).status).toBe(200)
    expect(await Promise.all(scene.server.calls.map((sent) => sent.body))).toEqual([wanted, wanted])
  })

  test('sends the body of a Request again, and what a caller changes meanwhile is not sent', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    scene.server.onCall = (_sent, nth) =>
      nth % 2 === 1 ? challenge('use_dpop_nonce', { 'dpop-nonce': `${nth}` }) : ok()
    const request = new Request(`${API}/things`, { method: 'PUT', body: 'hello' })
    expect((await scene.auth.authFetch(request)).status).toBe(200)
    const bytes = new TextEncoder().encode('hello')
    const sending = scene.auth.authFetch(`${API}/things`, { method: 'PUT', body: bytes })
    bytes.fill(0)
    expect((await sending).status).toBe(200)
    expect(await Promise.all(scene.server.calls.map((sent) => sent.body))).toEqual(Array(4).fill('hello'))
  })

  test('sends a Request that was read, with the body of an init', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    scene.server.onCall = (_sent, nth) => (nth === 1 ? challenge('use_dpop_nonce', { 'dpop-nonce': 'a' }) : ok())
    const request = new Request(`${API}/things`, { method: 'POST', body: 'read' })
    await request.text()
    expect((await scene.auth.authFetch(request, { body: 'new' })).status).toBe(200)
    expect(await Promise.all(scene.server.calls.map((sent) => sent.body))).toEqual(['new', 'new'])
  })

  test('sends a stream once: its 401 teaches the nonce', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    scene.server.onCall = (_sent, nth) => (nth === 1 ? challenge('use_dpop_nonce', { 'dpop-nonce': 'a' }) : ok())
    const send = (): Promise<Response> => {
      const body = new Blob(['hello']).stream()
      return scene.auth.authFetch(`${API}/things`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    }
    expect((await send()).status).toBe(401)
    expect((await send()).status).toBe(200)
    expect(scene.server.calls).toHaveLength(2)
  })

  test('is refreshed after invalid_token, and the nonce may be asked for once more', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    await scene.browser.advance(60_000)
    const answers = [
      challenge('use_dpop_nonce', { 'dpop-nonce': 'a' }),
      challenge('invalid_token'),
      challenge('use_dpop_nonce', { 'dpop-nonce': 'b' }),
      ok(),
    ]
    scene.server.onCall = () => answers.shift() as Response
    expect((await scene.auth.authFetch(`${API}/things`)).status).toBe(200)
    expect(scene.server.calls.map(({ authorization }) => authorization)).toEqual([
      'DPoP access-0',
      'DPoP access-0',
      'DPoP access-1',
      'DPoP access-1',
    ])
  })

  test('gets its 401 when every nonce is refused, without a refresh', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    await scene.browser.advance(60_000)
    scene.server.onCall = (_sent, nth) => challenge('use_dpop_nonce', { 'dpop-nonce': `${nth}` })
    expect((await scene.auth.authFetch(`${API}/things`)).status).toBe(401)
    expect(scene.server.calls).toHaveLength(2)
    expect(scene.server.refreshes).toHaveLength(0)
  })

  test('is proven by the clock of the server, where it says so', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    const date = new Date(Date.now() - 600_000).toUTCString()
    scene.server.onCall = (_sent, nth) => (nth === 1 ? challenge('invalid_dpop_proof', { date }) : ok())
    expect((await scene.auth.authFetch(`${API}/things`)).status).toBe(200)
    const proof = scene.server.calls[1]?.request.headers.get('dpop') as string
    const { iat } = JSON.parse(Buffer.from(proof.split('.')[1] as string, 'base64url').toString())
    expect(Math.abs(iat * 1000 - Date.now() + 600_000)).toBeLessThan(5_000)
  })

  test.each(['Authorization', 'DPoP'])('is left alone with an %s of the caller', async (name) => {
    const scene = createBoundScene()
    await signInBound(scene)
    await scene.auth.authFetch(`${API}/things`, { headers: { [name]: 'own' } })
    expect(scene.server.calls[0]?.request.headers.get(name)).toBe('own')
    expect([...(scene.server.calls[0]?.request.headers.keys() ?? [])]).toHaveLength(1)
  })

  test('another tab needs no nonce of its own', async () => {
    const browser = createVirtualBrowser()
    const scene = createBoundScene({ browser })
    await signInBound(scene)
    scene.server.onCall = async (sent) =>
      (await prove(sent)).claims.nonce === 'a' ? ok() : challenge('use_dpop_nonce', { 'dpop-nonce': 'a' })
    await scene.auth.authFetch(`${API}/things`)
    const other = createBoundScene({ browser, server: scene.server })
    await other.auth.restore()
    expect((await other.auth.authFetch(`${API}/things`, { method: 'POST' })).status).toBe(200)
    expect(scene.server.calls).toHaveLength(3)
    expect(scene.server.refreshes).toHaveLength(0)
    for (const { auth } of [scene, other]) auth.dispose()
    await vi.waitFor(async () => {
      await browser.advance(1_000)
      expect([...scene.tab.leftovers(), ...other.tab.leftovers()]).toEqual([])
    })
  })

  test('carries neither key nor refresh token over the channel', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    expect(scene.tab.posted.length).toBeGreaterThan(0)
    for (const message of scene.tab.posted) expect(Object.keys(message as object)).not.toContain('bound')
  })
})

describe('getHeaders', () => {
  test('gives the token, and a proof of the request, for what takes no fetch', async () => {
    const scene = createBoundScene()
    await signInBound(scene)
    const given = await scene.auth.getHeaders({ url: `${API}/upload?x`, method: 'put' })
    const request = new Request(`${API}/upload?x`, { method: 'PUT', headers: given })
    const { claims } = await prove({
      request,
      url: request.url,
      method: 'PUT',
      authorization: given.Authorization,
    } as never)
    expect(claims).toMatchObject({ htm: 'PUT', htu: `${API}/upload` })
  })

  test('gives nothing for other origins, and the token alone where it is not bound', async () => {
    const { auth } = await createSignedInScene()
    expect(await auth.getHeaders({ url: `${API}/things` })).toEqual({ Authorization: 'Bearer access-0' })
    expect(await auth.getHeaders({ url: 'https://other.example/' })).toEqual({})
    expect(await createScene().auth.getHeaders({ url: `${API}/things` })).toEqual({})
  })
})

test('property: htu and htm are those of oauth4webapi', async () => {
  const keys = await oauth.generateKeyPair('ES256')
  const handle = oauth.DPoP({}, keys)
  let claims: { readonly htu?: string; readonly htm?: string } = {}
  const property = fc.asyncProperty(
    fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['https'] }),
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    async (url, method) => {
      await oauth.protectedResourceRequest('token', method, new URL(url), undefined, null, {
        DPoP: handle,
        [oauth.customFetch]: async (_url, { headers }) => {
          const [, payload = ''] = (headers as Record<string, string>).dpop?.split('.') ?? []
          claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
          return new Response()
        },
      })
      expect(htuOf(url)).toBe(claims.htu)
      expect(htmOf(method.toLowerCase())).toBe(claims.htm)
    },
  )
  await fc.assert(property, { numRuns: 300 })
})
