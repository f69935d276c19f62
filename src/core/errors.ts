/** The errors that callers get: a TypeError for misuse, others with a literal `code`. None carries a token. */

import type { SignedOutReason } from './entry/entry.ts'

interface Cause {
  readonly cause?: unknown
}

/**
 * Why a sign-in by redirect has failed. `unknown-state`: it was not started in this browser, is over, or took more than
 * ten minutes; `wrong-issuer`: another server answers than was asked (RFC 9207); `no-code`: the answer has neither a code
 * nor an error; `invalid-id-token`: the ID token is for somebody else; `network`: no usable answer came; `storage`:
 * IndexedDB is blocked. With an underscore: an error code of the server's, such as `access_denied`, `login_required` or
 * `invalid_grant` (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core 1.0 section 3.1.2.6).
 */
export type LoginErrorCode =
  | 'unknown-state'
  | 'wrong-issuer'
  | 'no-code'
  | 'invalid-id-token'
  | 'network'
  | 'storage'
  | `${string}_${string}`

/** The base of every error of this library. */
export abstract class AuthError extends Error {
  /** Tells the errors apart, in a `switch` too. */
  abstract readonly code:
    | 'session-ended'
    | 'refresh-unavailable'
    | 'audience-denied'
    | 'token-response'
    | 'disposed'
    | LoginErrorCode
}

/**
 * The session is over and only a new sign-in helps; a refresh function throws it to report a verdict of the server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 `invalid_grant`
 */
export class SessionEndedError extends AuthError {
  override readonly name = 'SessionEndedError'
  readonly code = 'session-ended'
  /** Why the session is over; `superseded`: a later sign-in or sign-out counts, such as that of a second click. */
  declare readonly reason: SignedOutReason

  constructor(reason: SignedOutReason = 'rejected', options?: Cause) {
    super(`the session has ended: ${reason}`, options)
    this.reason = reason
  }
}

/**
 * No new token can be had now, and the session goes on; a refresh function throws it to report that the server
 * refused the request before processing it.
 */
export class RefreshUnavailableError extends AuthError {
  override readonly name = 'RefreshUnavailableError'
  readonly code = 'refresh-unavailable'
  /** The earliest time of the next try (in milliseconds since the epoch); undefined when nothing tells. */
  declare readonly retryAt: number | undefined

  constructor(message = 'the access token cannot be refreshed now', options?: Cause & { readonly retryAt?: number }) {
    super(message, options)
    this.retryAt = options?.retryAt
  }
}

/** What can be asked of the response of a refused login: it is the `Response` itself. */
export interface LoginResponse {
  /** The status code. */
  readonly status: number
  /** The headers that can be read. */
  readonly headers: { get(name: string): string | null }
  /** Reads the body as JSON. */
  json(): Promise<unknown>
  /** Reads the body as text. */
  text(): Promise<string>
}

/** The server's token response is not one; the message names the member at fault, or the status of a refusal. */
export class TokenResponseError extends AuthError {
  override readonly name = 'TokenResponseError'
  readonly code = 'token-response'
  /** The status of a refused login. */
  declare readonly status?: number
  /** The response of a refused login, its body unread. */
  declare readonly response?: LoginResponse
}

/** The client has been disposed of: whoever waits, and whoever calls later, is told so. */
export class DisposedError extends AuthError {
  override readonly name = 'DisposedError'
  readonly code = 'disposed'

  constructor() {
    super('the client has been disposed of')
  }
}

/** Throws a TypeError that names an unknown option. */
export function checkNames(options: object, known: object = {}): void {
  for (const name of Object.keys(options)) check(Object.hasOwn(known, name), name, 'left out: it is no option')
}

/** Throws a TypeError that names the option at fault. */
export function check(isRight: unknown, option: string, wanted: string): asserts isRight {
  if (!isRight) throw new TypeError(`"${option}" must be ${wanted}`)
}
