/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */

import { baseUrl, parseUrl } from './platform/page.ts'

/** Gives the absolute address when the token may go there. */
export function createAllowList(
  origins: readonly string[],
  endpoint: URL | undefined,
): (url: string) => string | undefined {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  return (url) => {
    const parsed = parseUrl(url, baseUrl(), URL)
    // What is no URL is for `fetch` to refuse.
    if (!parsed || !origins.includes(parsed.origin)) return undefined
    const { href, origin, pathname, search } = parsed
    const isEndpoint =
      origin === endpoint?.origin && pathname === endpoint.pathname && (!endpoint.search || search === endpoint.search)
    return isEndpoint ? undefined : href
  }
}
