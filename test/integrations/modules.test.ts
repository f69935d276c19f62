// The recipe for modules that import `auth`, as it stands in docs/recipes.md.

import { createTestAuth } from 'authfetch/testing'
import { expect, onTestFinished, test, vi } from 'vitest'

const { client } = vi.hoisted(() => ({ client: { value: undefined as unknown } }))
vi.mock('./recipes/auth.ts', () => ({
  get auth() {
    return client.value
  },
}))

test('orders are fetched with the token', async () => {
  const fetch = vi.fn(async (input: RequestInfo | URL, init?: RequestInit) =>
    Response.json(new Request(input, init).headers.has('Authorization')),
  )
  const testAuth = await createTestAuth({ fetch, origins: ['https://api.example'] })
  onTestFinished(() => testAuth.dispose())
  client.value = testAuth.client
  const { fetchOrders } = await import('./recipes/orders.ts')
  expect(await fetchOrders()).toBe(true)
})
