/** Token responses: reading what a server sent, and learning how long it lasts. Knows no clock. */
// Decisions (ARCHITECTURE.md): D6, D8.

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
  /** When the access token expires: seconds since the epoch or ISO 8601; read where nothing tells the lifetime. */
  readonly expires_at?: number | string
  /** `DPoP` where the client has `proofs`; no other type that needs more than the token itself (RFC 6749 section 7.1). */
  readonly token_type?: string
  /** The key that the tokens are bound to, for `signIn` alone: a CryptoKeyPair that cannot be exported (RFC 9449). */
  readonly key?: { readonly privateKey: object; readonly publicKey: object } | undefined
  /** Not looked at. */
  readonly scope?: string
  /** Its subject is the session's where the access token is opaque (OpenID Connect Core 1.0 section 2). */
  readonly id_token?: string
  /** Read where `access_token` is missing. */
  readonly accessToken?: string
  /** Read where `expires_in` is missing (in seconds). */
  readonly expiresIn?: number | string
  /** Read where `expires_at` is missing (in seconds since the epoch, or ISO 8601). */
  readonly expiresAt?: number | string
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
  /** The access token, where the ledger is to keep it. */
  readonly kept?: string | undefined
  /** Set where each request with the access token needs a proof (RFC 9449 section 5). */
  readonly proofs?: unknown
  /** What the tokens are bound by. */
  readonly bound?: unknown
}

/** Marks the access token to be kept, where a refresh needs it. */
export const keep = (tokens: Tokens, { needsAccessToken }: { readonly needsAccessToken: boolean }): Tokens =>
  needsAccessToken ? { ...tokens, kept: tokens.accessToken } : tokens

function readToken(value: unknown, member: string): string | undefined {
  // Go servers leave empty members in.
  if (value === undefined || value === null || value === '') return undefined
  // Anything else could not travel in a header (RFC 6750 section 2.1).
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw new TokenResponseError(`"${member}" must be a string of visible ASCII characters`)
}

/** The claim set of a JWT; undefined for opaque tokens and JWEs. */
export function decodeClaims(token: string | undefined): JwtPayload | undefined {
  // A signed JWT has three parts. A JWE has five, and an opaque token any number.
  if (`${token}`.split('.').length !== 3) return undefined
  // It is no error that a token is not a JWT: access tokens are opaque to clients (RFC 9068 section 6).
  const claims: unknown = optional(() => jwtDecode(token as string))
  return typeof claims === 'object' && claims !== null ? claims : undefined
}

/**
 * The lifetime is `expires_in`, else `exp - iat`, else `expires_at` or `exp` against the clock of the server. A lifetime
 * of zero counts as unknown: then a 401 says when to refresh. A token is not older than the response it came with (`servedAt`):
 * SimpleJWT copies `iat` from the refresh token.
 */
function readLifetime(
  expiresIn: unknown,
  expiresAt: unknown,
  { exp = 0, iat }: JwtPayload,
  now: number,
  isGranted: boolean,
  servedAt: number,
): number | undefined {
  const given = optional(() => Number(expiresIn ?? 0) * 1000)
  if (Number.isFinite(given)) {
    if ((given as number) > 0) return given
  } else if (!isGranted) throw new TokenResponseError('"expires_in" must be a number of seconds')
  const expiry = typeof exp === 'number' ? exp * 1000 : 0
  const lifetime =
    expiry && typeof iat === 'number'
      ? // A clock that is beyond the expiry proves nothing.
        expiry - Math.max(iat * 1000, servedAt < expiry ? servedAt : 0)
      : (optional(() => epochOf(Number(expiresAt)) || Date.parse(expiresAt as string)) || expiry) - (servedAt || now)
  return lifetime > 0 ? lifetime : undefined
}

/** Milliseconds since the epoch, of these or of seconds: as milliseconds, 1e11 is 1973; as seconds, the year 5138. */
const epochOf = (time: number): number => (time > 1e11 ? time : time * 1000)

/** The token types that cannot be sent as Bearer (RFC 9449, RFC 8693). Servers that say anything else mean Bearer. */
const BOUND = /dpop|pop|mac|n_a/i
/** Members that may accompany tokens in cookies. */
const ASIDE = /^(expires|token_type|scope)/

/** Some servers put a whole object there, which is never equal to the next one. */
const subjectOf = (claims: JwtPayload | undefined): string | undefined =>
  typeof claims?.sub === 'object' ? undefined : claims?.sub

/** The refresh token in a token response. */
export const readRefreshToken = (response: TokenResponse): string | undefined =>
  readToken(response.refresh_token ?? response.refreshToken, 'refresh_token')

/**
 * Reads a token response; throws a {@link TokenResponseError} that names the member at fault. Where it `isGranted`, a
 * refresh token has been spent for it, so that a lifetime nobody can read must not cost the new one. `servedAt` is the
 * time of the response by the server's clock, where it tells.
 */
export function readTokenResponse(
  value: unknown,
  now: number,
  /** Whatever ties tokens to a key: without it, bound tokens are refused. */
  binding?: unknown,
  isGranted = false,
  servedAt = 0,
): Tokens {
  // A Response, a promise or a URLSearchParams has no members of its own, and would pass for "tokens in cookies".
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Symbol.toStringTag in value)
    throw new TokenResponseError('the token response is not a JSON object')
  // Own members only, so that a polluted prototype adds no token.
  const response = { __proto__: null, ...value } as TokenResponse
  const type = response.token_type ?? ''
  const isBound = binding && /^dpop$/i.test(`${type}`)
  if (!isBound && (typeof type !== 'string' || BOUND.test(type))) {
    throw new TokenResponseError('"token_type" must be "Bearer"')
  }
  const accessToken = readToken(response.access_token ?? response.accessToken, 'access_token')
  const refreshToken = readRefreshToken(response)
  const expiresIn = response.expires_in ?? response.expiresIn
  const expiresAt = response.expires_at ?? response.expiresAt
  // Nothing, or a lifetime alone: both tokens are in cookies.
  const names = Object.keys(response).filter((name) => !ASIDE.test(name) || (expiresIn ?? expiresAt) == null)
  if (!accessToken && !refreshToken && names.length > 0) {
    // Names only, and none that could be a token itself.
    const found = names.filter((name) => /^\w{1,40}$/.test(name))
    throw new TokenResponseError(`no token in ${found.join(', ')}: map it by "read", from a Response`)
  }
  const claims = decodeClaims(accessToken) ?? {}
  return {
    accessToken,
    refreshToken,
    subject: subjectOf(claims) ?? subjectOf(decodeClaims(response.id_token)),
    lifetime: readLifetime(expiresIn, expiresAt, claims, now, isGranted, servedAt),
    proofs: isBound || undefined,
  }
}
