/** The public names. */

export type { AuthRequestInit } from './asked-request.ts'
export type { AuthClient, GetAccessTokenOptions, GetClaimsOptions, WithDispose } from './auth-client.ts'
export type { AuthFetch } from './auth-fetch.ts'
export { createAuthClient } from './client.ts'
export type { SignedOutReason } from './core/entry/entry.ts'
export {
  AuthError,
  DisposedError,
  type LoginResponse,
  RefreshUnavailableError,
  SessionEndedError,
  TokenResponseError,
} from './core/errors.ts'
export type { Adopt, MissingPart } from './core/ports.ts'
export { type FormerSession, formerSession } from './core/protocol/former-session.ts'
export type { AuthEvents, TabSource } from './core/protocol/session.ts'
export type { AuthState } from './core/protocol/view.ts'
export type { TokenResponse } from './core/responses/tokens.ts'
export { lateFetch } from './late-fetch.ts'
export type { AuthClientOptions } from './options.ts'
export { type CookieRefreshOptions, type CookieRequestOptions, cookieRefresh, cookieSignOut } from './refresh/cookie.ts'
export { type JsonRefreshOptions, type JsonRefreshTokens, jsonRefresh } from './refresh/json.ts'
export {
  type OAuthRefreshOptions,
  type OAuthRevocationOptions,
  oauthRefresh,
  oauthRevocation,
} from './refresh/oauth.ts'
export type { LoginTools, Proofs } from './refresh/proofs.ts'
export type { Fields } from './refresh/request.ts'
export type {
  ReadResponse,
  Refresh,
  RefreshRequest,
  ServerRefresh,
  SignOut,
  SignOutRequest,
} from './refresh/transport.ts'
export { type ResponseTokens, responseTokens } from './response-tokens.ts'
