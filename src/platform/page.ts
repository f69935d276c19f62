/** The address of the page. A server has none: there relative URLs resolve, and no request to them succeeds. */

import { optional } from '../core/optional.ts'

/** What only a page has, and a worker in part. */
export const surroundings: Partial<typeof globalThis> = globalThis

/** What relative URLs are resolved against. */
export function baseUrl(): string {
  return surroundings.document?.baseURI ?? surroundings.location?.href ?? 'http://authfetch.invalid/'
}

/** The page's origin, `null` on pages of files; undefined where there is no page. */
export function pageOrigin(): string | undefined {
  return surroundings.location?.origin
}

/** An http(s) URL, absolute or relative to `base`; undefined for all else. */
export function parseUrl(url: string, base?: string, Parser: typeof URL = URL): URL | undefined {
  const parsed = optional(() => new Parser(url, base))
  // A blob: URL has the origin of the page that made it.
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed : undefined
}
