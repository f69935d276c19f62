/** Refreshing at an OAuth 2.0 token endpoint, and revoking, as a public client that holds its refresh token. */
// Decisions (ARCHITECTURE.md): D48.

import { checkNames } from '../core/errors.ts'
import { carriesKey, checkString, type Fields, fieldsOf, ownMembers, requestInit, resolveEndpoint } from './request.ts'
import { asRefresh, type ReadResponse, type ServerRefresh, type SignOut } from './transport.ts'

/** What a token endpoint is to be told. */
export interface OAuthRefreshOptions {
  /** Absolute, or relative to the page (RFC 6749 section 3.2). */
  readonly tokenEndpoint: string | URL
  /** The public client's identifier (RFC 6749 section 2.2). */
  readonly clientId: string
  /** Asks for fewer scopes than were granted (RFC 6749 section 6). */
  readonly scope?: string
  /**
   * Further parameters of the request, such as `resource` or `audience`; or a function that is called for each request,
   * synchronously. The exchange of a code by `authfetch/login` carries them too.
   */
  readonly parameters?: Fields
  /**
   * Reads answers of another shape; see {@link ReadResponse}.
   *
   * @default token responses (RFC 6749 section 5.1)
   */
  readonly read?: ReadResponse
  /**
   * Whether each refresh carries an `Idempotency-Key`; at another origin it makes the browser send a preflight.
   *
   * @default true on the page's own origin, false elsewhere
   */
  readonly idempotencyKey?: boolean
}

/**
 * Refreshes by the refresh token grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @throws TypeError when an option is missing, unknown or of the wrong type
 */
export function oauthRefresh(options: OAuthRefreshOptions): ServerRefresh {
  const {
    tokenEndpoint,
    clientId: id,
    scope,
    parameters = {},
    read,
    idempotencyKey: isOn,
    ...unknown
  } = ownMembers(options)
  checkNames(unknown)
  const endpoint = resolveEndpoint(tokenEndpoint, 'tokenEndpoint')
  const clientId = checkString(id, 'clientId')
  if (scope !== undefined) checkString(scope, 'scope')
  const readParameters = fieldsOf(parameters, 'parameters')
  const hasKey = carriesKey(endpoint, isOn)
  return asRefresh(
    ({ refreshToken, idempotencyKey, proof, signal, fetch }) =>
      fetch(
        endpoint,
        requestInit({
          credentials: 'omit',
          keepalive: false,
          headers: {
            Accept: 'application/json',
            ...(hasKey && { 'Idempotency-Key': idempotencyKey }),
            ...(proof && { DPoP: proof }),
          },
          body: new URLSearchParams({
            ...readParameters(),
            grant_type: 'refresh_token',
            client_id: clientId,
            refresh_token: refreshToken as string,
            ...(scope && { scope }),
          }),
          signal,
        }),
      ),
    { endpoint, holdsRefreshToken: true, read, parameters: readParameters },
  )
}

/** What a revocation endpoint is to be told. */
export interface OAuthRevocationOptions {
  /** Absolute, or relative to the page. */
  readonly revocationEndpoint: string | URL
  /** The public client's identifier (RFC 6749 section 2.2). */
  readonly clientId: string
}

/**
 * Revokes the refresh token, and with it the session; rejects when the server does not answer with success.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 * @throws TypeError when an option is missing, unknown or of the wrong type
 */
export function oauthRevocation(options: OAuthRevocationOptions): SignOut {
  const { revocationEndpoint, clientId: id, ...unknown } = ownMembers(options)
  checkNames(unknown)
  const endpoint = resolveEndpoint(revocationEndpoint, 'revocationEndpoint')
  const clientId = checkString(id, 'clientId')
  return async ({ refreshToken, signal, fetch }) => {
    if (!refreshToken) return
    const body = new URLSearchParams({
      token: refreshToken,
      token_type_hint: 'refresh_token',
      client_id: clientId,
    })
    const response = await fetch(endpoint, requestInit({ credentials: 'omit', body, signal }))
    if (!response.ok) throw new Error(`the revocation endpoint answered with status ${response.status}`)
  }
}
