/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */

import { baseUrl } from './platform/page.ts'

export function createAllowList(origins: readonly string[], endpoint: URL | undefined): (url: string) => boolean {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  return (url) => {
    try {
      const { protocol, origin, pathname, search } = new URL(url, baseUrl())
      const isEndpoint =
        origin === endpoint?.origin &&
        pathname === endpoint.pathname &&
        (!endpoint.search || search === endpoint.search)
      // A blob: URL has the origin of the page that made it.
      return /^https?:$/.test(protocol) && origins.includes(origin) && !isEndpoint
    } catch {
      // No URL: `fetch` says so.
      return false
    }
  }
}
