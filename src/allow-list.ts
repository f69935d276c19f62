/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */
// Decisions (ARCHITECTURE.md): D36.

import { baseUrl, parseUrl } from './platform/page.ts'

/** A pattern of the text itself. */
const literal = (text: string): string => text.replaceAll(/\W/g, '\\$&')

/** Gives the absolute address when the token may go there. */
export function createAllowList(
  origins: readonly string[],
  endpoint: URL | undefined,
  /** Other audiences have tokens of their own. */
  audiences?: { readonly audienceOf: (url: string) => string | undefined },
): (url: string) => string | undefined {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  // Matches an allowed origin or none, and a path that a parser would leave as it is: no dots, escapes, backslashes or
  // white space before the query. What begins like the refresh endpoint is left to the parser, because it may be that.
  const plain = new RegExp(
    `^(?:${origins.map(literal).join('|')})?${endpoint ? `(?!${literal(endpoint.pathname)})` : ''}/[\\w-][\\w/-]*(?![^?#])`,
  )
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
    if (audiences?.audienceOf(url)) return undefined
    if (plain.test(url)) {
      if (url[0] !== '/') return url
      const origin = ownOrigin()
      return origin !== undefined && origins.includes(origin) ? origin + url : undefined
    }
    const parsed = parseUrl(url, baseUrl(), URL)
    // `fetch` rejects an address that is no URL or has credentials.
    if (!parsed || parsed.username || parsed.password || !origins.includes(parsed.origin)) return undefined
    const { href, origin, pathname, search } = parsed
    const isEndpoint =
      origin === endpoint?.origin && pathname === endpoint.pathname && (!endpoint.search || search === endpoint.search)
    return isEndpoint ? undefined : href
  }
}
