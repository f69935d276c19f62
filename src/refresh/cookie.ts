/** Refreshing and signing out with a refresh token in an httpOnly cookie, which no script ever sees. */

import { REQUEST_INIT, type Refresh, type SignOut } from './refresh.ts'
import { checkHeaders, idempotencyHeader, resolveEndpoint } from './request.ts'

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
 * Refreshes by a POST with the refresh token's cookie.
 *
 * @param url relative to the page
 * @throws TypeError when `url` is no URL or an option is of the wrong type
 */
export function cookieRefresh(url: string | URL, options: CookieRefreshOptions = {}): Refresh {
  const endpoint = resolveEndpoint(url, 'url')
  const headers = checkHeaders(options.headers, CSRF)
  const idempotency = idempotencyHeader(endpoint, options.idempotencyKey)
  const refresh: Refresh = ({ idempotencyKey, signal, fetch }) =>
    fetch(endpoint, {
      ...REQUEST_INIT,
      credentials: 'include',
      headers: { Accept: 'application/json', ...headers, ...idempotency(idempotencyKey) },
      signal,
    })
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
  const headers = checkHeaders(options.headers, CSRF)
  return async ({ signal, fetch }) => {
    const response = await fetch(endpoint, { ...REQUEST_INIT, credentials: 'include', headers, signal })
    if (!response.ok) throw new Error(`the sign-out endpoint answered with status ${response.status}`)
  }
}
