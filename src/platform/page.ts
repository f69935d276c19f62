/** The address of the page. A server has none: there relative URLs resolve, and no request to them succeeds. */

/** What only a page has, and a worker in part. */
export const surroundings: Partial<typeof globalThis> = globalThis

/** What relative URLs are resolved against. */
export function baseUrl(): string {
  return surroundings.document?.baseURI ?? surroundings.location?.href ?? 'http://authfetch.invalid/'
}

/** The page's origin; undefined where there is none. */
export function pageOrigin(): string | undefined {
  const origin = surroundings.location?.origin
  return origin === 'null' ? undefined : origin
}
