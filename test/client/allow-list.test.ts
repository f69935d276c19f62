// The allow-list, which compares most addresses without a URL parser, sees the same origin as the parser.

import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { createAllowList } from '../../src/allow-list.ts'

const BASE = 'https://app.example/page/'
const ORIGINS = ['https://app.example', 'https://api.example', 'https://api.example:8443', 'https://[::1]:3000']

vi.mock(import('../../src/platform/page.ts'), async (original) => ({ ...(await original()), baseUrl: () => BASE }))

/** The rule, without any short cut. */
function addressOf(url: string, endpoint: URL | undefined, origins: readonly string[]): string | undefined {
  if (!URL.canParse(url, BASE)) return undefined
  const { protocol, href, origin, pathname, search, username, password } = new URL(url, BASE)
  if (protocol !== 'https:' || username || password || !origins.includes(origin)) return undefined
  const isEndpoint =
    origin === endpoint?.origin && pathname === endpoint.pathname && (!endpoint.search || search === endpoint.search)
  return isEndpoint ? undefined : href
}

const pieces = fc.constantFrom(
  ...[
    '/',
    '\\',
    '.',
    '..',
    '%2e',
    '%2F',
    '?',
    '#',
    '@',
    ':',
    '\t',
    '\n',
    ' ',
    'a',
    '-',
    'é',
    '\u0000',
    'auth',
    'refresh',
    '/auth/refresh',
    '/a/../auth/refresh',
    '/a/%2e%2e/auth/refresh',
    '/auth\\refresh',
    '/auth/re\tfresh',
    '//auth/refresh',
  ],
  ...[
    'https:',
    'HTTPS:',
    'http:',
    'blob:',
    'data:',
    '8443',
    'api.example',
    'https://app.example',
    'https://api.example',
    'https://[::1]:3000',
  ],
)

test.each([
  ['no refresh endpoint', undefined, ORIGINS],
  ['one of an allowed origin', new URL('https://app.example/auth/refresh'), ORIGINS],
  ['one with a query', new URL('https://app.example/auth/refresh?a'), ORIGINS],
  ['one of another origin', new URL('https://id.example/auth/refresh'), ORIGINS],
  ['one that is the root', new URL('https://app.example/'), ORIGINS],
  ['no allowed origin', undefined, []],
])('with %s it agrees with the parser on any address', (_, endpoint, origins) => {
  const allowedAddress = createAllowList(origins, endpoint)
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const url = parts.join('')
      const address = allowedAddress(url)
      // It may be left as it is where parsing changes nothing but its query.
      expect([url, address && new URL(address).href]).toEqual([url, addressOf(url, endpoint, origins)])
    }),
    { numRuns: 20_000 },
  )
})
