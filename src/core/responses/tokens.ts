/** Token responses: reading what a server sent, and learning how long it lasts. Knows no clock. */

import { type JwtPayload, jwtDecode } from 'jwt-decode'
import { TokenResponseError } from '../errors.ts'
import { optional } from '../optional.ts'

/**
 * A token response as it is on the wire; camelCase names are understood too. Without a refresh token the one before
 * stays; without an access token the session rests on cookies alone.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export interface TokenResponse {
  /** A string of visible ASCII characters, opaque or a JWT. */
  readonly access_token?: string
  /** Lifetime of the access token (in seconds); without it, the `exp` of a JWT counts. */
  readonly expires_in?: number | string
  /** The next refresh token, where the client holds it. */
  readonly refresh_token?: string
  /** Must be `Bearer`, in any case of letters, if given (RFC 6749 section 7.1). */
  readonly token_type?: string
  /** Not looked at. */
  readonly scope?: string
  /** Its subject is the session's where the access token is opaque (OpenID Connect Core 1.0 section 2). */
  readonly id_token?: string
  /** Read where `access_token` is missing. */
  readonly accessToken?: string
  /** Read where `expires_in` is missing (in seconds). */
  readonly expiresIn?: number | string
  /** Read where `refresh_token` is missing. */
  readonly refreshToken?: string
}

/** A token response that was checked. */
export interface Tokens {
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
  /** Whom the tokens are for, where they tell. */
  readonly subject: string | undefined
  /** How long the access token lasts from its receipt (in milliseconds); undefined when nothing tells. */
  readonly lifetime: number | undefined
}

function readToken(value: unknown, member: string): string | undefined {
  if (value === undefined || value === null) return undefined
  // Anything else could not travel in a header (RFC 6750 section 2.1).
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw new TokenResponseError(`"${member}" must be a string of visible ASCII characters`)
}

/** The claim set of a JWT; undefined for opaque tokens and JWEs. */
export function decodeClaims(token: string | undefined): JwtPayload | undefined {
  // Three parts make a JWS; a JWE has five, and an opaque token whatever it likes.
  if (`${token}`.split('.').length !== 3) return undefined
  // What is not a JWT is no fault: access tokens are opaque to clients (RFC 9068 section 6).
  const claims: unknown = optional(() => jwtDecode(token as string))
  return typeof claims === 'object' && claims !== null ? claims : undefined
}

/**
 * The lifetime is `expires_in`, else `exp - iat`, else `exp` against the clock of the server. One of nothing is none: the
 * 401 says when to refresh.
 */
function readLifetime(
  expiresIn: unknown,
  { exp, iat }: JwtPayload,
  serverNow: number,
  isGranted: boolean,
): number | undefined {
  const given = optional(() => Number(expiresIn ?? 0) * 1000)
  if (Number.isFinite(given)) {
    if ((given as number) > 0) return given
  } else if (!isGranted) throw new TokenResponseError('"expires_in" must be a number of seconds')
  const lifetime = typeof exp === 'number' ? exp * 1000 - (typeof iat === 'number' ? iat * 1000 : serverNow) : 0
  return lifetime > 0 ? lifetime : undefined
}

/**
 * Reads a token response; throws a {@link TokenResponseError} that names the member at fault. Where it `isGranted`, a
 * refresh token has been spent for it, so that a lifetime nobody can read must not cost the new one.
 */
export function readTokenResponse(value: unknown, serverNow: number, isGranted = false): Tokens {
  if (typeof value !== 'object' || value === null)
    throw new TokenResponseError('the token response is not a JSON object')
  // Own members only, so that a polluted prototype adds no token.
  const response: TokenResponse = Object.assign(Object.create(null), value)
  const { token_type: type = null } = response
  if (type !== null && !(typeof type === 'string' && /^bearer$/i.test(type))) {
    throw new TokenResponseError('"token_type" must be "Bearer"')
  }
  const accessToken = readToken(response.access_token ?? response.accessToken, 'access_token')
  const claims = decodeClaims(accessToken) ?? {}
  return {
    accessToken,
    refreshToken: readToken(response.refresh_token ?? response.refreshToken, 'refresh_token'),
    subject: claims.sub ?? decodeClaims(response.id_token)?.sub,
    lifetime: readLifetime(response.expires_in ?? response.expiresIn, claims, serverNow, isGranted),
  }
}
