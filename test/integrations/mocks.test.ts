// MSW that starts after the client was made, as the documents of both ask.

import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterEach, expect, test, vi } from 'vitest'
import { type AuthClient, createAuthClient, lateFetch, oauthRefresh } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'

const API = 'https://api.example'
const native = globalThis.fetch
const server = setupServer()
let auth: AuthClient | undefined

afterEach(() => {
  server.close()
  auth?.dispose()
  vi.stubGlobal('fetch', native)
  vi.unstubAllGlobals()
})

async function createClient(): Promise<AuthClient> {
  auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint: 'https://id.example/token', clientId: 'spa' }),
    origins: [API],
    fetch: lateFetch(),
    platform: createVirtualBrowser().openTab().platform,
  })
  await auth.signIn({ access_token: 'first', refresh_token: 'r', expires_in: 3600 })
  return auth
}

function mock(): void {
  server.use(
    http.get(`${API}/orders`, ({ request }) => HttpResponse.json({ with: request.headers.get('Authorization') })),
    http.post('https://id.example/token', () => HttpResponse.json({ access_token: 'second', expires_in: 3600 })),
  )
  server.listen()
}

test('a mock that starts after the client answers calls and refreshes', async () => {
  const client = await createClient()
  mock()
  expect(await (await client.authFetch(`${API}/orders`)).json()).toEqual({ with: 'Bearer first' })
  expect(await client.getAccessToken({ forceRefresh: true })).toBe('second')
  expect(await (await client.authFetch(`${API}/orders`)).json()).toEqual({ with: 'Bearer second' })
})

test('so it does when authFetch was the global one before it', async () => {
  const client = await createClient()
  globalThis.fetch = client.authFetch
  mock()
  expect(await (await client.authFetch(`${API}/orders`)).json()).toEqual({ with: 'Bearer first' })
  expect(await client.getAccessToken({ forceRefresh: true })).toBe('second')
})

test('what nobody mocks goes to the network, and not round in circles', async () => {
  const client = await createClient()
  globalThis.fetch = client.authFetch
  mock()
  // Nobody listens at the port of `discard`.
  await expect(client.authFetch('http://127.0.0.1:9/orders')).rejects.toThrow('fetch failed')
})
