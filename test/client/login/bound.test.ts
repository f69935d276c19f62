// Sign-ins of a client whose tokens are bound to a key (RFC 9449).

import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { dpop } from '../../../src/dpop.ts'
import type { LoginOptions } from '../../../src/login.ts'
import { boundTokens, createBoundServer, nonceRefusal, prove } from '../dpop/servers.ts'
import { type Server, TOKEN_ENDPOINT } from '../harness.ts'
import { createLoginScene, type LoginScene, openPage, type Page } from './page.ts'

const PAR_ENDPOINT = new URL('/par', TOKEN_ENDPOINT).href
const metadata = {
  authorization_endpoint: new URL('/authorize', TOKEN_ENDPOINT).href,
  token_endpoint: TOKEN_ENDPOINT,
  pushed_authorization_request_endpoint: PAR_ENDPOINT,
}

interface BoundLogin extends LoginScene {
  /** The authorization server; its answers to exchanges and refreshes are numbered together. */
  readonly server: Server
}

function createBoundLogin(options: Partial<LoginOptions> & { readonly page?: Page } = {}): BoundLogin {
  const server = createBoundServer()
  const client = { server, proofs: dpop() }
  const scene = createLoginScene({ client, metadata, scope: 'offline_access', fetch: server.fetch, ...options })
  return { ...scene, server }
}

const comeBack = (scene: LoginScene, state = ''): Promise<string | undefined> => {
  scene.comeBack({ code: 'code-1', state })
  return scene.login.finish()
}

const proofsOf = ({ server }: BoundLogin) => Promise.all(server.refreshes.map(prove))

test('the code is bound to a key, which exchanges it and refreshes afterwards', async () => {
  const scene = createBoundLogin()
  const { dpop_jkt, state } = await scene.begin()
  expect(dpop_jkt).toMatch(/^[\w-]{43}$/)
  expect(await comeBack(scene, state)).toBe('/orders?page=2#top')
  await scene.auth.getAccessToken({ forceRefresh: true })
  const proofs = await proofsOf(scene)
  expect(proofs.map(({ thumbprint }) => thumbprint)).toEqual([dpop_jkt, dpop_jkt])
})

test('the page that finishes has the key of the page that began, and it cannot be exported', async () => {
  const factory = new IDBFactory()
  const first = createBoundLogin({ page: openPage('/', factory) })
  const { dpop_jkt, state } = await first.begin()
  const second = createBoundLogin({ page: openPage('/', factory) })
  await comeBack(second, state)
  const [exchange] = await proofsOf(second)
  expect(exchange?.thumbprint).toBe(dpop_jkt)
  const { bound } = second.browser.entry as { bound?: { key: CryptoKeyPair } }
  expect(bound?.key.privateKey.extractable).toBe(false)
})

test('each sign-in has a key of its own', async () => {
  const scene = createBoundLogin()
  const first = await scene.begin()
  const second = await scene.begin()
  expect(first.dpop_jkt).not.toBe(second.dpop_jkt)
})

test('a nonce that the exchange is asked for is used at once, and by the next refresh', async () => {
  const scene = createBoundLogin()
  scene.server.onRefresh = (nth) => (nth === 1 ? nonceRefusal('n-1') : Response.json(boundTokens(nth)))
  const { state } = await scene.begin()
  await comeBack(scene, state)
  await scene.auth.getAccessToken({ forceRefresh: true })
  expect((await proofsOf(scene)).map(({ claims }) => claims.nonce)).toEqual([undefined, 'n-1', 'n-1'])
})

test('a pushed request carries a proof of the same key, and the nonce that it is asked for', async () => {
  const scene = createBoundLogin({ pushed: true })
  scene.server.onCall = (_, nth) =>
    nth === 1 ? nonceRefusal('n-1') : Response.json({ request_uri: 'urn:request:1' }, { status: 201 })
  const address = await scene.begin()
  expect(address).toEqual({ client_id: 'spa', request_uri: 'urn:request:1' })
  const pushed = await Promise.all(scene.server.calls.map(prove))
  expect(pushed.map(({ sent }) => sent.url)).toEqual([PAR_ENDPOINT, PAR_ENDPOINT])
  expect(pushed.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n-1'])
  const forms = await Promise.all(pushed.map(async ({ sent }) => new URLSearchParams(await sent.body)))
  for (const [index, form] of forms.entries()) expect(form.get('dpop_jkt')).toBe(pushed[index]?.thumbprint)
})

test('without proofs, nothing names a key', async () => {
  const scene = createLoginScene()
  expect(await scene.begin()).not.toHaveProperty('dpop_jkt')
})
