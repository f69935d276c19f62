/** Refreshing at an endpoint that takes and gives JSON, by a client that holds its refresh token. */
// Decisions (ARCHITECTURE.md): D48.

import { check, checkNames, RefreshUnavailableError } from '../core/errors.ts'
import { optional } from '../core/optional.ts'
import { carriesKey, type Fields, fieldsOf, ownMembers, requestInit, resolveEndpoint } from './request.ts'
import { asRefresh, type ReadResponse, type ServerRefresh } from './transport.ts'

/** What the body of a refresh is made of. */
export interface JsonRefreshTokens {
  /** The refresh token to spend. */
  readonly refreshToken: string
  /** The newest access token, expired or not; undefined when nobody knows it. */
  readonly accessToken: string | undefined
}

/** What an endpoint that takes JSON is to be told, and how its answer is read. */
export interface JsonRefreshOptions {
  /** Absolute, or relative to the page. */
  readonly endpoint: string | URL
  /**
   * The body of the request, to be encoded as JSON. It is called once without tokens too: if it reads `accessToken`, the
   * access token is kept in IndexedDB beside the refresh token, so that it is there after a reload.
   *
   * @default ({ refreshToken }) => ({ refresh_token: refreshToken })
   */
  readonly body?: (tokens: JsonRefreshTokens) => unknown
  /** Further headers, or a function that is called for each request, synchronously. */
  readonly headers?: Fields
  /**
   * Reads answers of another shape; see {@link ReadResponse}.
   *
   * @default token responses (RFC 6749 section 5.1)
   */
  readonly read?: ReadResponse
  /**
   * Whether each refresh carries an `Idempotency-Key`; at another origin the server's CORS must allow it.
   *
   * @default true on the page's own origin, false elsewhere
   */
  readonly idempotencyKey?: boolean
}

/**
 * Refreshes by a POST of JSON, for servers that hand the refresh token to the client and are no OAuth 2.0 servers.
 *
 * @throws TypeError when an option is missing, unknown or of the wrong type
 */
export function jsonRefresh(options: JsonRefreshOptions): ServerRefresh {
  const {
    endpoint: address,
    body = ({ refreshToken }: JsonRefreshTokens) => ({ refresh_token: refreshToken }),
    headers = {},
    read,
    idempotencyKey: isOn,
    ...unknown
  } = ownMembers(options)
  checkNames(unknown)
  const endpoint = resolveEndpoint(address, 'endpoint')
  check(typeof body === 'function', 'body', 'a function')
  const readHeaders = fieldsOf(headers, 'headers')
  const hasKey = carriesKey(endpoint, isOn)
  let needsAccessToken = false
  // It may throw for want of tokens, and has said what it reads by then.
  optional(() =>
    body({
      refreshToken: '',
      get accessToken() {
        needsAccessToken = true
        return ''
      },
    }),
  )
  function encode(tokens: JsonRefreshTokens): string {
    try {
      return JSON.stringify(body(tokens))
    } catch (cause) {
      throw new RefreshUnavailableError('nothing was sent: "body" failed', { cause })
    }
  }
  return asRefresh(
    ({ refreshToken, accessToken, idempotencyKey, proof, signal, fetch }) =>
      fetch(
        endpoint,
        requestInit({
          credentials: 'omit',
          keepalive: false,
          headers: {
            Accept: 'application/json',
            'Content-Type': 'application/json',
            ...readHeaders(),
            ...(hasKey && { 'Idempotency-Key': idempotencyKey }),
            ...(proof && { DPoP: proof }),
          },
          body: encode({ refreshToken: refreshToken as string, accessToken }),
          signal,
        }),
      ),
    { endpoint, holdsRefreshToken: true, needsAccessToken, read },
  )
}
