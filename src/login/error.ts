/** The error of a sign-in by redirect. What a server wrote goes into its message only as a code. */

import { AuthError, type LoginErrorCode } from '../core/errors.ts'

/** The sign-in by redirect has failed; a session from before goes on. The `cause` tells a developer more, but no secret. */
export class LoginError extends AuthError {
  override readonly name = 'LoginError'
  /** Why: one of the library's own codes, or an error code of OAuth. */
  readonly code: LoginErrorCode

  constructor(code: LoginErrorCode, options?: { readonly cause?: unknown }) {
    super(`the sign-in has failed: ${code}`, options)
    this.code = code
  }
}

/** Tells a developer the details, and why that is so, where something tells. */
export const loginError = (code: LoginErrorCode, details: string, why?: { readonly cause: unknown }): LoginError =>
  new LoginError(code, { cause: new Error(details, why) })

/** The answer of another server than the one that was asked. */
export const wrongIssuer = (wanted: string, found: unknown): LoginError =>
  loginError('wrong-issuer', `"issuer" is ${wanted}, the server's is ${found}`)

/** The error code in an answer of the server; what does not look like one counts as `server_error`. */
export function oauthError(code: unknown, details: string): LoginError {
  return loginError(/^[a-z]+(_[a-z]+)+$/.test(String(code)) ? (code as LoginErrorCode) : 'server_error', details)
}
