/** The client as its users see it. */

import type { JwtPayload } from 'jwt-decode'
import type { AuthFetch } from './auth-fetch.ts'
import type { AuthEvents } from './core/protocol/session.ts'
import type { AuthState } from './core/protocol/view.ts'
import type { TokenResponse } from './core/responses/tokens.ts'
import type { LoginTools } from './refresh/proofs.ts'

/** What the access token must be good for. */
export interface GetAccessTokenOptions {
  /**
   * How long the token must last at least (in milliseconds).
   *
   * @default 0
   */
  readonly minValidity?: number
  /**
   * Refreshes even though the token at hand is valid.
   *
   * @default false
   */
  readonly forceRefresh?: boolean
  /**
   * The access token that a server has refused, for requests made without `authFetch`. It is refreshed only if it is still
   * in use and did not come just now, as after a 401.
   *
   * @default none was refused
   */
  readonly refused?: string
  /**
   * Whose token, by its name in the option `audiences`.
   *
   * @default the session's own audience
   */
  readonly audience?: string | undefined
  /** Ends the waiting, not the refresh. */
  readonly signal?: AbortSignal
}

/** Whose claims. */
export type GetClaimsOptions = Pick<GetAccessTokenOptions, 'audience'>

/** `dispose` for `using`, where TypeScript knows it: without `ESNext.Disposable` in `lib` it has no such symbol. */
export type WithDispose = SymbolConstructor extends { readonly dispose: infer Name extends symbol }
  ? { readonly [Key in Name]: () => void }
  : Record<never, never>

/** One session, shared with the clients of the same name in all tabs of the origin. */
export interface AuthClient extends WithDispose {
  /**
   * `fetch` with the access token, a wait for it, and one retry after a 401; bound, so it can be passed around.
   *
   * Rejects as `fetch` does; and before anything is sent, as `getAccessToken` does.
   */
  readonly authFetch: AuthFetch
  /**
   * Resolves with a valid access token; undefined when nobody is signed in, or when tokens live in cookies alone.
   *
   * Rejects with a {@link RefreshUnavailableError} when none can be had now, with a {@link SessionEndedError} when
   * somebody else has signed in meanwhile, with a {@link DisposedError} after `dispose()`, with `signal.reason` when
   * aborted, with a TypeError when `minValidity` is no time or there is no such audience, with an `AudienceDeniedError` of
   * `authfetch/audiences` when the server gives this audience no token.
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<string | undefined>
  /**
   * The headers that one request needs, for what takes no `fetch`: `Authorization`, and `DPoP` where the token is bound
   * (RFC 9449 section 7.1). None where the address may not carry the token, or nobody is signed in.
   *
   * Rejects as `getAccessToken` does.
   */
  getHeaders(request: { readonly url: string | URL; readonly method?: string }): Promise<Record<string, string>>
  /**
   * The claim set of the access token, for display only: it is not verified; undefined for opaque tokens (RFC 7519
   * section 4, RFC 9068 section 6).
   *
   * @throws TypeError when there is no such audience
   */
  getClaims<Claims extends object = JwtPayload>(options?: GetClaimsOptions): Claims | undefined
  /**
   * Starts a session with tokens at hand (`{}` when the server has set cookies), or by a login that is run when nothing
   * of an earlier session can interfere any more: in cookie custody, use the latter. A login may resolve with the
   * server's `Response`, which is read as that of a refresh is.
   *
   * Rejects with a {@link TokenResponseError} when there are no tokens or the `Response` is an error, with what the login
   * rejects with, with a {@link SessionEndedError} when another tab has signed in or out during the login, and with a
   * {@link RefreshUnavailableError} when IndexedDB cannot be written.
   */
  signIn(tokens: TokenResponse | ((tools: LoginTools) => Promise<TokenResponse | Response>)): Promise<void>
  /**
   * Ends the session on this device at once, then tells the server.
   *
   * Rejects with what `onSignOut` rejects with, and when the server does not answer within `refreshTimeout`; the browser
   * is signed out all the same. Rejects with a {@link RefreshUnavailableError} when IndexedDB cannot be written.
   */
  signOut(): Promise<void>
  /**
   * Finds the session again: from other tabs, from IndexedDB, by one refresh. Resolves when its token is here, or cannot be
   * had now. Does not reject if there is no session.
   */
  restore(): Promise<AuthState>
  /** The state of the session: the same object until it changes. */
  getState(): AuthState
  /** Calls back when the state has changed; returns the function that ends this. */
  subscribe(listener: () => void): () => void
  /** Calls back at each transition; returns the function that ends this. */
  on<Name extends keyof AuthEvents>(event: Name, listener: (detail: AuthEvents[Name]) => void): () => void
  /** Ends every timer, listener, lock, channel and connection, once the answer to a pending refresh is written. */
  dispose(): void
}
