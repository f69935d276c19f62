/** Which requests may carry the access token: those to the allowed origins, and never to the refresh endpoint. */

import { baseUrl } from './platform/page.ts'

/** A path of the page's origin that no URL parser reads otherwise: no second slash, no character that is stripped. */
const PLAIN_PATH = /^\/(?:[^/\\\t\n\r][^\t\n\r]*)?$/

/** Makes the test for one client; it takes no more than a string comparison for the usual inputs. */
export function createAllowList(origins: readonly string[], endpoint: URL | undefined): (url: string) => boolean {
  const allowed = new Set(origins)
  const prefixes = origins.map((origin) => `${origin}/`)
  // Whatever may be the endpoint, however it is spelled, is parsed.
  const suspect = endpoint?.pathname.split('/').pop() || endpoint?.host
  let base: string | undefined
  let isBaseAllowed = false

  function isAllowedBase(): boolean {
    const current = baseUrl()
    if (current !== base) {
      base = current
      isBaseAllowed = allowed.has(new URL(current).origin)
    }
    return isBaseAllowed
  }

  return (url) => {
    const isPlain = !suspect || !(url.includes(suspect) || url.includes('%'))
    // The origin ends at the first slash of a URL, so an equal prefix is an equal origin.
    if (isPlain && prefixes.some((prefix) => url.startsWith(prefix))) return true
    if (isPlain && PLAIN_PATH.test(url)) return isAllowedBase()
    try {
      const { protocol, origin, pathname } = new URL(url, baseUrl())
      // A blob: URL has the origin of the page that made it.
      const isHttp = protocol === 'http:' || protocol === 'https:'
      const isEndpoint = origin === endpoint?.origin && pathname === endpoint.pathname
      return isHttp && allowed.has(origin) && !isEndpoint
    } catch {
      // No URL: `fetch` says so.
      return false
    }
  }
}
