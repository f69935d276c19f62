// The authorization server and the API of a schedule: rotation, reuse detection, grace, and a cookie jar.

import { type Bound, createKey, type Key } from './proofs.ts'

export interface Family {
  readonly id: string
  readonly user: string
  /** The index of the only refresh token that is not spent. */
  current: number
  spentAt: number
  isRevoked: boolean
  isReused: boolean
  /** What its tokens are bound to. */
  readonly key: Key | undefined
  /** The browser has sent its last request twice. */
  wasDoubled: boolean
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly token_type?: 'DPoP'
  readonly key?: Key
}

export type Answer = { readonly tokens: Tokens } | { readonly verdict: 'rejected' | 'reuse-detected' }

export interface Server {
  readonly families: Map<string, Family>
  reuses: number
  verdicts: number
  signIn(user: string): Tokens
  refresh(refreshToken: string | undefined, now: number): Answer
  revoke(refreshToken: string | undefined): void
  /** All access tokens issued so far are refused from now on. */
  refuseAccess(): void
  accepts(accessToken: string | undefined, now: number): boolean
}

/** Lifetime of access tokens (in seconds). */
export const LIFETIME = 60

export const familyOf = (token: string): string => token.split('.')[1] as string
export const indexOf = (token: string): number => Number(token.split('.')[2])

/**
 * `grace`: for how long a spent token is answered once more (in milliseconds). A lenient server refuses a spent token
 * and leaves the family alone. Where tokens are `bound`, refresh tokens rotate or stay.
 */
export function createServer(grace: number, isLenient: boolean, bound?: Bound): Server {
  const families = new Map<string, Family>()
  const expiries = new Map<string, number>()
  let issued = 0

  function issue(family: Family, now: number): Tokens {
    const access = `at.${family.id}.${family.current}.${issued++}`
    expiries.set(access, now + LIFETIME * 1000)
    const tokens = { access_token: access, refresh_token: `rt.${family.id}.${family.current}`, expires_in: LIFETIME }
    return bound ? { ...tokens, token_type: 'DPoP' } : tokens
  }

  const server: Server = {
    families,
    reuses: 0,
    verdicts: 0,
    signIn(user) {
      const id = `f${families.size}`
      const family: Family = {
        id,
        user,
        current: 0,
        spentAt: 0,
        isRevoked: false,
        isReused: false,
        key: bound && createKey(families.size),
        wasDoubled: false,
      }
      families.set(id, family)
      const tokens = issue(family, Number.POSITIVE_INFINITY)
      return family.key ? { ...tokens, key: family.key } : tokens
    },
    refresh(refreshToken, now) {
      const family = refreshToken === undefined ? undefined : families.get(familyOf(refreshToken))
      if (!family || family.isRevoked || refreshToken === undefined) {
        server.verdicts++
        return { verdict: family?.isReused ? 'reuse-detected' : 'rejected' }
      }
      const isParent = indexOf(refreshToken) === family.current - 1 && now - family.spentAt <= grace
      if (isParent) return { tokens: issue(family, now) }
      if (indexOf(refreshToken) !== family.current) {
        server.reuses++
        server.verdicts++
        if (isLenient) return { verdict: 'rejected' }
        family.isRevoked = true
        family.isReused = true
        return { verdict: 'reuse-detected' }
      }
      if (bound !== 'stays') family.current++
      family.spentAt = now
      return { tokens: issue(family, now) }
    },
    revoke(refreshToken) {
      const family = refreshToken === undefined ? undefined : families.get(familyOf(refreshToken))
      if (family) family.isRevoked = true
    },
    refuseAccess: () => expiries.clear(),
    accepts(accessToken, now) {
      if (!accessToken) return false
      return families.get(familyOf(accessToken))?.isRevoked === false && (expiries.get(accessToken) ?? 0) > now
    },
  }
  return server
}
