/** What a tab is given that calls several APIs, each with a token of its own, and what a peer makes of it. */

import type { AudienceName } from '../../audiences/provider.ts'
import type { Tokens } from '../sessions/session.ts'

export interface AudienceTerms {
  readonly issuer: string
  readonly clientId: string
  readonly scope: string
  readonly tokenEndpoint: string
  /** The API of each audience, whose address is the audience's name at the provider. */
  readonly apis: Readonly<Record<AudienceName, string>>
}

export interface AudienceSession {
  /** The user signs in: with tokens, or where there is no way to give it any, at an address, and comes back. */
  readonly signIn:
    | { readonly kind: 'tokens'; give(tokens: Tokens): Promise<void> }
    | { readonly kind: 'redirect'; leave(): Promise<string>; comeBack(address: string): Promise<void> }
  /** In each tab, after the sign-in. */
  start(): Promise<unknown>
  /** Calls the API of an audience with a token for it; resolves with the status. */
  call(audience: AudienceName): Promise<number>
}

export type CreateAudienceSession = (terms: AudienceTerms) => AudienceSession
