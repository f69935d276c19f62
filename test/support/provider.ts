// A real OpenID provider as the judge: it rotates refresh tokens, and a spent one revokes the whole grant.

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { CLIENT_ID, configure, resourceServerInfo, SCOPE } from './provider/configuration.ts'
import { type Counters, countEvents } from './provider/counters.ts'
import { createFaultInjector, type Faults } from './provider/faults.ts'
import { createProofCheck } from './provider/proofs.ts'
import { createProtectedResource } from './provider/protected-resource.ts'
import { createStore } from './provider/store.ts'

export interface ProviderOptions {
  /** Seconds. @default 60 */
  readonly accessTokenTtl?: number
  /** Seconds. @default 3600 */
  readonly refreshTokenTtl?: number
  /** `false`: each answer closes its connection, so that no browser sends a POST twice on its own. @default true */
  readonly keepAlive?: boolean
  /** How long a refresh token can be spent again after its first use (in seconds), as at Okta or Cognito. @default 0 */
  readonly grace?: number
  /** Refresh tokens have the form of JWTs, and requests with credentials may read their answers. @default false */
  readonly suitsKeycloak?: boolean
  /** Whether users can sign in, on the provider's own pages for development. @default false */
  readonly hasLoginPages?: boolean
  /** Whether authorization requests must be pushed (RFC 9126). @default false */
  readonly requiresPush?: boolean
  /** Whether tokens are bound, and each proof must have a nonce of this server, or be of this time. @default false */
  readonly requiresProofs?: boolean | 'by time'
  /** Whether each refresh brings a new refresh token. @default true */
  readonly rotates?: boolean
  /** Whether a token request gets a token for an API only if it names the resource (RFC 8707). @default false */
  readonly wantsResource?: boolean
  /** Called when a token request arrives, before it is processed or lost. */
  readonly onTokenRequest?: () => void
}

/** `{}`, as a part of a JWT. */
const EMPTY = 'e30'

/** The answer of the token endpoint, RFC 6749, section 5.1. */
export interface TokenSet {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly token_type: 'Bearer' | 'DPoP'
}

export interface OpenIdProvider extends Faults {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly revocationEndpoint: string
  readonly resourceEndpoint: string
  /** Further resources that are granted, each an API and its indicator: one of another path, one of another origin. */
  readonly resources: Readonly<Record<'billing' | 'reports', string>>
  readonly clientId: string
  readonly counters: Readonly<Counters>
  /** A first token set, without a login page and without a token request. Bound to a key by its thumbprint `jkt`. @default 'alice' */
  seed(accountId?: string, jkt?: string): Promise<TokenSet>
  /** Token requests that brought a token for this resource. */
  grantedFor(resource: string): number
  /** From now on each resource refuses each access token issued so far, or those of one account, before its time. */
  refuseIssuedTokens(accountId?: string): void
  /** How many refresh tokens of an account are unspent. */
  sessions(accountId: string): number
  /** Deletes an account's refresh tokens, and refuses its access tokens. */
  endSessions(accountId: string): void
  close(): Promise<void>
}

export async function startProvider(options: ProviderOptions = {}): Promise<OpenIdProvider> {
  const { accessTokenTtl = 60, refreshTokenTtl = 3600, keepAlive = true, grace = 0, suitsKeycloak = false } = options
  const {
    hasLoginPages = false,
    requiresPush = false,
    requiresProofs = false,
    rotates = true,
    wantsResource = false,
  } = options
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'test' }

  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://localhost:${port}`
  const resource = `${issuer}/me`
  const resources = {
    billing: `${issuer}/billing/`,
    reports: `http://127.0.0.1:${port}/reports/`,
  }
  const store = createStore(grace)
  const settings = {
    resource,
    accessTokenTtl,
    refreshTokenTtl,
    key,
    store,
    hasLoginPages,
    requiresPush,
    requiresProofs,
    rotates,
    wantsResource,
  }
  const provider = new Provider(issuer, configure(settings))
  if (suitsKeycloak) provider.RefreshToken.prototype.generateTokenId = () => `${EMPTY}.${EMPTY}.${randomUUID()}`

  const { counters, isRefused, refuseIssuedTokens, grantedFor } = countEvents(provider)
  const { faults, apply, releaseAll } = createFaultInjector()
  provider.silent = true
  provider.use(async (context, next) => {
    if (context.method !== 'POST' || context.path !== '/token') return next()
    counters.tokenRequests += 1
    options.onTokenRequest?.()
    await apply(context, next)
  })

  const api = {
    issuer,
    publicKey,
    isRefused,
    onMisdirected: () => {
      counters.misdirected += 1
    },
    onAnswer: (status: number) => {
      counters.resourceRequests += 1
      if (status === 401) counters.resourceRefusals += 1
    },
  }
  const answerAt = new Map(
    [resource, ...Object.values(resources)].map((audience) => {
      const proofs = requiresProofs ? createProofCheck(requiresProofs !== 'by time') : undefined
      return [new URL(audience).pathname, createProtectedResource({ ...api, audience, proofs })]
    }),
  )
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (!keepAlive) response.setHeader('Connection', 'close')
    if (suitsKeycloak) {
      // The provider leaves its own headers out where it finds one of these.
      response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*')
      response.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    void (answerAt.get(request.url ?? '') ?? answer)(request, response)
  })

  return {
    ...faults,
    issuer,
    tokenEndpoint: `${issuer}/token`,
    revocationEndpoint: `${issuer}/token/revocation`,
    resourceEndpoint: resource,
    resources,
    clientId: CLIENT_ID,
    counters,

    async seed(accountId = 'alice', jkt) {
      const client = await provider.Client.find(CLIENT_ID)
      const grant = new provider.Grant({ accountId, clientId: CLIENT_ID })
      grant.addOIDCScope(SCOPE)
      const granted = [resource, ...Object.values(resources)]
      for (const one of granted) grant.addResourceScope(one, SCOPE)
      const gty = 'authorization_code'
      const common = { client, accountId, grantId: await grant.save(), gty, scope: SCOPE, claims: {}, jkt }
      const access = new provider.AccessToken(common)
      access.resourceServer = new provider.ResourceServer(resource, resourceServerInfo(settings))
      return {
        access_token: await access.save(),
        refresh_token: await new provider.RefreshToken({ ...common, resource: granted }).save(),
        expires_in: access.expiration,
        token_type: jkt ? 'DPoP' : 'Bearer',
      }
    },

    // Requests for the own resource name none.
    grantedFor: (one) => grantedFor(one === resource ? undefined : one),
    refuseIssuedTokens,
    sessions: store.sessions,
    endSessions(accountId) {
      store.endSessions(accountId)
      refuseIssuedTokens(accountId)
    },

    async close() {
      releaseAll()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
