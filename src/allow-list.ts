/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */

import { baseUrl, parseUrl } from './platform/page.ts'

/** A path that parsing leaves as it is: no dots, no escapes, no backslashes, no white space before the query. */
const PLAIN_PATH = /^\/[\w-][\w/-]*(?=$|[?#])/

/** Gives the absolute address when the token may go there. */
export function createAllowList(
  origins: readonly string[],
  endpoint: URL | undefined,
): (url: string) => string | undefined {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  const starts = origins.map((origin) => `${origin}/`)
  let base: string | undefined
  let page: URL | undefined

  /** The origin of the page, parsed again only when its base has changed. */
  function ownOrigin(): string | undefined {
    const current = baseUrl()
    if (current !== base) {
      base = current
      page = parseUrl(current, undefined, URL)
    }
    return page?.origin
  }

  return (url) => {
    // Nothing behind the slash that ends an origin changes it, so most addresses need no parser.
    const shown = origins[starts.findIndex((start) => url.startsWith(start))]
    const path = shown ? url.slice(shown.length) : url
    const plain = PLAIN_PATH.exec(path)?.[0]
    if (plain !== undefined && plain !== endpoint?.pathname) {
      const origin = shown ?? ownOrigin()
      return origin !== undefined && origins.includes(origin) ? origin + path : undefined
    }
    const parsed = parseUrl(url, baseUrl(), URL)
    // What is no URL is for `fetch` to refuse.
    if (!parsed || !origins.includes(parsed.origin)) return undefined
    const { href, origin, pathname, search } = parsed
    const isEndpoint =
      origin === endpoint?.origin && pathname === endpoint.pathname && (!endpoint.search || search === endpoint.search)
    return isEndpoint ? undefined : href
  }
}
