// What goes wrong elsewhere. Each test is named after what others do, and states what happens here.

import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Entry } from '../../src/core/entry/entry.ts'
import type { Ledger, Platform } from '../../src/core/ports.ts'
import { RefreshUnavailableError } from '../../src/index.ts'
import { createClock } from '../../src/platform/clock.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  acceptOnlyNewest,
  createGate,
  createScene,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  MINUTE,
  outcome,
  tokens,
} from './harness.ts'

afterEach(() => {
  vi.useRealTimers()
})

const offline = (): Promise<Response> => Promise.reject(new TypeError('Failed to fetch'))

describe('auth0-spa-js, supabase, msal-browser: a network failure sends one refresh token several times', () => {
  test('it is sent once, and again only after a pause and a probe', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = offline
    server.onProbe = offline
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    for (let call = 0; call < 10; call++) await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    expect(server.refreshes).toHaveLength(1)
    await browser.advance(10 * MINUTE)
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('auth0-spa-js, okta, atproto, clerk, AxaFrance, workos: an error that is no verdict ends the session', () => {
  test.each([429, 500, 502, 503, 504])('five times %i in a row leave it alone', async (status) => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => new Response('<html>', { status })
    while (server.refreshes.length < 5) {
      await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
      await browser.advance(MINUTE)
    }
    expect(auth.getState().status).toBe('signed-in')
    expect(browser.entry?.refreshToken).toBe('refresh-0')
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(3 * MINUTE)
    expect(await auth.getAccessToken()).toMatch(/access-[1-9]/)
  })

  test('a network error leaves the access token in use', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = offline
    const forced = auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await drain()
    expect(await auth.getAccessToken()).toBe('access-0')
    await browser.advance(MINUTE)
    await forced
    expect(await auth.getAccessToken()).toBe('access-0')
  })
})

describe('okta, keycloak-js, badgateway: a timer over 2^31 milliseconds fires at once', () => {
  test('the clock of the browser chains it', () => {
    vi.useFakeTimers()
    const setTimeout = vi.spyOn(globalThis, 'setTimeout')
    const callback = vi.fn()
    const day = 24 * HOUR
    createClock().after(40 * day, callback)
    vi.advanceTimersByTime(40 * day - 1)
    expect(callback).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(callback).toHaveBeenCalledTimes(1)
    for (const [, delay] of setTimeout.mock.calls) expect(delay).toBeLessThanOrEqual(2 ** 31 - 1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a chained timer can be cancelled at any time', () => {
    vi.useFakeTimers()
    const callback = vi.fn()
    const cancel = createClock().after(60 * 24 * HOUR, callback)
    vi.advanceTimersByTime(30 * 24 * HOUR)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(60 * 24 * HOUR)
    expect(callback).not.toHaveBeenCalled()
  })
})

describe('okta, oidc-client-ts, keycloak-js: a session comes back after the sign-out', () => {
  test('a refresh that lands late is discarded', async () => {
    const { auth, browser, server } = await createSignedInScene()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    void auth.getAccessToken({ forceRefresh: true })
    await drain()
    const signedOut = auth.signOut()
    gate.open(Response.json(tokens(1)))
    await signedOut
    await browser.advance(HOUR)
    expect(auth.getState()).toMatchObject({ status: 'signed-out' })
    expect(browser.entry).toMatchObject({ status: 'signed-out' })
    expect(browser.entry?.refreshToken).toBeUndefined()
  })
})

describe("oidc-client-ts, firebase, ky's recipe: a refresh for each request", () => {
  test('five parallel 401s share one', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => auth.authFetch(API)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('atproto, badgateway: a late 401 of the old token rotates again', () => {
  test('five 401s that come one after another rotate once', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    const { onCall } = server
    const gates = [1, 2, 3, 4, 5].map(() => createGate<void>())
    server.onCall = async (sent, nth) => {
      await gates[nth - 1]?.promise
      return onCall(sent, nth)
    }
    const calls = gates.map(() => auth.authFetch(API))
    for (const gate of gates) {
      gate.open()
      await browser.advance(MINUTE)
    }
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('AxaFrance: 4,200 lock requests a second while another tab holds it', () => {
  test('one request waits for a second, and then does without the lock', async () => {
    const { auth, browser, tab } = await createSignedInScene()
    await browser.openTab().platform.locks.request().granted
    const { locks } = browser.counts
    const token = auth.getAccessToken({ forceRefresh: true })
    await browser.advance(999)
    expect(await outcome(token)).toBe('pending')
    await browser.advance(1)
    expect(await token).toBe('access-1')
    expect(browser.counts.locks - locks).toBe(1)
    expect(tab.leftovers()).not.toContain('lock')
  })
})

describe('supabase, okta: a lock that is never given back blocks for ever', () => {
  test('after a bounded wait the tabs do without it, each time', async () => {
    const { auth, browser } = await createSignedInScene()
    await browser.openTab().platform.locks.request().granted
    for (const expected of ['access-1', 'access-2']) {
      const token = auth.getAccessToken({ forceRefresh: true })
      await browser.advance(MINUTE)
      expect(await token).toBe(expected)
    }
  })
})

describe('react-oauth2-pkce, amplify: a tab that dies in the middle blocks or strands the others', () => {
  test('its attempt is taken over at once where a guard shows that it is gone', async () => {
    const browser = createVirtualBrowser()
    const first = await createSignedInScene({ browser })
    first.server.onRefresh = () => new Promise(() => {})
    first.auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(100)
    expect(browser.entry?.attempt).toBeDefined()
    const second = createScene({ browser })
    await second.auth.restore()
    const token = second.auth.getAccessToken({ forceRefresh: true })
    await browser.advance(3_000)
    expect(await outcome(token)).toBe('pending')
    first.tab.crash()
    await browser.advance(100)
    expect(await token).toBe('access-1')
  })

  test('without a guard its attempt is left alone for its lease, and then taken over', async () => {
    const browser = createVirtualBrowser()
    const { auth, server } = await createSignedInScene({ browser })
    const attempt = { id: 'dead', owner: 'dead', firstSentAt: browser.now(), doubt: false, resend: false }
    browser.entry = { ...(browser.entry as NonNullable<typeof browser.entry>), attempt }
    const token = auth.getAccessToken({ forceRefresh: true })
    await browser.advance(30_000)
    expect(await outcome(token)).toBe('pending')
    expect(server.refreshes).toHaveLength(0)
    await browser.advance(10_000)
    expect(await token).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })
})

describe('auth0-spa-js, firebase, workos: every tab refreshes for itself', () => {
  test('of five tabs that are refused at once, one does, and all succeed', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    const first = await createSignedInScene({ browser, server })
    const tabs = [first, ...[1, 2, 3, 4].map(() => createScene({ browser, server }))]
    for (const tab of tabs) {
      const restored = tab.auth.restore()
      await browser.advance(200)
      expect((await restored).status).toBe('signed-in')
    }
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    const calls = tabs.map(({ auth }) => auth.authFetch(API))
    await browser.advance(5_000)
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(server.refreshes).toHaveLength(1)
    for (const tab of tabs) expect(JSON.stringify(tab.tab.posted)).not.toContain('refresh-')
  })
})

describe('a browser that refuses storage late', () => {
  test.each([50, 150, 250])('does not hide the session of another tab: after %i ms', async (delay) => {
    const browser = createVirtualBrowser()
    await createSignedInScene({ browser })
    let memory: Entry | undefined
    let shared = true
    const { clock } = browser.openTab().platform
    const refused = new Promise<void>((resolve) => {
      clock.after(delay, () => {
        shared = false
        resolve()
      })
    })
    const ledger: Ledger = {
      get shared() {
        return shared
      },
      read: () => ledger.update((entry) => ({ result: entry })),
      async update(transition) {
        await refused
        const { entry = memory, result } = transition(memory)
        memory = entry
        return result
      },
      close() {},
    }
    const { platform } = browser.openTab()
    const second = createScene({ browser, platform: { ...platform, ledger } })
    const restored = second.auth.restore()
    await browser.advance(500)
    expect(await restored).toMatchObject({ status: 'signed-in' })
    expect([second.names(), second.server.refreshes.length]).toEqual([['signed-in'], 0])
  })
})

describe('axios-auth-refresh, alova: the others are rejected, or hang for ever, when a refresh fails', () => {
  test.each([
    ['throws', offline],
    ['never answers', () => new Promise<Response>(() => {})],
  ])('each of 50 settles when it %s', async (_, answer) => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    server.onRefresh = answer
    const calls = Array.from({ length: 50 }, () => auth.authFetch(API).catch((error) => error))
    await browser.advance(31_000)
    for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(RefreshUnavailableError)
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(3 * MINUTE)
    expect((await auth.authFetch(API)).status).toBe(200)
  })
})

describe('fetch-extras: when all who wait abort, a second refresh starts', () => {
  test('the first goes on, and the next caller joins it', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const controller = new AbortController()
    const calls = [1, 2].map(() => auth.authFetch(API, { signal: controller.signal }))
    await drain()
    controller.abort()
    await Promise.allSettled(calls)
    const next = auth.authFetch(API)
    await drain()
    expect(server.refreshes).toHaveLength(1)
    gate.open(Response.json(tokens(1)))
    expect((await next).status).toBe(200)
  })
})

describe('authfetch in six busy windows of one thread: what the siblings have told is refreshed again', () => {
  test.each(['guard', 'ledger'] as const)('an answer that comes while the %s is waited for is enough', async (slow) => {
    const { browser, server, ...first } = await createSignedInScene()
    const tab = browser.openTab()
    const { channel, clock, ledger, locks } = tab.platform
    let isBusy = false
    const late = async <Value>(value: Promise<Value>, part: string): Promise<Value> => {
      const result = await value
      if (isBusy && part === slow) await new Promise<void>((resolve) => clock.after(200, resolve))
      return result
    }
    const platform: Platform = {
      ...tab.platform,
      // Longer than a sibling is given to answer.
      channel: {
        ...channel,
        open: (hear) => channel.open((message) => (isBusy ? clock.after(150, () => hear(message)) : hear(message))),
      },
      ledger: { ...ledger, update: (transition) => late(ledger.update(transition), 'ledger') },
      locks: {
        request(owner) {
          const { granted, cancel } = locks.request(owner)
          return { granted: owner ? late(granted, 'guard') : granted, cancel }
        },
      },
    }
    const { auth } = createScene({ browser, server, platform })
    await auth.restore()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    isBusy = true
    const calls = Promise.all([first.auth, auth].map((client) => client.authFetch(API)))
    await browser.advance(MINUTE)
    expect((await calls).map(({ status }) => status)).toEqual([200, 200])
    expect(server.refreshes).toHaveLength(1)
  })
})
