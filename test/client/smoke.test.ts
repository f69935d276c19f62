import { expect, test } from 'vitest'
import { createAuthClient, oauthRefresh } from '../../src/index.ts'

test('an expired token is refreshed once for many callers', async () => {
  let refreshes = 0
  const seen: string[] = []
  const fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input)
    if (url.includes('/token')) {
      refreshes++
      return Response.json({ access_token: `t${refreshes}`, expires_in: 60, refresh_token: `r${refreshes}` })
    }
    const auth = new Headers(init?.headers).get('authorization') ?? ''
    seen.push(auth)
    return new Response(auth, { status: auth === 'Bearer t0' ? 401 : 200 })
  }) as typeof globalThis.fetch
  const auth = createAuthClient({
    fetch,
    origins: ['https://api.example'],
    refresh: oauthRefresh({ tokenEndpoint: 'https://as.example/token', clientId: 'spa' }),
  })
  expect((await auth.restore()).status).toBe('signed-out')
  await auth.signIn({ access_token: 'x', refresh_token: 'r0' })
  expect(auth.getState()).toMatchObject({ status: 'signed-in' })
  expect(await (await auth.authFetch('https://api.example/me')).text()).toBe('Bearer x')
  await auth.signIn({ refresh_token: 'r0' })
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => auth.authFetch('https://api.example/me').then((r) => r.text())),
  )
  expect(new Set(answers)).toEqual(new Set(['Bearer t1']))
  expect(refreshes).toBe(1)
  await auth.signOut()
  expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'requested' })
  auth.dispose()
})
