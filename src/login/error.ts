/** The error of a sign-in by redirect. What a server wrote goes into it only as a code. */

import { AuthError, type LoginErrorCode } from '../core/errors.ts'

/** The sign-in by redirect has failed; a session from before goes on. */
export class LoginError extends AuthError {
  override readonly name = 'LoginError'
  /** Why: one of the library's own codes, or an error code of OAuth. */
  readonly code: LoginErrorCode

  constructor(code: LoginErrorCode) {
    super(`the sign-in has failed: ${code}`)
    this.code = code
  }
}

/** The error code in an answer of the server; what does not look like one counts as `server_error`. */
export function oauthError(code: unknown): LoginError {
  return new LoginError(/^[a-z]+(_[a-z]+)+$/.test(String(code)) ? (code as LoginErrorCode) : 'server_error')
}
