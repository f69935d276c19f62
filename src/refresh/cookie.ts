/** Refreshing and signing out with a refresh token in an httpOnly cookie, which no script ever sees. */

import { carriesKey, checkHeaders, ownMembers, resolveEndpoint } from './request.ts'
import { type Refresh, requestInit, type SignOut } from './transport.ts'

/** What every request to a cookie endpoint carries. */
export interface CookieRequestOptions {
  /**
   * Static headers that a foreign page cannot send without a preflight, against CSRF.
   *
   * @default { 'X-Requested-With': 'authfetch' }
   */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a refresh with a cookie carries. */
export interface CookieRefreshOptions extends CookieRequestOptions {
  /**
   * Whether each refresh carries an `Idempotency-Key`.
   *
   * @default true on the page's own origin, false elsewhere
   */
  readonly idempotencyKey?: boolean
}

const CSRF = { 'X-Requested-With': 'authfetch' }

/**
 * Refreshes by a POST with the refresh token's cookie. The server answers with a token response, in which any token may
 * be missing, or with 204; a refusal is an error response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5 token responses and errors
 * @param url relative to the page
 * @throws TypeError when `url` is no URL or an option is of the wrong type
 */
export function cookieRefresh(url: string | URL, options: CookieRefreshOptions = {}): Refresh {
  const endpoint = resolveEndpoint(url, 'url')
  const own = ownMembers(options)
  const headers = checkHeaders(own.headers, CSRF)
  const hasKey = carriesKey(endpoint, own.idempotencyKey)
  const refresh: Refresh = ({ idempotencyKey, signal, fetch }) =>
    fetch(
      endpoint,
      requestInit({
        credentials: 'include',
        headers: { Accept: 'application/json', ...headers, ...(hasKey && { 'Idempotency-Key': idempotencyKey }) },
        signal,
      }),
    )
  return Object.assign(refresh, { endpoint })
}

/**
 * Signs out by a POST with the session's cookies; rejects when the server does not answer with success.
 *
 * @param url relative to the page
 * @throws TypeError when `url` is no URL or an option is of the wrong type
 */
export function cookieSignOut(url: string | URL, options: CookieRequestOptions = {}): SignOut {
  const endpoint = resolveEndpoint(url, 'url')
  const headers = checkHeaders(ownMembers(options).headers, CSRF)
  return async ({ signal, fetch }) => {
    const response = await fetch(endpoint, requestInit({ credentials: 'include', headers, signal }))
    if (!response.ok) throw new Error(`the sign-out endpoint answered with status ${response.status}`)
  }
}
