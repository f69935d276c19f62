// A real OpenID provider as the judge, dressed as Auth0: the parameter `audience`, the path and the ID tokens that its
// library insists on. It rotates refresh tokens without grace, and a spent one revokes the whole grant.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Token } from 'oidc-provider'
import { countEvents } from '../../test/support/provider/counters.ts'
import { createStore } from '../../test/support/provider/store.ts'
import { pauseFor } from '../patience.ts'
import type { Tokens } from '../peers/sessions/session.ts'

const CLIENT_ID = 'spa'
const SCOPE = 'openid offline_access'
/** No token of the session is renewed meanwhile (in seconds). */
const LIFETIME = 3_600
const TOKEN_PATH = '/oauth/token'
/** Each is the path of an API, whose address is the audience. */
export const AUDIENCES = ['orders', 'billing'] as const
export type AudienceName = (typeof AUDIENCES)[number] | 'own'

export interface AudienceProvider {
  /** With a slash at its end. */
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  readonly tokenEndpoint: string
  /** The API of each audience. */
  readonly apis: Readonly<Record<AudienceName, string>>
  /** `reuses`: refresh tokens presented after they had been spent; `revokedGrants`: sessions lost by it. */
  readonly counters: Readonly<Record<'tokenRequests' | 'granted' | 'reuses' | 'revokedGrants', number>>
  /** A user's first tokens, without a token request. */
  seed(): Promise<Tokens>
  /** Where the user comes back to who has signed in at this address. */
  answerLogin(authorization: string): Promise<string>
  close(): Promise<void>
}

/** What the types of the fixtures leave out. */
interface Models {
  readonly AuthorizationCode: new (properties: object) => Pick<Token, 'save'>
  readonly AccessToken: { find(token: string): Promise<{ readonly aud?: string } | undefined> }
}

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'Authorization, *',
  'Access-Control-Expose-Headers': 'WWW-Authenticate',
}

const settingsOf = (own: string, adapter: object, key: object): object => ({
  adapter,
  jwks: { keys: [key] },
  cookies: { keys: ['bench'] },
  routes: { token: TOKEN_PATH },
  clients: [
    {
      client_id: CLIENT_ID,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://localhost:9999/callback'],
    },
  ],
  // Auth0's library takes no other ID tokens.
  clientDefaults: { id_token_signed_response_alg: 'RS256' },
  clientBasedCORS: () => true,
  findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  rotateRefreshToken: true,
  revokeGrantPolicy: () => true,
  ttl: { AccessToken: LIFETIME, RefreshToken: LIFETIME, IdToken: LIFETIME, Grant: LIFETIME, AuthorizationCode: 60 },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      // Auth0 had `audience` before there was `resource` (RFC 8707).
      defaultResource: ({ oidc }: { readonly oidc?: { readonly body?: { readonly audience?: string } } }) =>
        oidc?.body?.audience ?? own,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context: unknown, audience: string) => serverOf(audience),
    },
  },
})

const serverOf = (audience: string): object => ({
  scope: SCOPE,
  audience,
  accessTokenTTL: LIFETIME,
  accessTokenFormat: 'opaque',
})

async function createKey(): Promise<object> {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
  const { privateKey } = await crypto.subtle.generateKey({ ...rsa, hash: 'SHA-256' }, true, ['sign', 'verify'])
  const { ext, key_ops, ...key } = await crypto.subtle.exportKey('jwk', privateKey)
  return { ...key, alg: 'RS256', use: 'sig', kid: 'bench' }
}

/** @param latency How much longer than over loopback an answer of the token endpoint takes (in milliseconds). */
export async function startAudienceProvider(latency: number): Promise<AudienceProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}/`
  const apis = { own: `${issuer}own/`, orders: `${issuer}orders/`, billing: `${issuer}billing/` }
  const all = Object.values(apis)
  const provider = new Provider(issuer, settingsOf(apis.own, createStore().adapter, await createKey()))
  const { AccessToken, AuthorizationCode } = provider as unknown as Models
  provider.silent = true
  const { counters } = countEvents(provider)
  provider.use(async ({ method, path }, next) => {
    const isRefresh = method === 'POST' && path === TOKEN_PATH
    if (isRefresh) counters.tokenRequests += 1
    await next()
    if (isRefresh) await pauseFor(latency)
  })

  async function answerApi({ method, headers }: IncomingMessage, response: ServerResponse, api: string): Promise<void> {
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
    const isRight = method === 'OPTIONS' || (await AccessToken.find(token))?.aud === api
    const challenge = isRight ? {} : { 'WWW-Authenticate': 'Bearer error="invalid_token"' }
    response.writeHead(isRight ? 200 : 401, { ...CORS, ...challenge }).end()
  }
  const answer = provider.callback()
  server.on('request', (request, response) => {
    // Without kept connections no browser sends a POST twice by itself.
    response.setHeader('Connection', 'close')
    const api = all.find((one) => one === new URL(request.url ?? '', issuer).href)
    void (api ? answerApi(request, response, api) : answer(request, response))
  })

  /** What a user has granted, as a token or a code says it. */
  async function grant(): Promise<object> {
    const client = await provider.Client.find(CLIENT_ID)
    const granted = new provider.Grant({ accountId: 'alice', clientId: CLIENT_ID })
    granted.addOIDCScope(SCOPE)
    for (const audience of all) granted.addResourceScope(audience, SCOPE)
    const grantId = await granted.save()
    return { client, accountId: 'alice', grantId, gty: 'authorization_code', scope: SCOPE, claims: {}, resource: all }
  }

  return {
    issuer,
    clientId: CLIENT_ID,
    scope: SCOPE,
    tokenEndpoint: new URL(TOKEN_PATH, issuer).href,
    apis,
    counters,
    async seed() {
      const common = { ...(await grant()) }
      const access = new provider.AccessToken(common)
      access.resourceServer = new provider.ResourceServer(apis.own, serverOf(apis.own))
      return {
        access_token: await access.save(),
        refresh_token: await new provider.RefreshToken(common).save(),
        expires_in: access.expiration,
      }
    },
    async answerLogin(authorization) {
      const asked = new URL(authorization).searchParams
      const redirectUri = asked.get('redirect_uri') ?? ''
      const code = new AuthorizationCode({
        ...(await grant()),
        redirectUri,
        nonce: asked.get('nonce'),
        codeChallenge: asked.get('code_challenge'),
        codeChallengeMethod: asked.get('code_challenge_method'),
      })
      return `${redirectUri}?${new URLSearchParams({ code: await code.save(), state: asked.get('state') ?? '' })}`
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
