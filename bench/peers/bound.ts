/** Every peer that binds calls to a key (RFC 9449), as its documentation sets it up, and the time that a call takes. */

import { WebcryptoKey } from '@atproto/jwk-webcrypto'
import { Auth0Client } from '@auth0/auth0-spa-js'
import * as DPoP from 'dpop'
import * as oauth from 'oauth4webapi'
import { dpop } from '../../src/dpop.ts'
import { createAuthClient, oauthRefresh } from '../../src/index.ts'
// The package's own clients use it, and it exports them alone.
import { dpopFetchWrapper } from '../node_modules/@atproto/oauth-client/dist/fetch-dpop.js'
import { type Costs, type CostTerms, timeCallers } from './timing.ts'
import type { CreateCaller } from './world.ts'

/** No token, no proof: what everything is compared with. */
const bare: CreateCaller = ({ fetch }) => ({ name: 'fetch', refreshes: false, call: (url) => fetch(url) })

/** The signature alone, which nobody can do without. */
const signature: CreateCaller = async ({ fetch }) => {
  const { privateKey } = await DPoP.generateKeyPair('ES256')
  const bytes = new Uint8Array(500)
  return {
    name: 'the signature alone',
    refreshes: false,
    async call(url) {
      await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, bytes)
      return fetch(url)
    },
  }
}

const authfetch: CreateCaller = async ({ fetch, origin, tokenEndpoint, tokens }) => {
  const auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint, clientId: 'spa' }),
    origins: [origin],
    proofs: dpop(),
    fetch,
  })
  await auth.signIn({ ...tokens, token_type: 'DPoP', key: await DPoP.generateKeyPair('ES256') })
  const { authFetch } = auth
  return { name: 'authfetch', refreshes: true, call: (url) => authFetch(url), dispose: auth.dispose }
}

const oauth4webapi: CreateCaller = async ({ fetch, tokens }) => {
  const handle = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
  const options: oauth.ProtectedResourceRequestOptions = {
    DPoP: handle,
    [oauth.customFetch]: (url, init) => fetch(url, init as RequestInit),
    [oauth.allowInsecureRequests]: true,
  }
  return {
    name: 'oauth4webapi',
    refreshes: false,
    call: (url) =>
      oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(url), undefined, undefined, options),
  }
}

const dpopPackage: CreateCaller = async ({ fetch, tokens }) => {
  const key = await DPoP.generateKeyPair('ES256')
  let nonce: string | undefined
  return {
    name: 'dpop, and fetch by hand',
    refreshes: false,
    async call(url) {
      const proof = await DPoP.generateProof(key, url, 'GET', nonce, tokens.access_token)
      const response = await fetch(url, { headers: { Authorization: `DPoP ${tokens.access_token}`, DPoP: proof } })
      nonce = response.headers.get('DPoP-Nonce') ?? nonce
      return response
    },
  }
}

const atproto: CreateCaller = async ({ fetch, tokens }) => {
  const key = await WebcryptoKey.generate(['ES256'])
  const nonces = new Map<string, string>()
  const send = dpopFetchWrapper<undefined>({
    key,
    nonces: { get: (name) => nonces.get(name), set: (name, nonce) => void nonces.set(name, nonce), del: () => {} },
    isAuthServer: false,
    fetch: (input, init) => fetch(input, init),
  })
  const headers = { Authorization: `DPoP ${tokens.access_token}` }
  return {
    name: '@atproto/oauth-client',
    refreshes: false,
    call: (url) => send.call(undefined, url, { headers }),
  }
}

const auth0: CreateCaller = ({ fetch, tokens }) => {
  const client = new Auth0Client({ domain: 'id.example', clientId: 'spa', useDpop: true })
  const fetcher = client.createFetcher({
    dpopNonceId: 'api',
    getAccessToken: async () => tokens.access_token,
    fetch: (request) => fetch(request),
  })
  return { name: '@auth0/auth0-spa-js', refreshes: true, call: (url) => fetcher.fetchWithAuth(url) }
}

const CALLERS = [bare, signature, authfetch, oauth4webapi, dpopPackage, atproto, auth0]

export const measureBound = (terms: CostTerms): Promise<Costs> => timeCallers(CALLERS, terms)
