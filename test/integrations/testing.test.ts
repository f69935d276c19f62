// `authfetch/testing`, as an application's tests use it.

import { type AuthState, RefreshUnavailableError, SessionEndedError } from 'authfetch'
import { AudienceDeniedError, audiences } from 'authfetch/audiences'
import { createTestAuth, type TestAuth, type TestAuthOptions } from 'authfetch/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

const API = 'https://api.example'

const opened: TestAuth[] = []

async function open(options: TestAuthOptions = {}): Promise<TestAuth> {
  const auth = await createTestAuth({ origins: [API], fetch: async () => new Response('ok'), ...options })
  opened.push(auth)
  return auth
}

afterEach(() => {
  vi.useRealTimers()
  for (const auth of opened.splice(0)) auth.dispose()
})

describe('a client begins in the chosen state', () => {
  test('signed in, with a token that lives for an hour', async () => {
    const { client, now, refreshes } = await open()
    expect(client.getState()).toMatchObject({ status: 'signed-in', expiresAt: now() + 3_600_000, degraded: [] })
    expect(client.getClaims()).toMatchObject({ sub: 'test-user', iat: now() / 1000, exp: now() / 1000 + 3600 })
    expect(refreshes).toBe(0)
  })

  test.each(['initial', 'requested', 'rejected', 'reuse-detected', 'in-doubt', 'no-refresh-token'] as const)(
    'signed out, because of %s, and nothing finds a session',
    async (reason) => {
      const { client } = await open({ status: 'signed-out', reason })
      expect(client.getState()).toMatchObject({ status: 'signed-out', reason })
      expect(await client.restore()).toMatchObject({ status: 'signed-out', reason })
      expect(await client.getAccessToken()).toBeUndefined()
    },
  )

  test('unknown, until it has looked', async () => {
    const { client } = await open({ status: 'unknown' })
    expect(client.getState().status).toBe('unknown')
    expect((await client.restore()).status).toBe('signed-in')
  })

  test('unknown for good, while the server takes its time', async () => {
    const { client, advance } = await open({ status: 'unknown', latency: 1_000 })
    const restored = client.restore()
    await advance(999)
    expect(client.getState()).toMatchObject({ status: 'unknown', refreshing: true })
    await advance(1)
    expect((await restored).status).toBe('signed-in')
  })

  test('unknown, and then nobody turns out to be signed in', async () => {
    const { client, failNextRefresh } = await open({ status: 'unknown' })
    failNextRefresh(new SessionEndedError())
    expect(await client.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
  })

  test('signed in as any user, with a name in any script', async () => {
    const { client } = await open({ claims: { sub: 'zoë', role: 'администратор' }, lifetime: 60_000 })
    expect(client.getClaims()).toMatchObject({ sub: 'zoë', role: 'администратор' })
  })
})

test('requests carry the token, and each refresh brings another', async () => {
  const seen: (string | null)[] = []
  const { client } = await open({
    fetch: async (input, init) => {
      seen.push(new Request(input, init).headers.get('Authorization'))
      return new Response()
    },
  })
  await client.authFetch(API)
  await client.getAccessToken({ forceRefresh: true })
  await client.authFetch(API)
  expect(seen[0]).toMatch(/^Bearer /)
  expect(seen[1]).toMatch(/^Bearer /)
  expect(seen[1]).not.toBe(seen[0])
})

test('the clock moves only when told, and its timer refreshes a minute before the expiry', async () => {
  const start = Date.UTC(2030, 5, 1)
  const auth = await open({ now: start })
  expect(auth.now()).toBe(start)
  await auth.advance(59 * 60_000 - 1)
  expect(auth.refreshes).toBe(0)
  await auth.advance(1)
  expect(auth.now()).toBe(start + 59 * 60_000)
  expect(auth.refreshes).toBe(1)
})

test('a token that has expired is refreshed by the next call, and by nothing before it', async () => {
  const auth = await open()
  const token = await auth.client.getAccessToken()
  auth.expireNow()
  expect(auth.refreshes).toBe(0)
  expect(await auth.client.getAccessToken()).not.toBe(token)
  expect(auth.refreshes).toBe(1)
})

test('the next refresh fails as told, and the one after it succeeds', async () => {
  const auth = await open()
  auth.expireNow()
  auth.failNextRefresh()
  await expect(auth.client.authFetch(API)).rejects.toThrow(RefreshUnavailableError)
  await auth.advance(60_000)
  expect((await auth.client.authFetch(API)).status).toBe(200)
})

test('a verdict ends the session, and a sign-in begins another that refreshes', async () => {
  const auth = await open()
  auth.failNextRefresh(new SessionEndedError('reuse-detected'))
  await auth.client.getAccessToken({ forceRefresh: true })
  expect(auth.client.getState()).toMatchObject({ status: 'signed-out', reason: 'reuse-detected' })
  await auth.client.signIn(async () => ({ access_token: 'fresh', expires_in: 60 }))
  expect(auth.client.getState().status).toBe('signed-in')
  await auth.client.getAccessToken({ forceRefresh: true })
  expect(auth.client.getState().status).toBe('signed-in')
})

test('whatever else a refresh fails with leaves the session in doubt, and alive', async () => {
  const auth = await open()
  auth.failNextRefresh(new Error('the answer was lost'))
  await expect(auth.client.getAccessToken({ forceRefresh: true })).rejects.toThrow(RefreshUnavailableError)
  expect(auth.client.getState().status).toBe('signed-in')
})

test('tabs share one session, one token and one refresh', async () => {
  const auth = await open()
  const tabs = [auth.client, auth.openTab(), auth.openTab()]
  expect(tabs[1]?.getState().status).toBe('unknown')
  await Promise.all(tabs.map((tab) => tab.restore()))
  expect(new Set(await Promise.all(tabs.map((tab) => tab.getAccessToken()))).size).toBe(1)
  expect(auth.refreshes).toBe(0)
  auth.expireNow()
  expect(new Set(await Promise.all(tabs.map((tab) => tab.getAccessToken()))).size).toBe(1)
  expect(auth.refreshes).toBe(1)
})

test('a session can begin without its token, which comes after the latency', async () => {
  const auth = await open({ ready: false, latency: 1_000 })
  expect(auth.client.getState()).toMatchObject({ status: 'signed-in', ready: false })
  await auth.advance(2_000)
  expect(auth.client.getState()).toMatchObject({ status: 'signed-in', ready: true })
  expect(auth.client.getClaims()).toMatchObject({ sub: 'test-user' })
})

describe('with audiences', () => {
  const GRAPH = 'https://graph.example'
  const list = audiences({
    graph: { urls: [`${GRAPH}/`], expect: 'https://graph' },
    billing: { urls: [`${API}/billing/`] },
  })
  const claims = (audience: string | undefined): object =>
    audience === 'graph' ? { sub: 'alice', aud: 'https://graph' } : { sub: 'alice', for: audience ?? 'own' }

  test('each has a token of its own, with the claims that are given for it', async () => {
    const seen: string[] = []
    const auth = await open({
      audiences: list,
      claims,
      fetch: async (input, init) => {
        const { headers } = new Request(input, init)
        const [, token = ''] = headers.get('Authorization')?.split('.') ?? []
        const { jti, aud, for: whom } = JSON.parse(atob(token))
        seen.push(`${jti} for ${aud ?? whom}`)
        return new Response()
      },
    })
    await auth.client.authFetch(`${API}/things`)
    await auth.client.authFetch(`${GRAPH}/me`)
    await auth.client.authFetch(`${API}/billing/invoices`)
    await auth.client.authFetch(`${GRAPH}/me`)
    expect(seen).toEqual([
      'token-1 for own',
      'token-2 for https://graph',
      'token-3 for billing',
      'token-2 for https://graph',
    ])
    expect(auth.refreshes).toBe(2)
    expect(auth.client.getClaims()).toMatchObject({ for: 'own' })
    expect(auth.client.getClaims({ audience: 'graph' })).toMatchObject({ aud: 'https://graph', jti: 'token-2' })
  })

  test('an object of claims is that of all', async () => {
    const { client } = await open({ audiences: list, claims: { sub: 'bob' } })
    await client.getAccessToken({ audience: 'graph' })
    expect(client.getClaims({ audience: 'graph' })).toMatchObject({ sub: 'bob', jti: 'token-2' })
  })

  test('expireNow waits for the tokens of all', async () => {
    const auth = await open({ audiences: list })
    await auth.advance(30 * 60_000)
    const token = await auth.client.getAccessToken({ audience: 'graph' })
    auth.expireNow()
    expect(await auth.client.getAccessToken({ audience: 'graph' })).not.toBe(token)
  })

  test('a denial waits for its audience, and ends nothing', async () => {
    const auth = await open({ audiences: list })
    const events: unknown[] = []
    auth.client.on('refreshed', ({ audience }) => events.push(['refreshed', audience]))
    auth.client.on('refresh-failed', ({ audience, error }) => events.push([error.cause, audience]))
    const denial = new AudienceDeniedError('graph', 'invalid_target')
    auth.failNextRefresh(denial)
    await auth.client.getAccessToken({ audience: 'billing' })
    await auth.client.getAccessToken({ forceRefresh: true })
    await expect(auth.client.authFetch(`${GRAPH}/me`)).rejects.toBe(denial)
    await auth.advance(0)
    expect(events).toEqual([
      ['refreshed', 'billing'],
      ['refreshed', undefined],
      [denial, 'graph'],
    ])
    expect(auth.client.getState()).toMatchObject({ status: 'signed-in', failure: undefined })
    await auth.advance(60_000)
    expect(await auth.client.getAccessToken({ audience: 'graph' })).toBeDefined()
  })

  test('any other failure is that of the next refresh, whoever it is for', async () => {
    const auth = await open({ audiences: list })
    auth.failNextRefresh()
    await expect(auth.client.getAccessToken({ audience: 'graph' })).rejects.toThrow(RefreshUnavailableError)
  })

  test('a denial of no audience is a mistake of the test', async () => {
    const { failNextRefresh } = await open({ audiences: list })
    expect(() => failNextRefresh(new AudienceDeniedError('grpah'))).toThrow('"audience" must be one of')
  })

  test('tabs share the tokens of all', async () => {
    const auth = await open({ audiences: list })
    const other = auth.openTab()
    await other.restore()
    const token = await auth.client.getAccessToken({ audience: 'graph' })
    await auth.advance(0)
    expect(await other.getAccessToken({ audience: 'graph' })).toBe(token)
    expect(auth.refreshes).toBe(1)
  })
})

test('a sign-out in one tab is one in all', async () => {
  const auth = await open()
  const other = auth.openTab()
  await other.restore()
  await other.signOut()
  await auth.advance(0)
  expect(auth.client.getState()).toMatchObject({ status: 'signed-out', reason: 'requested' })
})

test('nobody waits for siblings that are not there', async () => {
  const auth = await open({ status: 'signed-out', reason: 'requested' })
  expect((await auth.openTab().restore()).status).toBe('signed-out')
})

test('fake timers of the test runner do not hold the virtual clock', async () => {
  vi.useFakeTimers()
  const auth = await open()
  auth.expireNow()
  await auth.advance(1_000)
  const other = auth.openTab()
  expect((await other.restore()).status).toBe('signed-in')
})

test('the changes of state are told to subscribers', async () => {
  const auth = await open()
  const states: AuthState[] = []
  auth.client.subscribe(() => states.push(auth.client.getState()))
  await auth.client.signOut()
  expect(states).toMatchObject([{ status: 'signed-out', reason: 'requested' }])
})

test('an option at fault is named', async () => {
  await expect(open({ refreshLead: -1 })).rejects.toThrow('"refreshLead"')
})

test('what is disposed of does nothing more', async () => {
  const auth = await createTestAuth()
  const other = auth.openTab()
  auth[Symbol.dispose]()
  await expect(auth.client.getAccessToken()).rejects.toMatchObject({ code: 'disposed' })
  await expect(other.restore()).rejects.toMatchObject({ code: 'disposed' })
})
