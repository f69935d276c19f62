// The words of the store: a session is a family of refresh tokens, one generation after the other.

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

export type Rotation =
  | { readonly kind: 'rotated'; readonly family: Family; readonly refreshToken: string }
  /** The request came a second time: here is the answer of the first. */
  | { readonly kind: 'replayed'; readonly family: Family; readonly refreshToken: string }
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'expired' | 'revoked' | 'superseded' | 'other key' }
  | { readonly kind: 'reused'; readonly family: Family; readonly isFirst: boolean }
