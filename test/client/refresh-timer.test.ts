// The refresh timer: when it fires, after failures, after sleep, and with wrong clocks.

import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/core/ports.ts'
import { cookieRefresh, RefreshUnavailableError, SessionEndedError } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  acceptOnlyNewest,
  bearer,
  createGate,
  createScene,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  jwt,
  MINUTE,
  START,
  TOKEN_ENDPOINT,
  tokens,
  unauthorized,
} from './harness.ts'

const DAY = 24 * HOUR

/** A server whose tokens are JWTs by its own clock, and whose API believes them until they expire. */
function createJwtServer(serverNow: () => number, lifetime: number, claimsOf = (iat: number): object => ({ iat })) {
  const server = createServer()
  const issue = (nth: number) => {
    const iat = Math.floor(serverNow() / 1000)
    const { expires_in: _, ...rest } = tokens(nth)
    return { ...rest, access_token: jwt({ ...claimsOf(iat), exp: iat + lifetime / 1000, nth }) }
  }
  const served: number[] = []
  server.onRefresh = (nth) => Response.json(issue(nth), { headers: { date: new Date(serverNow()).toUTCString() } })
  server.onCall = ({ authorization }) => {
    const payload = authorization?.split('.')[1]
    if (!payload) return unauthorized()
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    served.push(exp * 1000 - serverNow())
    return exp * 1000 > serverNow() ? new Response('ok') : unauthorized()
  }
  return { server, issue, served }
}

/** Whole milliseconds, each clock with an edge of its own that wanders, as in Firefox; between two looks some time goes by. */
function createRoundedClock(clock: Clock, seed: number): Clock {
  let state = seed
  const random = (): number => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
  let spent = random()
  const rounded = (read: () => number) => {
    let last = 0
    return (): number => {
      spent += random() / 10
      last = Math.max(last, Math.floor(read() + spent + random()))
      return last
    }
  }
  return { ...clock, now: rounded(clock.now), elapsed: rounded(clock.elapsed) }
}

describe('the timer', () => {
  test('refreshes before `exp`, and no caller ever sees a 401', async () => {
    const browser = createVirtualBrowser()
    const { server, issue } = createJwtServer(browser.now, 5 * MINUTE)
    const { auth } = await createSignedInScene({ browser, server, tokens: issue(0) })
    for (let minute = 0; minute < 60; minute++) {
      expect((await auth.authFetch(`${API}/me`)).status).toBe(200)
      await browser.advance(MINUTE)
    }
    expect(server.calls).toHaveLength(60)
    expect(server.refreshes.length).toBeGreaterThanOrEqual(12)
    expect(server.refreshes.length).toBeLessThanOrEqual(16)
  })

  test('leaves a lead of `refreshLead` before the expiry', async () => {
    const browser = createVirtualBrowser()
    browser.random = 0
    const { server } = await createSignedInScene({ browser, refreshLead: 10 * MINUTE })
    await browser.advance(50 * MINUTE - 1)
    expect(server.refreshes).toHaveLength(0)
    await browser.advance(1)
    expect(server.refreshes).toHaveLength(1)
  })

  test('comes again after a failure, however the clocks are rounded', async () => {
    for (let seed = 1; seed <= 400; seed++) {
      const browser = createVirtualBrowser()
      const { platform } = browser.openTab()
      const server = createServer()
      server.onRefresh = (nth) => (nth === 1 ? new Response(null, { status: 503 }) : Response.json(tokens(nth)))
      const clock = createRoundedClock(platform.clock, seed)
      const { auth } = await createSignedInScene({ browser, server, platform: { ...platform, clock } })
      await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toThrow(RefreshUnavailableError)
      await browser.advance(MINUTE)
      expect(server.refreshes, `seed ${seed}`).toHaveLength(2)
    }
  })

  test('comes again when it was due by a clock that has gone back', async () => {
    const browser = createVirtualBrowser()
    const { platform } = browser.openTab()
    const server = createServer()
    server.onRefresh = (nth) =>
      nth === 1 ? new Response(null, { status: 503, headers: { 'retry-after': '30' } }) : Response.json(tokens(nth))
    let ahead = 0
    const clock: Clock = {
      ...platform.clock,
      now() {
        const now = platform.clock.now() + ahead
        ahead = 0
        return now
      },
      // The timer after the failure comes early, and its first look at the clock tells it that it is not.
      after: (delay, callback) =>
        delay < 30_000 || delay > MINUTE
          ? platform.clock.after(delay, callback)
          : platform.clock.after(delay - 20_000, () => {
              ahead = 20_000
              callback()
            }),
    }
    const { auth } = await createSignedInScene({ browser, server, platform: { ...platform, clock } })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toThrow(RefreshUnavailableError)
    await browser.advance(MINUTE)
    expect(server.refreshes).toHaveLength(2)
  })

  test('goes on when the tokens that end a refresh are due already', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    const gate = createGate<Response>()
    server.onRefresh = (nth) => (nth === 1 ? gate.promise : Response.json(tokens(nth)))
    const { platform: ours } = browser.openTab()
    // Each is faster than the one before, so that a refresh is still looking when its tokens come.
    let duration = 100
    const read = async () => {
      duration -= 10
      await new Promise<void>((resolve) => ours.clock.after(duration, resolve))
      return await ours.ledger.read()
    }
    const second = createScene({ browser, server, platform: { ...ours, ledger: { ...ours.ledger, read } } })
    const { platform: theirs } = browser.openTab()
    const post = (message: unknown): void => {
      theirs.channel.post(message)
      // What the first tab tells lies waiting while the machine sleeps.
      if (server.refreshes.length === 1) browser.sleep(2 * HOUR)
    }
    const platform = { ...theirs, channel: { ...theirs.channel, post } }
    const first = await createSignedInScene({ browser, server, platform })
    await browser.advance(1_000)
    expect(second.names()).toEqual(['signed-in'])
    const refreshed = first.auth.getAccessToken({ forceRefresh: true })
    await drain()
    void second.auth.getAccessToken({ forceRefresh: true })
    await browser.advance(1_000)
    gate.open(Response.json(tokens(1)))
    await refreshed
    first.auth.dispose()
    await browser.advance(MINUTE)
    expect(server.refreshes).toHaveLength(2)
  })

  test('goes on trying when a session is seen whose tab is gone', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    const gone = await createSignedInScene({ browser, server })
    gone.auth.dispose()
    server.onRefresh = (nth) => (nth === 1 ? new Response(null, { status: 503 }) : Response.json(tokens(nth)))
    const { auth, tab } = createScene({ browser, server })
    void auth.restore()
    await browser.advance(150)
    expect(server.refreshes).toHaveLength(1)
    await tab.fire('hide')
    const other = await createSignedInScene({ browser, server })
    other.auth.dispose()
    await tab.fire('show')
    await browser.advance(MINUTE)
    expect(server.refreshes).toHaveLength(2)
    expect(auth.getState()).toMatchObject({ status: 'signed-in', expiresAt: expect.any(Number) })
  })

  test('makes pauses too when a refresh function names a time that is over', async () => {
    let asked = 0
    const { auth, browser } = await createSignedInScene({
      refresh: async () => {
        if (++asked > 50) return tokens(1)
        throw new RefreshUnavailableError('locked', { retryAt: 60 })
      },
    })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toThrow(RefreshUnavailableError)
    await browser.advance(10_000)
    expect(asked).toBeLessThan(8)
  })

  test('is not held up by the failure of a session that a sign-in has replaced', async () => {
    const server = createServer()
    const gate = createGate<Response>()
    server.onRefresh = (nth) => (nth === 1 ? gate.promise : Response.json(tokens(nth)))
    const { auth, browser, names } = await createSignedInScene({ server })
    const overtaken = auth.getAccessToken({ forceRefresh: true })
    await drain()
    await auth.signIn({ ...tokens(9), expires_in: 300 })
    gate.open(new Response(null, { status: 503, headers: { 'retry-after': '3600' } }))
    await expect(overtaken).rejects.toThrow(SessionEndedError)
    await browser.advance(10 * MINUTE)
    expect(await auth.getAccessToken()).toBe('access-2')
    expect(names()).not.toContain('refresh-failed')
  })

  test('takes no more than a quarter of the lifetime for the lead', async () => {
    const browser = createVirtualBrowser()
    browser.random = 0
    const { server } = await createSignedInScene({
      browser,
      refreshLead: 10 * HOUR,
      tokens: { ...tokens(0), expires_in: 60 },
    })
    await browser.advance(45_000 - 1)
    expect(server.refreshes).toHaveLength(0)
    await browser.advance(1)
    expect(server.refreshes).toHaveLength(1)
  })

  test('comes later in a hidden tab than in a visible one, and still before the expiry', async () => {
    const delays = await Promise.all(
      [false, true].map(async (isHidden) => {
        const browser = createVirtualBrowser()
        const { auth, tab } = createScene({ browser })
        tab.isHidden = isHidden
        await auth.signIn({ ...tokens(0), expires_in: 600 })
        return tab.timers()[0] as number
      }),
    )
    const [visible, hidden] = delays as [number, number]
    expect(hidden).toBeGreaterThan(visible)
    expect(hidden).toBeLessThan(600_000)
  })

  test('comes at a random time of the first lifetime after a sign-in, and late in later ones', async () => {
    const browser = createVirtualBrowser()
    browser.random = 0.99
    const { auth, tab } = await createSignedInScene({ browser })
    const delays = [tab.timers()[0] as number]
    for (let nth = 0; nth < 2; nth++) {
      await auth.getAccessToken({ forceRefresh: true })
      delays.push(tab.timers()[0] as number)
    }
    expect(delays[0]).toBeLessThan(HOUR / 4)
    expect(delays[2]).toBeGreaterThan(HOUR * 0.9)
  })

  test('comes at any time after an outage as well', async () => {
    const browser = createVirtualBrowser()
    browser.random = 0.99
    const { auth, server, tab } = await createSignedInScene({ browser })
    for (let nth = 0; nth < 2; nth++) await auth.getAccessToken({ forceRefresh: true })
    server.onRefresh = () => new Response('', { status: 503 })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(MINUTE)
    expect(server.refreshes).toHaveLength(4)
    expect(tab.timers()[0]).toBeLessThan(HOUR / 4)
  })

  test('of a 40-day lifetime fires once, before the expiry', async () => {
    const browser = createVirtualBrowser()
    browser.random = 0
    const { server } = await createSignedInScene({ browser, tokens: { ...tokens(0), expires_in: 40 * 86_400 } })
    await browser.advance(39 * DAY)
    expect(server.refreshes).toHaveLength(0)
    await browser.advance(DAY - 30_000)
    expect(server.refreshes).toHaveLength(1)
  })

  test('is not set for opaque tokens without `expires_in`, which refresh on a 401', async () => {
    const { auth, browser, server, tab } = await createSignedInScene({
      tokens: { access_token: 'opaque', refresh_token: 'refresh-0' },
    })
    expect(tab.timers()).toEqual([])
    expect(auth.getState()).toMatchObject({ status: 'signed-in', expiresAt: undefined })
    expect(auth.getClaims()).toBeUndefined()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
  })

  test('is not set for a session that has no refresh token', async () => {
    const { tab } = await createSignedInScene({ tokens: { access_token: 'a', expires_in: 60 } })
    expect(tab.timers()).toEqual([])
  })

  test('is set for a token whose lifetime is known by `exp` and the Date of the answer alone', async () => {
    const browser = createVirtualBrowser()
    const serverNow = (): number => browser.now() - 10 * MINUTE
    const { server, issue } = createJwtServer(serverNow, 5 * MINUTE, () => ({}))
    const { auth } = await createSignedInScene({ browser, server, tokens: { ...issue(0), expires_in: 60 } })
    await browser.advance(MINUTE)
    expect(server.refreshes).toHaveLength(1)
    const state = auth.getState()
    expect(state.status === 'signed-in' && state.expiresAt).toBeGreaterThan(browser.now())
    await browser.advance(4 * MINUTE)
    expect(server.refreshes).toHaveLength(2)
  })
})

describe.each([
  ['fast', 10 * MINUTE],
  ['slow', -10 * MINUTE],
])('a clock 10 minutes %s', (_, offset) => {
  test('neither loops nor serves expired tokens', async () => {
    const browser = createVirtualBrowser()
    const { server, issue, served } = createJwtServer(() => browser.now() - offset, 5 * MINUTE)
    const { auth } = await createSignedInScene({ browser, server, tokens: issue(0) })
    for (let round = 0; round < 120; round++) {
      expect((await auth.authFetch(API)).status).toBe(200)
      await browser.advance(30_000)
    }
    expect(server.calls).toHaveLength(120)
    expect(Math.min(...served)).toBeGreaterThan(0)
    expect(server.refreshes.length).toBeLessThanOrEqual(16)
  })
})

describe('a clock that jumps', () => {
  test('back by an hour does not make a token last longer', async () => {
    const { browser, server } = await createSignedInScene()
    browser.jump(-HOUR)
    await browser.advance(HOUR)
    expect(server.refreshes.length).toBeGreaterThanOrEqual(1)
  })

  test.each([
    ['at once', 0],
    ['though a call before the sleep found the token valid', 600],
  ])('back during a sleep does not make an expired token valid, %s', async (_, rest) => {
    const { auth, browser, server } = await createSignedInScene()
    if (rest > 0) await auth.authFetch(API)
    browser.sleep(HOUR)
    browser.jump(rest - HOUR)
    await auth.authFetch(API)
    expect(server.calls.at(-1)?.authorization).toBe(bearer('access-1'))
  })

  test('forth past the expiry makes the next call wait for a new token', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    await auth.authFetch(API)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-1')])
  })

  test('back by an hour after a failed refresh does not delay the next try', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => new Response('busy', { status: 503 })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toBeInstanceOf(RefreshUnavailableError)
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(0)
    browser.jump(-HOUR)
    await browser.advance(2 * MINUTE)
    expect(server.refreshes).toHaveLength(2)
  })
})

test('a token that was found valid a moment ago says nothing of the next one', async () => {
  const { auth, browser, server } = await createSignedInScene()
  await auth.authFetch(API)
  await auth.signIn({ ...tokens(0), access_token: 'brief', expires_in: 0.1 })
  browser.sleep(200)
  await auth.authFetch(API)
  expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-0'), bearer('access-1')])
})

describe('after a sleep', () => {
  test('the wake-up refreshes an expired token before anybody asks', async () => {
    const { auth, browser, server, tab } = await createSignedInScene()
    browser.jump(8 * HOUR)
    await tab.fire('wake')
    await browser.advance(1_000)
    expect(server.refreshes).toHaveLength(1)
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(server.calls.at(-1)?.authorization).toBe(bearer('access-1'))
  })

  test('the wire is probed without a token before the refresh token is sent', async () => {
    const { browser, server, tab } = await createSignedInScene()
    browser.jump(8 * HOUR)
    const gate = createGate<Response>()
    server.onProbe = () => gate.promise
    await tab.fire('wake')
    await browser.advance(1_000)
    expect(server.refreshes).toHaveLength(0)
    const [probe] = server.probes
    expect(probe).toMatchObject({ url: TOKEN_ENDPOINT, method: 'HEAD', authorization: null })
    expect(probe?.init).toMatchObject({ credentials: 'omit', mode: 'no-cors' })
    gate.open(new Response())
    await browser.advance(0)
    expect(server.refreshes).toHaveLength(1)
  })

  test('nothing is sent while the network is down, and the refresh follows when it is back', async () => {
    const { browser, server, tab } = await createSignedInScene()
    browser.jump(8 * HOUR)
    server.onProbe = () => Promise.reject(new TypeError('Failed to fetch'))
    await tab.fire('wake')
    await browser.advance(5_000)
    expect(server.refreshes).toHaveLength(0)
    server.onProbe = () => new Response()
    await browser.advance(2 * MINUTE)
    expect(server.refreshes).toHaveLength(1)
  })

  test('a timer that fires late by the monotonic clock probes as well', async () => {
    const { browser, server } = await createSignedInScene()
    browser.sleep(8 * HOUR)
    await browser.advance(1_000)
    expect([server.probes.length, server.refreshes.length]).toEqual([1, 1])
  })

  test('a wake-up with a valid token sends nothing', async () => {
    const { browser, server, tab } = await createSignedInScene()
    await tab.fire('wake')
    await browser.advance(1_000)
    expect(server.refreshes).toEqual([])
  })
})

describe('a lifetime that makes no sense', () => {
  test.each([
    ['expires_in of 0', { ...tokens(1), expires_in: 0 }],
    ['a negative expires_in', { ...tokens(1), expires_in: -5 }],
    ['an `exp` before `iat`', { access_token: jwt({ iat: START / 1000, exp: START / 1000 - 60 }) }],
    ['an `exp` in 1970', { access_token: jwt({ exp: 1 }) }],
    ['a lifetime of a second', { ...tokens(1), expires_in: 1 }],
    ['a lifetime of a millisecond', { ...tokens(1), expires_in: 0.001 }],
  ])('%s does not make the timer loop', async (_, response) => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => Response.json(response)
    await auth.getAccessToken({ forceRefresh: true })
    expect(server.refreshes).toHaveLength(1)
    await browser.advance(10_000)
    expect(server.refreshes.length).toBeLessThanOrEqual(11)
  })

  test('does not make callers loop either', async () => {
    const { auth, server } = await createSignedInScene()
    server.onRefresh = () => Response.json({ ...tokens(1), expires_in: 0 })
    await auth.getAccessToken({ forceRefresh: true })
    for (let call = 0; call < 50; call++) await auth.authFetch(API)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls).toHaveLength(50)
  })
})

describe('after a failure', () => {
  const failures: [string, () => Response | Promise<Response>][] = [
    ['429', () => new Response('slow down', { status: 429 })],
    ['503', () => new Response('busy', { status: 503 })],
    ['500', () => new Response('oops', { status: 500 })],
    ['200 with HTML', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['403 with HTML of a firewall', () => new Response('<html>', { status: 403 })],
    ['an empty 200', () => new Response('')],
    ['no answer at all', () => new Promise(() => {})],
    ['a network error', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a token response without a token', () => Response.json({})],
    ['a token that could not travel in a header', () => Response.json({ access_token: 'a\nb' })],
  ]

  test.each(failures)('%s keeps the session, and the timer is set again', async (_, answer) => {
    const { auth, browser, server, tab, names } = await createSignedInScene()
    server.onRefresh = answer
    const refusal = auth.getAccessToken({ forceRefresh: true }).catch((error) => error)
    await browser.advance(31_000)
    expect(await refusal).toBeInstanceOf(RefreshUnavailableError)
    expect(auth.getState().status).toBe('signed-in')
    expect(names()).toContain('refresh-failed')
    expect(tab.timers().length).toBeGreaterThanOrEqual(1)

    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(3 * MINUTE)
    expect(names().at(-1)).toBe('refreshed')
  })

  test.each(failures)('%s leaves a valid token in use', async (_, answer) => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = answer
    const token = auth.getAccessToken({ minValidity: 3_599_000 })
    await browser.advance(31_000)
    expect(await token).toBe('access-0')
    expect((await auth.authFetch(API)).status).toBe(200)
  })

  test('Retry-After is obeyed by the timer and by callers', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => new Response('', { status: 429, headers: { 'retry-after': '120' } })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    const before = { ...browser.counts }
    for (let call = 0; call < 20; call++) await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    expect(browser.counts).toEqual(before)
    await browser.advance(119_000)
    expect(server.refreshes).toHaveLength(1)
    await browser.advance(2 * MINUTE)
    expect(server.refreshes.length).toBeGreaterThan(1)
  })

  test('pauses grow, and an hour of 503 costs few requests', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => new Response('', { status: 503 })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(HOUR)
    expect(server.refreshes.length).toBeGreaterThan(60)
    expect(server.refreshes.length).toBeLessThan(150)
  })

  test('the error of `refresh-failed` and of the caller is the same, with the time of the next try', async () => {
    const { auth, browser, server, events } = await createSignedInScene()
    server.onRefresh = () => new Response('', { status: 503 })
    const error = await auth.getAccessToken({ forceRefresh: true }).catch((reason) => reason)
    await browser.advance(0)
    expect(error).toMatchObject({ name: 'RefreshUnavailableError', code: 'refresh-unavailable' })
    expect(error.retryAt).toBeGreaterThan(browser.now())
    expect(events[0]).toEqual({
      name: 'refresh-failed',
      detail: { error, retryAt: error.retryAt, source: 'this-tab' },
    })
  })
})

describe('offline', () => {
  test('an own refresh function is not called; the `online` event starts it', async () => {
    let refreshes = 0
    const { auth, browser, tab } = await createSignedInScene({
      refresh: async () => tokens(++refreshes),
    })
    tab.isOnline = false
    await tab.fire('wake')
    browser.jump(2 * HOUR)
    await expect(auth.getAccessToken()).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(refreshes).toBe(0)
    expect(auth.getState().status).toBe('signed-in')
    tab.isOnline = true
    await tab.fire('wake')
    await browser.advance(1_000)
    expect(refreshes).toBe(1)
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  test('the `online` event ends the pause that a dead wire has made', async () => {
    const { auth, browser, server, tab } = await createSignedInScene()
    browser.jump(2 * HOUR)
    server.onProbe = () => Promise.reject(new TypeError('Failed to fetch'))
    server.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await auth.getAccessToken().catch(() => {})
    await browser.advance(10 * MINUTE)
    server.onProbe = () => new Response()
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance((tab.timers()[0] as number) - 1)
    const before = server.refreshes.length
    await tab.fire('wake')
    await browser.advance(0)
    expect(server.refreshes).toHaveLength(before + 1)
    expect((await auth.authFetch(API)).status).toBe(200)
  })

  test('it finds a session that could not be found at the start', async () => {
    const { auth, browser, server, tab } = createScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })
    server.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    server.onProbe = () => Promise.reject(new TypeError('Failed to fetch'))
    expect((await auth.restore()).status).toBe('unknown')
    server.onProbe = () => new Response()
    server.onRefresh = (nth) => Response.json(tokens(nth))
    await browser.advance(10 * MINUTE)
    await tab.fire('wake')
    await browser.advance(0)
    expect(auth.getState().status).toBe('signed-in')
  })
})

describe('the page cache', () => {
  test('finds the channel closed on `pagehide`, and open again on `pageshow`', async () => {
    const { tab } = await createSignedInScene()
    await tab.fire('hide')
    expect(tab.leftovers()).not.toContain('channel')
    await tab.fire('show')
    expect(tab.leftovers()).toContain('channel')
  })
})

test('a session of cookies alone renews by `expires_in`', async () => {
  const { auth, browser, server } = await createSignedInScene({
    refresh: cookieRefresh('https://app.example/auth/refresh'),
    tokens: { expires_in: 300 },
  })
  server.onRefresh = () => Response.json({ expires_in: 300 })
  await browser.advance(HOUR)
  expect(server.refreshes.length).toBeGreaterThanOrEqual(12)
  expect(server.refreshes.length).toBeLessThanOrEqual(16)
  expect(server.refreshes.every(({ request }) => request.credentials === 'include')).toBe(true)
  expect(await auth.getAccessToken()).toBeUndefined()
})

test('a refresh is a POST that outlives the page, follows no redirect and is not cached', async () => {
  const { auth, server } = await createSignedInScene()
  await auth.getAccessToken({ forceRefresh: true })
  const [sent] = server.refreshes
  expect(sent).toMatchObject({ url: TOKEN_ENDPOINT, method: 'POST', authorization: null })
  expect(sent?.init).toMatchObject({ keepalive: false, redirect: 'manual', cache: 'no-store', credentials: 'omit' })
  expect(new URLSearchParams(await sent?.body)).toEqual(
    new URLSearchParams({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: 'refresh-0' }),
  )
})
