// What the authorization server grants, refuses and takes back, apart from HTTP; it alone issues tokens.

import { writeCookie } from './http.ts'
import type { Custody, Family, Granted, Presented, Rotation } from './sessions.ts'
import type { Settings, Stats } from './settings.ts'
import type { Store } from './store.ts'
import { type AccessTokenIssuer, AUDIENCES, type Audience } from './tokens.ts'

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

/** A request for a refresh, which may have come without a token. */
export type PresentedIfAny = Omit<Presented, 'refreshToken'> & { readonly refreshToken: string | undefined }

export interface Grants {
  /** Without their prefix, when cookies are not secure. */
  readonly cookieNames: { readonly refresh: string; readonly access: string }
  /** With the thumbprint of a key, the tokens are bound to it. */
  signIn(user: string, device: string, custody: Custody, jkt?: string): Promise<Answer>
  refresh(presented: PresentedIfAny): Promise<Answer | Refusal>
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
  /** Each API gets its own: the path is its name. */
  const accessCookie = (audience: Audience, value: string, maxAge: number): string =>
    writeCookie(cookieNames.access, value, { path: `/${audience}`, maxAge, secure: secureCookies })
  const accessToken = ({ subject, id, jkt }: Family, audience: Audience): Promise<string> =>
    issuer.issue(subject, id, settings.accessLifetime, jkt, audience)

  async function answer({ family, refreshToken, audience }: Granted): Promise<Answer> {
    const token = await accessToken(family, audience)
    const expires = { expires_in: settings.accessLifetime }
    const bearer = { access_token: token, token_type: family.jkt === null ? 'Bearer' : 'DPoP', ...expires }
    if (family.custody === 'client') return { body: { ...bearer, refresh_token: refreshToken }, cookies: [] }
    const cookies = [refreshCookie(refreshToken, settings.refreshLifetime)]
    if (family.custody === 'cookie') return { body: bearer, cookies }
    return { body: expires, cookies: [...cookies, accessCookie(audience, token, settings.accessLifetime)] }
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
      return answer({ family, refreshToken, audience: 'api' })
    },
    async refresh({ refreshToken, ...others }) {
      const rotation: Rotation = refreshToken
        ? store.rotate({ refreshToken, ...others })
        : { kind: 'refused', reason: 'unknown' }
      count(rotation)
      if ('refreshToken' in rotation) return answer(rotation)
      const code = rotation.kind === 'reused' ? { error_code: 'refresh_token_reused' } : {}
      return { refusal: { error: 'invalid_grant', error_description: 'the refresh token is not valid', ...code } }
    },
    isBound: store.isBound,
    signOut(refreshToken) {
      const family = refreshToken ? store.revokeByToken(refreshToken) : undefined
      if (family) announce('signed-out', family)
    },
    expiredCookies: () => [refreshCookie('', 0), ...AUDIENCES.map((audience) => accessCookie(audience, '', 0))],
    async renew(session) {
      const family = store.activeFamily(session)
      return family && accessToken(family, 'api')
    },
  }
}
