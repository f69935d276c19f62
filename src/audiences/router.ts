/** Which audience an address belongs to. */

import { check } from '../core/errors.ts'
import { baseUrl, parseUrl } from '../platform/page.ts'

/** The name of the audience whose token an address takes; undefined for those of the session's own audience. */
export type Router = (url: string) => string | undefined

interface Route {
  readonly prefix: string
  readonly name: string
}

export function createRouter(audiences: ReadonlyMap<string, { readonly urls: readonly (string | URL)[] }>): Router {
  // Captured here, so that what a page patches later compares nothing.
  const { URL } = globalThis
  const routes: Route[] = []
  for (const [name, { urls }] of audiences) {
    for (const url of urls) {
      const { href = '', username, password } = parseUrl(String(url), undefined, URL) ?? {}
      const isRight = /^https?:\/\/[^?#]*\/$/.test(href) && !username && !password
      check(isRight, `audiences.${name}.urls`, 'absolute http(s) URLs that end in "/"')
      const isTaken = routes.some(({ prefix }) => prefix === href)
      check(!isTaken, `audiences.${name}.urls`, `without ${href}, which stands in the list already`)
      routes.push({ prefix: href, name })
    }
  }
  // The longest prefix counts.
  routes.sort((a, b) => b.prefix.length - a.prefix.length)

  return (url) => {
    const parsed = parseUrl(url, baseUrl(), URL)
    // `fetch` rejects an address that has credentials.
    if (!parsed || parsed.username || parsed.password) return undefined
    return routes.find(({ prefix }) => parsed.href.startsWith(prefix))?.name
  }
}
