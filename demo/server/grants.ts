// What the authorization server grants, refuses and takes back, apart from HTTP; it alone issues tokens.

import { writeCookie } from './http.ts'
import type { Custody, Family, Rotation } from './sessions.ts'
import type { Settings, Stats } from './settings.ts'
import type { Store } from './store.ts'
import type { AccessTokenIssuer } from './tokens.ts'

export interface Answer {
  readonly body: object
  readonly cookies: string[]
}

export interface Refusal {
  readonly refusal: {
    readonly error: 'invalid_grant'
    readonly error_description: string
    readonly error_code?: string
  }
}

export type EventKind = 'signed-in' | 'rotated' | 'replayed' | 'reused' | 'revoked' | 'signed-out'

export interface GrantsParts {
  readonly store: Store
  readonly issuer: AccessTokenIssuer
  readonly settings: Settings
  readonly stats: Stats
  readonly secureCookies: boolean
  announce(kind: EventKind, family: Family): void
}

export interface Grants {
  /** Without their prefix, when cookies are not secure. */
  readonly cookieNames: { readonly refresh: string; readonly access: string }
  /** With the thumbprint of a key, the tokens are bound to it. */
  signIn(user: string, device: string, custody: Custody, jkt?: string): Promise<Answer>
  refresh(
    refreshToken: string | undefined,
    custodies: readonly Custody[],
    key: string | undefined,
    jkt?: string,
  ): Promise<Answer | Refusal>
  isBound(refreshToken: string): boolean
  /** Works with any refresh token of the session, spent or not; an unknown one is fine. */
  signOut(refreshToken: string | undefined): void
  expiredCookies(): string[]
  /** A new access token for a session that is alive. */
  renew(session: string): Promise<string | undefined>
}

export function createGrants({ store, issuer, settings, stats, secureCookies, announce }: GrantsParts): Grants {
  // A `__Host-` name would need the path `/`; the narrower path is worth more, so the prefix is `__Secure-`.
  const prefix = secureCookies ? '__Secure-' : ''
  const cookieNames = { refresh: `${prefix}refresh`, access: `${prefix}access` }
  const refreshCookie = (value: string, maxAge: number): string =>
    writeCookie(cookieNames.refresh, value, { path: '/auth', maxAge, secure: secureCookies })
  const accessCookie = (value: string, maxAge: number): string =>
    writeCookie(cookieNames.access, value, { path: '/api', maxAge, secure: secureCookies })
  const accessToken = ({ subject, id, jkt }: Family): Promise<string> =>
    issuer.issue(subject, id, settings.accessLifetime, jkt)

  async function answer(family: Family, refreshToken: string): Promise<Answer> {
    const token = await accessToken(family)
    const expires = { expires_in: settings.accessLifetime }
    const bearer = { access_token: token, token_type: family.jkt === null ? 'Bearer' : 'DPoP', ...expires }
    if (family.custody === 'client') return { body: { ...bearer, refresh_token: refreshToken }, cookies: [] }
    const cookies = [refreshCookie(refreshToken, settings.refreshLifetime)]
    if (family.custody === 'cookie') return { body: bearer, cookies }
    return { body: expires, cookies: [...cookies, accessCookie(token, settings.accessLifetime)] }
  }

  function count(rotation: Rotation): void {
    if (rotation.kind === 'rotated') stats.refreshesGranted++
    else if (rotation.kind === 'replayed') stats.refreshesReplayed++
    else stats.refreshesRefused++
    if (rotation.kind === 'reused' && rotation.isFirst) stats.reusesDetected++
    if ('family' in rotation) announce(rotation.kind, rotation.family)
  }

  return {
    cookieNames,
    signIn(user, device, custody, jkt) {
      const { family, refreshToken } = store.createFamily(user, device, custody, jkt)
      announce('signed-in', family)
      return answer(family, refreshToken)
    },
    async refresh(refreshToken, custodies, key, jkt) {
      const rotation: Rotation = refreshToken
        ? store.rotate(refreshToken, custodies, key, jkt)
        : { kind: 'refused', reason: 'unknown' }
      count(rotation)
      if ('refreshToken' in rotation) return answer(rotation.family, rotation.refreshToken)
      const code = rotation.kind === 'reused' ? { error_code: 'refresh_token_reused' } : {}
      return { refusal: { error: 'invalid_grant', error_description: 'the refresh token is not valid', ...code } }
    },
    isBound: store.isBound,
    signOut(refreshToken) {
      const family = refreshToken ? store.revokeByToken(refreshToken) : undefined
      if (family) announce('signed-out', family)
    },
    expiredCookies: () => [refreshCookie('', 0), accessCookie('', 0)],
    async renew(session) {
      const family = store.activeFamily(session)
      return family && accessToken(family)
    },
  }
}
