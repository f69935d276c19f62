/** Refreshing and signing out with a refresh token in an httpOnly cookie, which no script ever sees. */

import { check, checkNames } from '../core/errors.ts'
import { carriesKey, type Fields, fieldsOf, ownMembers, requestInit, resolveEndpoint } from './request.ts'
import { asRefresh, type ReadResponse, type ServerRefresh, type SignOut } from './transport.ts'

/** What every request to a cookie endpoint carries. */
export interface CookieRequestOptions {
  /**
   * Headers that a foreign page cannot send without a preflight, against CSRF; or a function that is called for each
   * request, synchronously, such as for a token that is in a cookie.
   *
   * @default { 'X-Requested-With': 'authfetch' }
   */
  readonly headers?: Fields
}

/** What a refresh with a cookie carries, and how its answer is read. */
export interface CookieRefreshOptions extends CookieRequestOptions {
  /**
   * Reads answers of another shape; see {@link ReadResponse}.
   *
   * @default token responses (RFC 6749 section 5.1)
   */
  readonly read?: ReadResponse
  /**
   * Whether each refresh carries an `Idempotency-Key`.
   *
   * @default true on the page's own origin, false elsewhere
   */
  readonly idempotencyKey?: boolean
  /**
   * Whether the server is known to replay its answer for an `Idempotency-Key` that it knows, so that after a reload
   * nobody waits for the answer to the page that is gone. Each refresh carries the key then.
   *
   * @default false
   */
  readonly replays?: boolean
}

const CSRF = { 'X-Requested-With': 'authfetch' }

/**
 * Refreshes by a POST with the refresh token's cookie. The server answers with a token response, in which any token may
 * be missing, or with 204; with 401 when nobody is signed in.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5 token responses and errors
 * @param url relative to the page
 * @throws TypeError when `url` is no URL, or an option is unknown or of the wrong type
 */
export function cookieRefresh(url: string | URL, options?: CookieRefreshOptions): ServerRefresh {
  const endpoint = resolveEndpoint(url, 'url')
  const { headers = CSRF, read, replays = false, idempotencyKey: isOn, ...unknown } = ownMembers(options)
  checkNames(unknown)
  const readHeaders = fieldsOf(headers, 'headers')
  check(typeof replays === 'boolean', 'replays', 'a boolean')
  const hasKey = carriesKey(endpoint, replays || isOn)
  return asRefresh(
    ({ idempotencyKey, signal, fetch }) =>
      fetch(
        endpoint,
        requestInit({
          credentials: 'include',
          headers: {
            Accept: 'application/json',
            ...readHeaders(),
            ...(hasKey && { 'Idempotency-Key': idempotencyKey }),
          },
          signal,
        }),
      ),
    { endpoint, read, replays },
  )
}

/**
 * Signs out by a POST with the session's cookies; rejects when the server answers with neither success nor a redirect.
 *
 * @param url relative to the page
 * @throws TypeError when `url` is no URL, or an option is unknown or of the wrong type
 */
export function cookieSignOut(url: string | URL, options?: CookieRequestOptions): SignOut {
  const endpoint = resolveEndpoint(url, 'url')
  const { headers = CSRF, ...unknown } = ownMembers(options)
  checkNames(unknown)
  const readHeaders = fieldsOf(headers, 'headers')
  return async ({ signal, fetch }) => {
    const response = await fetch(endpoint, requestInit({ credentials: 'include', headers: readHeaders(), signal }))
    // A redirect, to the login page most likely, is how many frameworks confirm a sign-out.
    if (!response.ok && response.type !== 'opaqueredirect')
      throw new Error(`the sign-out endpoint answered with status ${response.status}`)
  }
}
