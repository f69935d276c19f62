/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */

import { baseUrl, parseUrl } from './platform/page.ts'

export function createAllowList(origins: readonly string[], endpoint: URL | undefined): (url: string) => boolean {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  return (url) => {
    const parsed = parseUrl(url, baseUrl(), URL)
    if (!parsed || !origins.includes(parsed.origin)) return false
    const { origin, pathname, search } = parsed
    const isEndpoint =
      origin === endpoint?.origin && pathname === endpoint.pathname && (!endpoint.search || search === endpoint.search)
    return !isEndpoint
  }
}
