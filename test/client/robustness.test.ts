// Rare combinations: a pause and a 401, a storage that fails at a look, servers and refresh functions that say odd things.

import { describe, expect, test } from 'vitest'
import { SETTLING } from '../../src/core/protocol/limits.ts'
import { cookieRefresh, cookieSignOut, RefreshUnavailableError, responseTokens } from '../../src/index.ts'
import { createLedger } from '../../src/platform/ledger.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createGate,
  createScene,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  MINUTE,
  outcome,
  tokens,
  unauthorized,
} from './harness.ts'

async function drains(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await drain()
}

describe('a pause', () => {
  test('and a 401 that cannot be recovered from leave a valid token in use elsewhere', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = () => new Response(null, { status: 503, headers: { 'retry-after': '600' } })
    server.onCall = ({ url }) => (url.endsWith('/broken') ? unauthorized() : new Response('ok'))
    for (let round = 0; round < 2; round++) {
      expect(await outcome(auth.authFetch(`${API}/broken`))).toMatchObject({ status: 401 })
      expect(await outcome(auth.authFetch(`${API}/fine`))).toMatchObject({ status: 200 })
    }
  })

  test('is over for the timer when it is over for callers, though the wall clock went back a little', async () => {
    const { auth, browser, server, tab } = await createSignedInScene()
    await browser.advance(10 * MINUTE)
    server.onRefresh = () => new Response(null, { status: 503, headers: { 'retry-after': '10' } })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await drain()
    await browser.advance(5_000)
    browser.jump(-50)
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(6_000)
    expect([server.refreshes.length, tab.timers().length]).toEqual([2, 1])
  })

  test('with an end that is no number is still a pause', async () => {
    let asked = 0
    const browser = createVirtualBrowser()
    const tab = browser.openTab()
    const { clock } = tab.platform
    const { auth } = createScene({
      browser,
      // As `setTimeout` takes NaN.
      platform: { ...tab.platform, clock: { ...clock, after: (delay, callback) => clock.after(delay || 0, callback) } },
      refresh: Object.assign(
        async () => {
          if (++asked > 50) return tokens(1)
          throw new RefreshUnavailableError('no', { retryAt: Number.NaN })
        },
        { holdsRefreshToken: true },
      ),
    })
    await auth.signIn(tokens(0))
    void auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(1)
    expect(asked).toBeLessThan(4)
  })
})

describe('a ledger', () => {
  test('that hangs is given up within the time that a lease allows for settling', async () => {
    const browser = createVirtualBrowser()
    const { platform } = browser.openTab()
    const update = () =>
      new Promise<never>((_, reject) => platform.clock.after(SETTLING, () => reject(new Error('no'))))
    const { auth } = createScene({ browser, platform: { ...platform, ledger: { ...platform.ledger, update } } })
    const signedIn = auth.signIn(tokens(0))
    signedIn.catch(() => {})
    await browser.advance(SETTLING)
    expect(await outcome(signedIn)).toBeInstanceOf(RefreshUnavailableError)
  })

  test('that does not take a grant is given it again soon, and without another request', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = (nth) => {
      browser.brokenWrites = 5
      return Response.json(tokens(nth))
    }
    const refreshed = auth.getAccessToken({ forceRefresh: true })
    refreshed.catch(() => {})
    await browser.advance(3_000)
    expect(await outcome(refreshed)).toBeInstanceOf(RefreshUnavailableError)
    await browser.advance(1_000)
    expect([await auth.getAccessToken(), server.refreshes.length]).toEqual(['access-1', 1])
  })
})

describe('a grant', () => {
  test('with an empty error is a grant', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = (nth) => Response.json({ ...tokens(nth), error: '' })
    expect(await outcome(auth.getAccessToken({ forceRefresh: true }))).toBe('access-1')
  })

  test('with a lifetime that nobody can read keeps its refresh token', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = (nth) => Response.json({ ...tokens(nth), expires_in: 'soon' })
    expect(await outcome(auth.getAccessToken({ forceRefresh: true }))).toBe('access-1')
    expect(browser.entry?.refreshToken).toBe('refresh-1')
  })
})

test('without a ledger a second tab that nobody answers does not end the session of the first', async () => {
  const browser = createVirtualBrowser()
  const server = createServer()
  const open = () => {
    const tab = browser.openTab()
    return createScene({
      browser,
      server,
      platform: { ...tab.platform, ledger: createLedger(undefined, 'x', () => {}) },
    })
  }
  const first = open()
  await first.auth.signIn(tokens(0))
  await drains()
  const second = open()
  void second.auth.restore()
  await drains()
  await browser.advance(MINUTE)
  server.onCall = () => unauthorized()
  await Promise.all([second.auth.authFetch(`${API}/a`), browser.advance(200)])
  await drains()
  expect([server.refreshes.length, first.auth.getState().status]).toEqual([0, 'signed-in'])
})

test('a tab whose storage turns out to be blocked takes the token of another tab', async () => {
  const browser = createVirtualBrowser()
  const server = createServer()
  const open = (refused: Promise<void>) => {
    const tab = browser.openTab()
    const refuse = (): IDBOpenDBRequest => {
      const request: { onerror?: () => void; error: Error } = { error: new Error('the storage is blocked') }
      void refused.then(() => request.onerror?.())
      return request as never
    }
    const ledger = createLedger({ open: refuse } as unknown as IDBFactory, 'x', () => {})
    return createScene({ browser, server, platform: { ...tab.platform, ledger } })
  }
  const first = open(Promise.resolve())
  await first.auth.signIn(tokens(0))
  const gate = createGate<void>()
  const second = open(gate.promise)
  const restored = second.auth.restore()
  // The first tab has answered by now.
  await drains()
  gate.open()
  await drains()
  await browser.advance(200)
  expect(await restored).toMatchObject({ status: 'signed-in', ready: true })
  expect([await second.auth.getAccessToken(), server.refreshes.length]).toEqual(['access-0', 0])
})

test('a login waits for a sign-out on the wire, though a dead attempt lies in the ledger', async () => {
  const { auth, browser, server } = await createSignedInScene({
    refresh: cookieRefresh('https://app.example/auth/refresh'),
    onSignOut: cookieSignOut('https://app.example/auth/logout'),
    tokens: { access_token: 'a', expires_in: 3600 },
  })
  const { entry } = browser
  const attempt = { id: 'dead', owner: 'dead', firstSentAt: browser.now(), doubt: false, resend: false }
  if (entry) browser.entry = { ...entry, attempt }
  const gate = createGate<Response>()
  server.onCall = () => gate.promise
  const out = auth.signOut()
  await browser.advance(37_000)
  let isRunning = false
  const signedIn = auth.signIn(async () => {
    isRunning = true
    return { access_token: 'b', expires_in: 3600 }
  })
  await browser.advance(1_000)
  expect(isRunning).toBe(false)
  gate.open(new Response())
  await out
  await browser.advance(HOUR)
  await signedIn
  expect(isRunning).toBe(true)
})

test('a storage that fails at one look costs no sign-out', async () => {
  const revoked: unknown[] = []
  const { auth, browser } = await createSignedInScene({
    onSignOut: async ({ refreshToken }) => void revoked.push(refreshToken),
  })
  const promise = auth.signOut()
  promise.catch(() => {})
  for (let step = 0; step < 50 && browser.entry?.status !== 'signed-out'; step++) await undefined
  browser.brokenWrites = 1
  await browser.advance(MINUTE)
  expect(await outcome(promise)).toBeUndefined()
  expect([revoked, browser.entry?.leaving]).toEqual([['refresh-0'], []])
})

describe('a tab that has not restored yet', () => {
  test('refreshes when it is told to, whatever a sibling has', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    await createSignedInScene({ browser, server })
    await browser.advance(10 * MINUTE)
    const second = createScene({ browser, server })
    const promise = second.auth.getAccessToken({ forceRefresh: true })
    await drains()
    expect(await outcome(promise)).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('dispose', () => {
  test('leaves no timer to a tab that was waking', async () => {
    const { auth, tab } = await createSignedInScene()
    void tab.fire('wake')
    auth.dispose()
    await drain()
    expect(tab.leftovers()).toEqual([])
  })

  test('gives a caller that waits behind a 401 that 401', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    server.onCall = () => unauthorized()
    const call = auth.authFetch(API)
    await drain()
    auth.dispose()
    expect(await outcome(call)).toMatchObject({ status: 401 })
    gate.open(Response.json(tokens(1)))
  })
})

test('a 401 that comes late is retried with a token that still lasts', async () => {
  const { auth, browser, server } = await createSignedInScene()
  const gate = createGate<Response>()
  server.onCall = (_, nth) => (nth === 1 ? gate.promise : new Response('ok'))
  const call = auth.authFetch(`${API}/slow`)
  await browser.advance(50 * MINUTE)
  browser.sleep(3 * HOUR)
  gate.open(unauthorized())
  await outcome(call)
  expect(server.calls[1]?.authorization).toBe('Bearer access-2')
})

test.each([
  ['nothing', () => ({})],
  ['the token at hand', () => ({ access_token: 'access-0', expires_in: 3600 })],
])('`responseTokens` of what gives %s changes nothing', async (_, readTokens) => {
  const { auth, browser } = await createSignedInScene({ readTokens: responseTokens(readTokens) })
  const before = browser.entry
  await auth.authFetch(`${API}/a`)
  await drain()
  expect(browser.entry).toEqual(before)
})

test('`responseTokens` of what gives a promise changes nothing, and is reported', async () => {
  const readTokens = responseTokens((async () => undefined) as never)
  const { auth, browser, tab } = await createSignedInScene({ readTokens })
  const before = browser.entry
  await auth.authFetch(`${API}/a`)
  await drain()
  expect(browser.entry).toEqual(before)
  expect(tab.reports).toEqual([expect.objectContaining({ message: 'the token response is not a JSON object' })])
  tab.reports.length = 0
})

describe('misuse is named', () => {
  test.each([
    ['on', 'name', (auth) => auth.on('typo' as never, () => {})],
    ['on, of its own parts', 'name', (auth) => auth.on('adopted' as never, () => {})],
    ['on', 'listener', (auth) => auth.on('refreshed', undefined as never)],
    ['subscribe', 'listener', (auth) => auth.subscribe(undefined as never)],
  ] as [string, string, (auth: Awaited<ReturnType<typeof createSignedInScene>>['auth']) => void][])(
    '%s: its %s',
    async (_, part, misuse) => {
      const { auth } = await createSignedInScene()
      expect(() => misuse(auth)).toThrow(TypeError)
      expect(() => misuse(auth)).toThrow(`"${part}"`)
    },
  )

  test('getAccessToken: its signal', async () => {
    const { auth } = await createSignedInScene()
    await expect(auth.getAccessToken({ signal: {} as never })).rejects.toThrow('"signal" must be an AbortSignal')
  })
})

test('headers that can be read once are not lost when `fetch` refuses them', async () => {
  const { auth, server } = await createSignedInScene()
  const headers = (function* () {
    yield ['not a name', 'x']
  })()
  expect(await outcome(auth.authFetch(API, { headers: headers as never }))).toBeInstanceOf(TypeError)
  expect(server.calls).toEqual([])
})
