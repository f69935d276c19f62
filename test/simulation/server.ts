// The authorization server and the APIs of a schedule: rotation, reuse detection, grace, and what it gives to whom.

import { type Denial, SPEAKING } from './audiences.ts'
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

/** What a refresh asks for besides new tokens. */
export interface Ask {
  /** Whose access token; empty: the session's own audience. */
  readonly audience: string
  readonly key: string
  /** The tab does not know the audience, and repeats the request of another that does. */
  readonly isUnknown?: boolean
  /** What the server says instead of giving one. */
  readonly denial?: Denial | undefined
}

export type Answer =
  | { readonly tokens: Tokens }
  | { readonly verdict: 'rejected' | 'reuse-detected' }
  | { readonly denial: Denial }

export interface Server {
  readonly families: Map<string, Family>
  reuses: number
  verdicts: number
  signIn(user: string): Tokens
  refresh(refreshToken: string | undefined, now: number, ask?: Ask): Answer
  revoke(refreshToken: string | undefined): void
  /** The access tokens issued so far are refused from now on: all, or those of one audience. */
  refuseAccess(audience?: string): void
  accepts(accessToken: string | undefined, now: number, audience?: string): boolean
}

/** Lifetime of access tokens (in seconds). */
export const LIFETIME = 60

/** What a token says in the way of a JWT. */
interface Claims {
  readonly aud: string
  readonly family: string
  readonly index: number
}
const claimsOf = (part: string): Claims | undefined => (part.startsWith('ey') ? JSON.parse(atob(part)) : undefined)

export function familyOf(token: string): string {
  const [, part = ''] = token.split('.')
  return claimsOf(part)?.family ?? part
}
export function indexOf(token: string): number {
  const [, part = '', index] = token.split('.')
  return claimsOf(part)?.index ?? Number(index)
}
/** For whom an access token is; empty: the session's own audience. */
export function audienceOf(token: string): string {
  const [, part = '', , , audience = ''] = token.split('.')
  const { aud = audience } = claimsOf(part) ?? {}
  return aud === OWN ? '' : aud
}
/** What a token says that is for the session's own audience. */
const OWN = 'api'

/**
 * `grace`: for how long a spent token is answered once more (in milliseconds). A lenient server refuses a spent token
 * and leaves the family alone. Where tokens are `bound`, refresh tokens rotate or stay. One that `replays` answers a key
 * that it knows as it did the first time, whatever is asked for now.
 */
export function createServer(grace: number, isLenient: boolean, bound?: Bound, replays = false): Server {
  const families = new Map<string, Family>()
  const expiries = new Map<string, number>()
  const answers = new Map<string, Answer>()
  let issued = 0

  function issue(family: Family, now: number, audience = '', isIgnored = false): Tokens {
    const { id, current: index } = family
    const claims: Claims = { aud: isIgnored ? OWN : audience, family: id, index }
    const access =
      audience === SPEAKING
        ? `at.${btoa(JSON.stringify(claims))}.${issued++}`
        : `at.${id}.${index}.${issued++}${audience && `.${audience}`}`
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
    refresh(refreshToken, now, ask) {
      const { audience, key, denial } = ask ?? {}
      const remember = (answer: Answer): Answer => {
        if (key) answers.set(key, answer)
        return answer
      }
      const family = refreshToken === undefined ? undefined : families.get(familyOf(refreshToken))
      if (!family || family.isRevoked || refreshToken === undefined) {
        server.verdicts++
        return { verdict: family?.isReused ? 'reuse-detected' : 'rejected' }
      }
      const replay = replays && key ? answers.get(key) : undefined
      if (replay) {
        if ('tokens' in replay) expiries.set(replay.tokens.access_token, now + LIFETIME * 1000)
        return replay
      }
      const isSpent = denial === 'target denied, spent'
      if (denial && !isSpent && denial !== 'ignored') return remember({ denial })
      const answer = (): Answer =>
        remember(isSpent ? { denial } : { tokens: issue(family, now, audience, denial === 'ignored') })
      const isParent = indexOf(refreshToken) === family.current - 1 && now - family.spentAt <= grace
      if (isParent) return answer()
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
      return answer()
    },
    revoke(refreshToken) {
      const family = refreshToken === undefined ? undefined : families.get(familyOf(refreshToken))
      if (family) family.isRevoked = true
    },
    refuseAccess(audience) {
      for (const token of [...expiries.keys()])
        if (audience === undefined || audienceOf(token) === audience) expiries.delete(token)
    },
    accepts(accessToken, now, audience = '') {
      if (!accessToken || audienceOf(accessToken) !== audience) return false
      return families.get(familyOf(accessToken))?.isRevoked === false && (expiries.get(accessToken) ?? 0) > now
    },
  }
  return server
}
