// The libraries of docs/clients.md, as they stand there, with the real packages.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

let scene: typeof import('./recipes/auth.ts')

beforeEach(async () => {
  // The recipes are modules, so each test has its own.
  vi.resetModules()
  scene = await import('./recipes/auth.ts')
  // A token this old is refreshed because of a 401.
  await scene.browser.advance(10_000)
})

afterEach(() => scene.browser.dispose())

const unauthorized = (): Response => Response.json({ error: 'denied' }, { status: 401 })
const bearers = (): (string | null)[] => scene.network.sent.map(({ headers }) => headers.get('Authorization'))
const token = async (): Promise<string> => `Bearer ${await scene.auth.getAccessToken()}`

/** What each gets from an API that answers with this body. */
const LIBRARIES: Readonly<Record<string, { readonly body: unknown; get(): Promise<unknown> }>> = {
  'RTK Query': {
    body: { ok: true },
    async get() {
      const { api } = await import('./recipes/rtk-query.ts')
      const { configureStore } = await import('@reduxjs/toolkit')
      const store = configureStore({
        reducer: { [api.reducerPath]: api.reducer },
        middleware: (defaults) => defaults().concat(api.middleware),
      })
      return (await store.dispatch(api.endpoints.orders.initiate())).data
    },
  },
  SWR: {
    body: { ok: true },
    async get() {
      const { options } = await import('./recipes/swr.ts')
      return options.fetcher?.('https://api.example/orders')
    },
  },
  'Apollo Client': {
    body: { data: { ok: true } },
    async get() {
      const { client } = await import('./recipes/apollo.ts')
      const { gql } = await import('@apollo/client')
      return (await client.query({ query: gql`query { ok }` })).data
    },
  },
  tRPC: {
    body: [{ result: { data: { ok: true } } }],
    async get() {
      const { trpc } = await import('./recipes/trpc.ts')
      return (trpc as unknown as { orders: { query(): Promise<unknown> } }).orders.query()
    },
  },
}

describe.each(Object.entries(LIBRARIES))('%s', (_, { body, get }) => {
  test('sends the token, and a 401 is mended unseen', async () => {
    scene.network.answer = (__, nth) => (nth === 1 ? unauthorized() : Response.json(body))
    const before = await token()
    expect(await get()).toEqual({ ok: true })
    expect(scene.browser.refreshes).toBe(1)
    expect(bearers()).toEqual([before, await token()])
  })
})

test('Svelte and Solid show the state', async () => {
  const { authState } = await import('./recipes/svelte.ts')
  const { useAuthState } = await import('./recipes/solid.ts')
  const { createRoot } = await import('solid-js')
  const seen: string[] = []
  const unsubscribe = authState.subscribe(({ status }) => seen.push(status))
  const dispose = createRoot((end) => {
    const state = useAuthState()
    expect(state().status).toBe('signed-in')
    return end
  })
  await scene.auth.signOut()
  expect(seen.at(0)).toBe('signed-in')
  expect(seen.at(-1)).toBe('signed-out')
  unsubscribe()
  dispose()
})
