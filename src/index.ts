/** The public names. */

export type { AuthFetch, AuthRequestInit } from './auth-fetch.ts'
export { type AuthClient, createAuthClient, type GetAccessTokenOptions } from './client.ts'
export {
  AuthError,
  DisposedError,
  RefreshUnavailableError,
  SessionEndedError,
  TokenResponseError,
} from './core/errors.ts'
export type { SignedOutReason } from './core/ledger.ts'
export type { Channel, Clock, Ledger, Lifecycle, Locks, MissingPart, Platform } from './core/ports.ts'
export type { AuthEvents, AuthState, Origin } from './core/session.ts'
export type { TokenResponse } from './core/tokens.ts'
export type { AuthClientOptions } from './options.ts'
export { type CookieRefreshOptions, type CookieRequestOptions, cookieRefresh, cookieSignOut } from './refresh/cookie.ts'
export {
  type OAuthRefreshOptions,
  type OAuthRevocationOptions,
  oauthRefresh,
  oauthRevocation,
} from './refresh/oauth.ts'
export type { Refresh, RefreshRequest, SignOut, SignOutRequest } from './refresh/refresh.ts'
