// Which addresses get the access token.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieRefresh } from '../../src/index.ts'
import { hostileUrl } from '../support/hostile-urls.ts'
import { API, bearer, createSignedInScene, TOKEN_ENDPOINT } from './harness.ts'

/** A signed-in client whose server only notes where the token went. */
async function createWatch(options: Parameters<typeof createSignedInScene>[0] = {}) {
  const leaks: { url: string; token: boolean }[] = []
  const fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    leaks.push({ url: request.url, token: request.headers.get('authorization') === bearer('access-0') })
    return new Response()
  }) as typeof globalThis.fetch
  const { auth } = await createSignedInScene({ fetch, ...options })
  /** Whether the token was attached; undefined when no request was made. */
  const carries = async (input: string | URL | Request): Promise<boolean | undefined> => {
    leaks.length = 0
    await auth.authFetch(input).catch(() => {})
    return leaks[0]?.token
  }
  return { auth, leaks, carries }
}

describe('the token is attached to', () => {
  const allowed = [
    API,
    `${API}/`,
    `${API}/a?b#c`,
    `${API}:443/x`,
    'HTTPS://API.EXAMPLE/x',
    'https://api.example\\x',
    ' https://api.example/x',
    'https:\n//api.exa\tmple/x',
    `${API}//evil.example/`,
    `${API}/@evil.example`,
    `${API}/\\evil.example`,
    'https://%61pi.example/',
    'http://[::1]:8080/x',
    'https://xn--bcher-kva.example/',
    'https://bücher.example/',
  ]
  test.each(allowed)('%j', async (url) => {
    const { carries } = await createWatch({
      origins: [API, 'http://[::1]:8080', new URL('https://bücher.example')],
    })
    expect(await carries(url)).toBe(true)
    expect(await carries(new URL(url))).toBe(true)
    expect(await carries(new Request(url))).toBe(true)
  })
})

describe('the token is not attached to', () => {
  const foreign = [
    'https://evil.example/',
    'http://api.example/',
    'https://api.example:444/',
    'https://api.example.evil.example/',
    'https://evil.example/https://api.example/',
    'https://evil.example?https://api.example/',
    'https://evil.example#@api.example/',
    'https://evil.example\\@api.example/',
    'https://api.example./',
    'https://api.exampl\u0435/',
    'https://api-example/',
    'https://sub.api.example/',
    'https://evilapi.example/',
    'data:text/plain,https://api.example/',
    'blob:https://api.example/6ff8b0c0-0000-4000-8000-000000000000',
    'javascript:https://api.example/',
    'about:blank',
    'file:///https://api.example/',
    'ftp://api.example/',
    'wss://api.example/',
  ]
  test.each(foreign)('%j', async (url) => {
    const { carries } = await createWatch()
    expect(await carries(url)).not.toBe(true)
    expect(await carries(new URL(url))).not.toBe(true)
  })

  test.each(['https://api.example@evil.example/', 'https://user:pass@api.example/', 'https://', 'https://a b/', ''])(
    '%j, which is no request at all',
    async (url) => {
      const { carries } = await createWatch()
      expect(await carries(url)).toBeUndefined()
    },
  )

  test('any origin if `origins` is empty', async () => {
    const { carries } = await createWatch({ origins: [] })
    expect(await carries(API)).toBe(false)
  })
})

describe('the refresh endpoint passes through', () => {
  const endpoint = 'https://api.example/auth/refresh/'
  test.each([endpoint, `${endpoint}?a`, `${endpoint}#a`, 'https://api.example/x/../auth/refresh/'])(
    'as %j',
    async (url) => {
      const { carries } = await createWatch({ refresh: cookieRefresh(endpoint) })
      expect(await carries(url)).toBe(false)
      expect(await carries(`${API}/auth/refresh/other`)).toBe(true)
      expect(await carries(`${API}/auth/`)).toBe(true)
    },
  )

  test('however it is spelled', async () => {
    const { carries } = await createWatch({ refresh: cookieRefresh('https://api.example/auth/réfresh') })
    expect(await carries('https://api.example/auth/réfresh')).toBe(false)
    expect(await carries('https://api.example/auth/r\té\nfresh')).toBe(false)
    expect(await carries('https://api.example/auth/r%C3%A9fresh')).toBe(false)
  })

  test('told apart by its query when it has one', async () => {
    const { carries } = await createWatch({ refresh: cookieRefresh('https://api.example/index.php?do=refresh') })
    expect(await carries('https://api.example/index.php?do=refresh')).toBe(false)
    expect(await carries('https://api.example/index.php?do=list')).toBe(true)
  })

  test('even while a refresh is pending', async () => {
    const { auth, server } = await createSignedInScene({ origins: [API, new URL(TOKEN_ENDPOINT).origin] })
    server.onRefresh = async () => {
      await auth.authFetch(TOKEN_ENDPOINT, { method: 'HEAD' })
      return Response.json({ access_token: 'fresh' })
    }
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('fresh')
    expect(server.probes.map(({ authorization }) => authorization)).toEqual([null])
  })
})

test('a URL object that changes while the call waits is read once', async () => {
  const { auth, browser, server } = await createSignedInScene()
  browser.jump(2 * 3_600_000)
  const url = new URL(`${API}/me`)
  const call = auth.authFetch(url)
  url.href = 'https://evil.example/'
  await call
  expect(server.calls.map((sent) => sent.url)).toEqual([`${API}/me`])
})

test('an object whose toString changes its mind is read once', async () => {
  const { auth, server } = await createSignedInScene()
  let reads = 0
  const input = { toString: () => (reads++ ? 'https://evil.example/' : `${API}/me`) }
  await auth.authFetch(input as unknown as string)
  expect(server.calls.map((sent) => sent.url)).toEqual([`${API}/me`])
})

test('a URL whose toString lies does not lead the token astray', async () => {
  const { auth, server } = await createSignedInScene()
  const url = Object.assign(new URL('https://evil.example/'), { toString: () => `${API}/me` })
  await auth.authFetch(url)
  for (const { url: sentTo, authorization } of server.calls) {
    expect([sentTo, authorization]).not.toEqual(['https://evil.example/', bearer('access-0')])
  }
})

test('property: whatever the URL, the token reaches allowed origins only', async () => {
  const { carries, leaks } = await createWatch({ origins: [API, 'http://localhost:3000'] })
  const url = hostileUrl(API)
  await fc.assert(
    fc.asyncProperty(url, async (input) => {
      await carries(input)
      for (const leak of leaks) {
        if (leak.token) expect([API, 'http://localhost:3000']).toContain(new URL(leak.url).origin)
      }
    }),
    { numRuns: 3_000 },
  )
})
