// A browser, a page of the suite, and the two servers.

import { fileURLToPath } from 'node:url'
import type { Browser, Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { bundle } from '../support/bundle.ts'
import { createCertificate } from './certificate.ts'
import { type Received, type Servers, startServers } from './server.ts'

export interface Origins {
  readonly here: string
  readonly there: string
  /** Not allowed. */
  readonly away: string
}

/** What came in: the path and the token of each call, and `refresh`. */
export function summary(received: readonly Received[]): string[] {
  return received
    .filter(({ method }) => method !== 'OPTIONS')
    .map(({ to, url, authorization = 'no token' }) =>
      url === '/auth/refresh' ? `refresh, ${authorization}` : `${to} ${url}, ${authorization.replace(/-\d+$/, '')}`,
    )
}

export interface Suite {
  readonly servers: Servers
  readonly browser: Browser
  /** Opens a page that has run the script. */
  open(path?: string): Promise<{ readonly tab: Tab; readonly profile: Profile }>
  close(): Promise<void>
}

/** Serves a script of this folder in pages with and without a `<base>`, over HTTP/2 or over HTTP/1.1. */
export async function startSuite(script: string, protocol: 'h1' | 'h2' = 'h1'): Promise<Suite> {
  const code = await bundle(fileURLToPath(new URL(script, import.meta.url)))
  const page = (head = ''): string => `<!doctype html><title>authFetch</title><script src="/script.js"></script>${head}`
  const pages: Record<string, string> = { '/': page(), '/script.js': code }
  const servers = await startServers(pages, protocol === 'h2' ? createCertificate() : undefined)
  pages['/based/'] = page(`<base href="${servers.there}/deep/down/">`)
  const browser = await launch('chromium', { anyCertificate: protocol === 'h2' })
  return {
    servers,
    browser,
    async open(path = '/') {
      const profile = await browser.newProfile()
      const tab = await profile.open(servers.here + path)
      await servers.take()
      return { tab, profile }
    },
    async close() {
      await browser.close()
      await servers.close()
    },
  }
}

/** A preflight asks for the token only when there is one, and there may be none without it. */
function withoutToken({
  authorization: _,
  denied: __,
  ...received
}: Received): Omit<Received, 'authorization' | 'denied'> | undefined {
  if (received.method !== 'OPTIONS') return received
  const asked = /^access-control-request-headers: ?(.*)$/i
  const names = received.headers.flatMap((header) => asked.exec(header)?.[1]?.split(',') ?? [])
  const others = names.filter((name) => name !== 'authorization' && name !== 'dpop')
  const isSimple = received.headers.some((header) => /^access-control-request-method: (GET|HEAD|POST)$/i.test(header))
  if (names.length > 0 && others.length === 0 && isSimple) return undefined
  const headers = received.headers.flatMap((header) => {
    if (!asked.test(header)) return [header]
    return others.length > 0 ? [header.replace(asked, () => `asked: ${others.join()}`)] : []
  })
  return { ...received, headers }
}

/** Leaves out the refreshes, and each request that was refused and then sent again, with its preflight. */
export function withoutRetries(received: readonly Received[]): Received[] {
  const calls = received.filter(({ url }) => url !== '/auth/refresh')
  const isSame = (one: Received, other: Received | undefined): boolean =>
    one.to === other?.to && one.url === other.url && one.method === other.method
  return calls.filter((one, index) => {
    const next = calls[index + 1]
    const refused = one.method === 'OPTIONS' && next?.denied && one.url === next.url ? next : one
    return !refused.denied || !calls.some((other) => !other.denied && isSame(refused, other))
  })
}

/** What may differ between two runs, made the same. */
export function comparable(received: readonly Received[], observed: string): unknown {
  const text = JSON.stringify([received.flatMap((one) => withoutToken(one) ?? []), JSON.parse(observed)])
  const same = text
    .replace(/run\d{5}/g, 'run')
    .replace(/-{4}WebKitFormBoundary\w{16}/g, 'boundary')
    .replace(/blob:http[^"]*?[\da-f-]{36}/g, 'blob')
  return JSON.parse(same)
}
