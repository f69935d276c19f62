// An authorization server and an API that check each proof as RFC 9449 section 4.3 says, and ask for nonces as they like.

import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose'
import { dpop } from '../../../src/dpop.ts'
import { type AuthClientOptions, oauthRefresh, oauthRevocation } from '../../../src/index.ts'
import {
  API,
  createScene,
  createServer,
  drain,
  type Scene,
  type Sent,
  type Server,
  TOKEN_ENDPOINT,
} from '../harness.ts'

export interface Proven {
  readonly sent: Sent
  readonly claims: JWTPayload & {
    readonly nonce?: string
    readonly ath?: string
    readonly htu?: string
    readonly htm?: string
  }
  readonly thumbprint: string
}

const hash = async (text: string): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('base64url')

/** Verifies the proof of a request: its signature, its address and its method. */
export async function prove(sent: Sent): Promise<Proven> {
  const proof = sent.request.headers.get('dpop')
  if (!proof) throw new Error('there is no proof')
  const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'], maxTokenAge: 300 })
  const { jwk } = decodeProtectedHeader(proof)
  const { origin, pathname } = new URL(sent.url)
  if (payload.htu !== origin + pathname || payload.htm !== sent.method)
    throw new Error('the proof is for another request')
  const token = /^DPoP (.+)$/.exec(sent.authorization ?? '')?.[1]
  if (token !== undefined && payload.ath !== (await hash(token))) throw new Error('the proof is for another token')
  return { sent, claims: payload, thumbprint: await calculateJwkThumbprint(jwk as object) }
}

export const nonceRefusal = (nonce: string): Response =>
  Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': nonce } })

export const challenge = (error: string, headers: Record<string, string> = {}): Response =>
  new Response('no', {
    status: 401,
    headers: { 'www-authenticate': `DPoP error="${error}", algs="ES256"`, ...headers },
  })

export const boundTokens = (nth: number): object => ({
  access_token: `access-${nth}`,
  refresh_token: `refresh-${nth}`,
  expires_in: 3600,
  token_type: 'DPoP',
})

export const createKey = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])

export function createBoundServer(): Server {
  const server = createServer()
  server.onRefresh = (nth) => Response.json(boundTokens(nth))
  return server
}

/** A client with proofs. */
export function createBoundScene(
  options: Partial<AuthClientOptions> & { readonly server?: Server; readonly browser?: Scene['browser'] } = {},
): Scene {
  return createScene({
    server: createBoundServer(),
    refresh: oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa' }),
    onSignOut: oauthRevocation({ revocationEndpoint: `${new URL(TOKEN_ENDPOINT).origin}/revoke`, clientId: 'spa' }),
    proofs: dpop(),
    ...options,
  })
}

/** Signs in with tokens that are bound to a key. */
export async function signInBound(scene: Scene, key?: CryptoKeyPair): Promise<CryptoKeyPair> {
  const own = key ?? (await createKey())
  await scene.auth.signIn({ ...boundTokens(0), key: own })
  await drain()
  return own
}

export { API, TOKEN_ENDPOINT }
