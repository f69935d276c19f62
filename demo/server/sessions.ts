// The words of the store: a session is a family of refresh tokens, one generation after the other.

import type { Audience } from './tokens.ts'

export type Custody = 'cookie' | 'client' | 'cookie-only'

export interface Family {
  readonly id: string
  readonly subject: string
  readonly device: string
  readonly custody: Custody
  /** The thumbprint of the key that its tokens are bound to (RFC 7638). */
  readonly jkt: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
  readonly revokedFor: 'reuse' | 'sign-out' | 'administrator' | null
}

/** A refresh token as it is kept: all but the token. */
export interface Generation {
  readonly generation: number
  /** The API whose access token came along with it. */
  readonly audience: Audience
  readonly issuedAt: number
  readonly spentAt: number | null
  /** The `Idempotency-Key` of the request that spent it. */
  readonly spentBy: string | null
}

export interface Session extends Family {
  readonly status: 'active' | 'expired' | 'revoked'
  readonly usedAt: number
  readonly tokens: readonly Generation[]
}

/** A refresh token, and what comes along with it. */
export interface Presented {
  readonly refreshToken: string
  /** Where it may come from: to others it is unknown. */
  readonly custodies: readonly Custody[]
  readonly idempotencyKey: string | undefined
  /** The thumbprint of the key that the request has shown. */
  readonly jkt?: string | undefined
  /** The API that the access token is to be for. */
  readonly audience: Audience
}

/** What was granted. */
export interface Granted {
  readonly family: Family
  readonly refreshToken: string
  readonly audience: Audience
}

export type Rotation =
  | ({ readonly kind: 'rotated' } & Granted)
  /** The request came a second time: here is the answer of the first. */
  | ({ readonly kind: 'replayed' } & Granted)
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'expired' | 'revoked' | 'superseded' | 'other key' }
  | { readonly kind: 'reused'; readonly family: Family; readonly isFirst: boolean }
