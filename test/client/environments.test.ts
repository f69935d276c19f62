// What replaces the global `fetch` later, environments that lack a part, and pages whose origin can carry no token.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { cookieRefresh, createAuthClient, lateFetch } from '../../src/index.ts'
import { createSignedInScene, drain } from './harness.ts'

afterEach(() => vi.unstubAllGlobals())

const authorizationOf = (init: RequestInit | undefined): string | null =>
  new Headers(init?.headers).get('Authorization')

describe('a global fetch that is replaced after the client was made', () => {
  test('is not seen by the client that captured the one before it', async () => {
    vi.stubGlobal('fetch', async () => new Response('first'))
    const { auth } = await createSignedInScene({ fetch: globalThis.fetch })
    vi.stubGlobal('fetch', async () => new Response('second'))
    expect(await (await auth.authFetch('https://api.example/a')).text()).toBe('first')
  })

  test('is what lateFetch() calls', async () => {
    const { auth } = await createSignedInScene({ fetch: lateFetch() })
    const late = vi.fn<typeof fetch>(async () => new Response('late'))
    vi.stubGlobal('fetch', late)
    expect(await (await auth.authFetch('https://api.example/a')).text()).toBe('late')
    expect(authorizationOf(late.mock.calls[0]?.[1])).toBe('Bearer access-0')
  })

  describe.each([
    ['authFetch', (authFetch: typeof fetch) => authFetch],
    [
      'tracing that was started after it',
      (authFetch: typeof fetch): typeof fetch =>
        (...terms) =>
          authFetch(...terms),
    ],
  ])('may be %s', (_, wrap) => {
    async function createCircle(isSignedIn: boolean) {
      const sent = vi.fn<typeof fetch>(async () => new Response('sent'))
      vi.stubGlobal('fetch', sent)
      const { auth } = await createSignedInScene({ fetch: lateFetch() })
      if (!isSignedIn) {
        await auth.signOut()
        await drain()
      }
      vi.stubGlobal('fetch', wrap(auth.authFetch))
      return sent
    }

    test.each([
      ['an address', 'https://api.example/a', undefined],
      ['an init', 'https://api.example/a', { method: 'PUT', body: 'x' }],
      ['a Request', new Request('https://api.example/a'), undefined],
    ])('and sends %s once, with the token', async (__, input, init) => {
      const sent = await createCircle(true)
      expect(await (await fetch(input, init)).text()).toBe('sent')
      expect(sent).toHaveBeenCalledOnce()
      expect(authorizationOf(sent.mock.calls[0]?.[1])).toBe('Bearer access-0')
    })

    test('and sends once what carries no token', async () => {
      const sent = await createCircle(false)
      expect(await (await fetch('https://api.example/a')).text()).toBe('sent')
      expect(await (await fetch('https://elsewhere.example/a', { method: 'PUT' })).text()).toBe('sent')
      expect(sent).toHaveBeenCalledTimes(2)
    })
  })
})

describe('an environment without Request, such as jsdom', () => {
  test('sends addresses with the token, at once and after a wait', async () => {
    vi.stubGlobal('Request', undefined)
    const sent = vi.fn<typeof fetch>(async (input) =>
      String(input).startsWith('https://as.example')
        ? Response.json({ access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 })
        : new Response('ok'),
    )
    const { auth, browser } = await createSignedInScene({ fetch: sent })
    await auth.authFetch('https://api.example/a')
    browser.jump(4_000_000)
    await auth.authFetch('https://api.example/b', { method: 'PUT', body: 'x', headers: { Accept: 'text/plain' } })
    const calls = sent.mock.calls.filter(([input]) => String(input).startsWith('https://api.example'))
    expect(calls.map(([, init]) => authorizationOf(init))).toEqual(['Bearer access-0', 'Bearer access-1'])
    expect(calls[1]?.[1]).toMatchObject({ method: 'PUT', body: 'x', headers: { Accept: 'text/plain' } })
  })

  test('and without fetch is told that it needs one', () => {
    vi.stubGlobal('fetch', undefined)
    const refresh = cookieRefresh('https://app.example/auth/refresh')
    expect(() => createAuthClient({ refresh })).toThrow(new TypeError('"fetch" must be a function'))
    expect(() => createAuthClient({ refresh, fetch: lateFetch() }).dispose()).not.toThrow()
  })
})

describe.each([
  ['an extension', 'chrome-extension://abcdef', 'chrome-extension://abcdef/popup.html'],
  ['a file', 'null', 'file:///home/ann/index.html'],
])('a page of %s', (_, origin, href) => {
  const refresh = cookieRefresh('https://app.example/auth/refresh')

  test('is told to give origins', () => {
    vi.stubGlobal('location', { origin, href })
    expect(() => createAuthClient({ refresh })).toThrow(
      new TypeError('"origins" must be given: this page is not of http(s)'),
    )
  })

  test('has a client when it gives them', () => {
    vi.stubGlobal('location', { origin, href })
    expect(() => createAuthClient({ refresh, origins: ['https://api.example'] }).dispose()).not.toThrow()
  })
})

test('a value that is no origin is reported as such', () => {
  const refresh = cookieRefresh('https://app.example/auth/refresh')
  expect(() => createAuthClient({ refresh, origins: ['api.example'] })).toThrow(
    new TypeError('"origins" must be http(s) origins without a path'),
  )
})
