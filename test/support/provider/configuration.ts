// The configuration of the provider: public client, rotation, JWT access tokens, nothing that prints.

import { randomBytes } from 'node:crypto'
import type { JWK } from 'jose'
import type { Store } from './store.ts'

export const CLIENT_ID = 'spa'
export const SCOPE = 'openid offline_access'

export interface ConfigurationOptions {
  /** The resource of requests that name none (RFC 8707). */
  readonly resource: string
  readonly accessTokenTtl: number
  readonly refreshTokenTtl: number
  readonly key: JWK
  readonly store: Store
  /** Whether users can sign in, on the provider's own pages for development. @default false */
  readonly hasLoginPages?: boolean
  /** Whether authorization requests must be pushed (RFC 9126). @default false */
  readonly requiresPush?: boolean
  /** Whether tokens are bound: each proof must have a nonce (RFC 9449 section 8), or be of this time. @default false */
  readonly requiresProofs?: boolean | 'by time'
  /** Whether each refresh brings a new refresh token. @default true */
  readonly rotates?: boolean
  /** Whether a token request gets a token for an API only if it names the resource. @default false */
  readonly wantsResource?: boolean
}

export interface ResourceServerInfo {
  readonly scope: string
  readonly audience: string
  readonly accessTokenTTL: number
  readonly accessTokenFormat: 'jwt'
  readonly jwt: { readonly sign: { readonly alg: 'ES256' } }
}

export function resourceServerInfo(
  { resource, accessTokenTtl }: ConfigurationOptions,
  audience = resource,
): ResourceServerInfo {
  return {
    scope: SCOPE,
    audience,
    accessTokenTTL: accessTokenTtl,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
}

export function configure(options: ConfigurationOptions): object {
  const { resource, accessTokenTtl, refreshTokenTtl, key, store, hasLoginPages = false, requiresPush = false } = options
  const day = 86_400
  return {
    adapter: store.adapter,
    jwks: { keys: [key] },
    cookies: { keys: ['test'] },
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
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientBasedCORS: () => true,
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    rotateRefreshToken: options.rotates ?? true,
    revokeGrantPolicy: () => true,
    renderError: (context: { body: unknown }, out: unknown) => {
      context.body = out
    },
    ttl: {
      AccessToken: accessTokenTtl,
      RefreshToken: refreshTokenTtl,
      IdToken: accessTokenTtl,
      Grant: day,
      Session: day,
      Interaction: day,
    },
    features: {
      ...(options.requiresProofs && {
        dPoP:
          options.requiresProofs === 'by time'
            ? { enabled: true }
            : { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      }),
      devInteractions: { enabled: hasLoginPages },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: requiresPush },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => !options.wantsResource,
        getResourceServerInfo: (_context: unknown, indicator: string) => resourceServerInfo(options, indicator),
      },
    },
  }
}
