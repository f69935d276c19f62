// What the provider saw, from its own events.

import type { JWTPayload } from 'jose'
import type Provider from 'oidc-provider'
import type { KoaContext, Token } from 'oidc-provider'

export interface Counters {
  /** POSTs to the token endpoint, failed and lost ones included, preflights not. */
  tokenRequests: number
  /** Token requests that the provider committed, whether or not the answer arrived. */
  granted: number
  /** Token requests that the provider refused. */
  refused: number
  /** Refresh tokens presented after they had been spent. */
  reuses: number
  revokedGrants: number
  /** Answers of all resources, and how many of them were a 401. */
  resourceRequests: number
  resourceRefusals: number
  /** Tokens of one resource that came to another. */
  misdirected: number
}

export interface EventCounts {
  readonly counters: Counters
  /** Whether an access token was refused early, or its grant revoked. */
  isRefused(claims: JWTPayload): boolean
  refuseIssuedTokens(accountId?: string): void
  /** Token requests that named this resource, and brought a token. */
  grantedFor(resource: string | undefined): number
}

export function countEvents(provider: Provider): EventCounts {
  const counters: Counters = {
    tokenRequests: 0,
    granted: 0,
    refused: 0,
    reuses: 0,
    revokedGrants: 0,
    resourceRequests: 0,
    resourceRefusals: 0,
    misdirected: 0,
  }
  const spent = new Set<unknown>()
  const issued = new Map<string | undefined, Token>()
  const revoked = new Set<string | undefined>()
  const refused = new Set<string | undefined>()
  const resources = new Map<unknown, number>()

  provider.on('refresh_token.consumed', (token: Token) => {
    spent.add(token.jti)
  })
  provider.on('access_token.issued', (token: Token) => {
    issued.set(token.jti, token)
  })
  provider.on('grant.success', (context: KoaContext) => {
    counters.granted += 1
    const resource = context.oidc?.params?.resource
    resources.set(resource, (resources.get(resource) ?? 0) + 1)
  })
  provider.on('grant.error', (context: KoaContext, { error }: { readonly error?: string }) => {
    counters.refused += 1
    // A reuse deletes the whole family, so the second one is an unknown token to the provider, but not to us.
    // And a resource is denied by another error, after the token is spent.
    if (error === 'invalid_grant' && spent.has(context.oidc?.params?.refresh_token)) counters.reuses += 1
  })
  provider.on('grant.revoked', (_context: KoaContext, grantId: string) => {
    if (!revoked.has(grantId)) counters.revokedGrants += 1
    revoked.add(grantId)
  })

  return {
    counters,
    isRefused: ({ jti }) => refused.has(jti) || revoked.has(issued.get(jti)?.grantId),
    refuseIssuedTokens(accountId) {
      for (const [jti, token] of issued) if ((accountId ?? token.accountId) === token.accountId) refused.add(jti)
    },
    grantedFor: (resource) => resources.get(resource) ?? 0,
  }
}
