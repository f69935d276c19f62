/** The address of the page. A server has none: there relative URLs resolve, and no request to them succeeds. */

/** What relative URLs are resolved against. */
export function baseUrl(): string {
  if (typeof document !== 'undefined') return document.baseURI
  return typeof location === 'undefined' ? 'http://authfetch.invalid/' : location.href
}

/** The page's origin; undefined where there is none. */
export function pageOrigin(): string | undefined {
  const origin = typeof location === 'undefined' ? 'null' : location.origin
  return origin === 'null' ? undefined : origin
}
