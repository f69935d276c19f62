// @vitest-environment happy-dom
// @vitest-environment-options {"url": "https://app.example/dir/page"}
// The adapters of the browser under a page, and a server that is mocked at the network.

import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AuthClient, type AuthClientOptions, cookieRefresh, createAuthClient } from '../../src/index.ts'

const server = setupServer()
const seen: Request[] = []
let open: AuthClient[] = []

beforeAll(() => {
  server.events.on('request:start', ({ request }) => void seen.push(request))
  server.listen({ onUnhandledFrame: 'error' })
})
beforeEach(() => {
  server.use(
    http.post('https://app.example/auth/refresh', () =>
      HttpResponse.json({ access_token: `fresh-${sentTo('/auth/refresh').length}`, expires_in: 3600 }),
    ),
    http.all('*', ({ request }) =>
      request.headers.get('authorization') === 'Bearer stale'
        ? new HttpResponse('denied', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
        : HttpResponse.json(
            { path: new URL(request.url).pathname },
            { headers: { 'access-control-allow-origin': '*' } },
          ),
    ),
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
  for (const auth of open) auth.dispose()
  open = []
  seen.length = 0
  server.resetHandlers()
  vi.useRealTimers()
  document.head.innerHTML = ''
})
afterAll(() => server.close())

const sentTo = (path: string): Request[] => seen.filter(({ url }) => new URL(url).pathname === path)

function createClient(options: Partial<AuthClientOptions> = {}): AuthClient {
  const auth = createAuthClient({ refresh: cookieRefresh('/auth/refresh'), ...options })
  open.push(auth)
  return auth
}

async function createSignedInClient(options: Partial<AuthClientOptions> = {}): Promise<AuthClient> {
  const auth = createClient(options)
  await auth.signIn({ access_token: 'valid', expires_in: 3600 })
  return auth
}

/** Whether the request for this input carries the token, and where it went. */
async function send(auth: AuthClient, input: string): Promise<{ url: string; token: boolean }> {
  const before = seen.length
  await auth.authFetch(input)
  const request = seen[before] as Request
  return { url: request.url, token: request.headers.get('authorization') === 'Bearer valid' }
}

describe("by default the token goes to the page's own origin", () => {
  test.each([
    '/api',
    'api',
    './api',
    '../api',
    '?query',
    '//app.example/api',
    'https://app.example:443/api',
    '/a//b',
    '\\api',
  ])('as %j', async (input) => {
    const auth = await createSignedInClient()
    const { url, token } = await send(auth, input)
    expect([new URL(url).origin, token]).toEqual(['https://app.example', true])
  })

  test.each([
    '//evil.example/api',
    '\\\\evil.example/api',
    '/\\evil.example',
    '/\t/evil.example',
    'https://app.example:444/',
  ])('and not to %j', async (input) => {
    const auth = await createSignedInClient()
    const { url, token } = await send(auth, input)
    expect(new URL(url).origin).not.toBe('https://app.example')
    expect(token).toBe(false)
  })

  test('also where a <base> leads relative URLs elsewhere', async () => {
    const auth = await createSignedInClient()
    document.head.innerHTML = '<base href="https://cdn.example/assets/">'
    expect(document.baseURI).toBe('https://cdn.example/assets/')
    for (const input of ['/api', 'api', './api']) {
      const passed: string[] = []
      const spied = createClient({
        fetch: async (url, init) => {
          passed.push(`${url} ${new Headers(init?.headers).get('authorization')}`)
          return new Response()
        },
      })
      await spied.signIn({ access_token: 'valid', expires_in: 3600 })
      await spied.authFetch(input)
      expect(passed).toEqual([`${input} null`])
    }
    expect((await send(auth, 'https://app.example/api')).token).toBe(true)
  })

  test('and a <base> that comes while the call waits, or between its attempts, leads nowhere else', async () => {
    const passed: string[] = []
    const auth = createClient({
      fetch: async (input, init) => {
        if (String(input).endsWith('/auth/refresh')) {
          document.head.innerHTML = `<base href="https://evil.example/${passed.length}/">`
          return Response.json({ access_token: `fresh-${passed.length}`, expires_in: 3600 })
        }
        const { url, headers } = input instanceof Request ? input : new Request(new URL(input, document.baseURI), init)
        passed.push(`${url} ${headers.get('authorization')}`)
        return new Response(null, { status: passed.length === 1 ? 401 : 200 })
      },
    })
    await auth.signIn({ access_token: 'stale', expires_in: 3600 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    expect((await auth.authFetch('api')).status).toBe(200)
    document.head.innerHTML = ''
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    expect((await auth.authFetch('api')).status).toBe(200)
    const address = 'https://app.example/dir/api'
    expect(passed).toEqual([`${address} Bearer stale`, `${address} Bearer fresh-1`, `${address} Bearer fresh-2`])
  })

  test('the refresh endpoint passes through', async () => {
    const auth = await createSignedInClient()
    await auth.authFetch('/auth/refresh', { method: 'POST' })
    expect(sentTo('/auth/refresh')[0]?.headers.get('authorization')).toBeNull()
  })
})

describe('in a page', () => {
  test('a 401 is refreshed and retried through the real fetch', async () => {
    const auth = createClient()
    await auth.signIn({ access_token: 'stale' })
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() + 60_000 })
    const response = await auth.authFetch('/api', { method: 'POST', body: 'x' })
    expect([response.status, await response.json()]).toEqual([200, { path: '/api' }])
    expect(sentTo('/api').map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer stale',
      'Bearer fresh-1',
    ])
    expect(await Promise.all(sentTo('/api').map((request) => request.text()))).toEqual(['x', 'x'])
  })

  test("a refresh at the page's own origin carries an Idempotency-Key and the header against CSRF", async () => {
    const auth = await createSignedInClient()
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('fresh-1')
    const [refresh] = sentTo('/auth/refresh')
    expect(refresh?.headers.get('idempotency-key')).toBeTruthy()
    expect(refresh?.headers.get('x-requested-with')).toBe('authfetch')
  })

  test('the key can be left out, and is left out elsewhere', async () => {
    const keys: (string | null)[] = []
    const given = (async (_: RequestInfo | URL, init?: RequestInit) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'))
      return Response.json({ access_token: 'fresh' })
    }) as typeof fetch
    for (const refresh of [
      cookieRefresh('/auth/refresh', { idempotencyKey: false }),
      cookieRefresh('https://as.example/auth/refresh'),
      cookieRefresh('https://as.example/auth/refresh', { idempotencyKey: true }),
    ]) {
      const auth = await createSignedInClient({ refresh, fetch: given })
      await auth.getAccessToken({ forceRefresh: true })
    }
    expect(keys).toEqual([null, null, expect.any(String)])
  })

  test('a BroadcastChannel that the browser refuses to make is a missing part, not an error', () => {
    vi.stubGlobal(
      'BroadcastChannel',
      class {
        constructor() {
          throw new DOMException('The operation is insecure.', 'SecurityError')
        }
      },
    )
    expect(createClient().getState().degraded).toContain('channel')
  })

  test('the state names the parts that are missing', async () => {
    const auth = createClient()
    const { degraded } = auth.getState()
    expect(degraded).toContain('ledger')
    expect(Object.isFrozen(degraded)).toBe(true)
  })
})

describe('the events of a page', () => {
  test.each([
    ['visibilitychange', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['resume', () => document.dispatchEvent(new Event('resume'))],
    ['online', () => window.dispatchEvent(new Event('online'))],
    ['pageshow', () => window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))],
  ])('%s refreshes a token that has expired meanwhile', async (_, fire) => {
    const auth = await createSignedInClient()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 })
    const refreshed = new Promise((resolve) => auth.on('refreshed', resolve))
    fire()
    await refreshed
    expect(sentTo('/auth/refresh').length).toBeGreaterThanOrEqual(1)
    expect(await auth.getAccessToken()).toMatch(/^fresh/)
  })

  test('reach nobody after dispose', async () => {
    const targets = [window, document]
    const spies = targets.map((target) => ({
      added: vi.spyOn(target, 'addEventListener'),
      removed: vi.spyOn(target, 'removeEventListener'),
    }))
    const auth = await createSignedInClient()
    const added = spies.map((spy) => spy.added.mock.calls.map(([type, listener]) => [type, listener]))
    expect(added.flat().length).toBeGreaterThanOrEqual(4)
    auth.dispose()
    // The ledger listens until what is on the wire has settled.
    await vi.waitFor(() => {
      for (const [index, { removed }] of spies.entries()) {
        const left = added[index]?.filter(
          ([type, listener]) => !removed.mock.calls.some((call) => call[0] === type && call[1] === listener),
        )
        expect(left).toEqual([])
      }
    })
    vi.restoreAllMocks()
  })
})
