/** The error of an audience that the server gives no token for. */

import { AuthError } from '../core/errors.ts'

/**
 * The server gives no access token for this audience; the session goes on. Calls get it at once for a minute, or until the
 * next sign-in. A refresh function may throw it for a request with an `audience`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2 `invalid_target`
 */
export class AudienceDeniedError extends AuthError {
  override readonly name = 'AudienceDeniedError'
  readonly code = 'audience-denied'
  /** The name of the audience, as in the option `audiences`. */
  declare readonly audience: string
  /** The server's error code, or what else it has answered; undefined if it gave a token that is not for this audience. */
  declare readonly error: string | undefined

  constructor(audience: string, error?: string) {
    super(
      `the server gives no token for the audience "${audience}"` +
        (error ? `: ${error}` : ', or a token for another one: is it granted?'),
    )
    this.audience = audience
    this.error = error
  }
}
