// The members of the client, one by one, and what its listeners hear.

import { describe, expect, test, vi } from 'vitest'
import type { Platform } from '../../src/core/ports.ts'
import {
  AuthError,
  cookieRefresh,
  DisposedError,
  RefreshUnavailableError,
  responseTokens,
  SessionEndedError,
  type SignOutRequest,
  type TokenResponse,
  TokenResponseError,
} from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  acceptOnlyNewest,
  bearer,
  createGate,
  createScene,
  createSignedInScene,
  drain,
  HOUR,
  jwt,
  MINUTE,
  outcome,
  START,
  tokens,
  unauthorized,
} from './harness.ts'

const cookie = cookieRefresh('https://app.example/auth/refresh')

describe('getAccessToken', () => {
  test('gives the token at hand without a request', async () => {
    const { auth, browser, server } = await createSignedInScene()
    const { locks } = browser.counts
    expect(await auth.getAccessToken()).toBe('access-0')
    expect([server.refreshes.length, browser.counts.locks - locks]).toEqual([0, 0])
  })

  test('with minValidity refreshes a token that does not last so long', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(10 * MINUTE)
    expect(await auth.getAccessToken({ minValidity: 49 * MINUTE })).toBe('access-0')
    expect(await auth.getAccessToken({ minValidity: 51 * MINUTE })).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })

  test('with a minValidity beyond every lifetime does not refresh at each call', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(10 * MINUTE)
    for (let call = 0; call < 20; call++) await auth.getAccessToken({ minValidity: 2 * HOUR })
    expect(server.refreshes).toHaveLength(1)
  })

  test('with forceRefresh refreshes a valid one', async () => {
    const { auth, server } = await createSignedInScene()
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })

  test('asked three times at once to refresh does so once', async () => {
    const { auth, server } = await createSignedInScene()
    const forced = [1, 2, 3].map(() => auth.getAccessToken({ forceRefresh: true }))
    expect(await Promise.all(forced)).toEqual(['access-1', 'access-1', 'access-1'])
    expect(server.refreshes).toHaveLength(1)
  })

  test('is undefined when nobody is signed in', async () => {
    const { auth, server } = createScene()
    expect(await auth.getAccessToken()).toBeUndefined()
    expect(server.refreshes).toHaveLength(0)
  })
})

describe('a response without a refresh token', () => {
  test('keeps the old one', async () => {
    const { auth, server } = await createSignedInScene()
    server.onRefresh = (nth) => Response.json({ access_token: `access-${nth}`, expires_in: 60 })
    for (let nth = 1; nth <= 3; nth++) expect(await auth.getAccessToken({ forceRefresh: true })).toBe(`access-${nth}`)
    for (const sent of server.refreshes) expect(await sent.body).toContain('refresh_token=refresh-0')
  })

  test('differs from a response with one, which replaces the old one', async () => {
    const { auth, server } = await createSignedInScene()
    await auth.getAccessToken({ forceRefresh: true })
    await auth.getAccessToken({ forceRefresh: true })
    const bodies = await Promise.all(server.refreshes.map(({ body }) => body))
    expect(bodies.map((body) => new URLSearchParams(body).get('refresh_token'))).toEqual(['refresh-0', 'refresh-1'])
  })

  test('in camelCase is understood too', async () => {
    const { auth, server } = await createSignedInScene()
    server.onRefresh = () => Response.json({ accessToken: 'camel', expiresIn: '600', refreshToken: 'hump' })
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('camel')
    expect(auth.getState()).toMatchObject({ expiresAt: START + 600_000 })
    await auth.getAccessToken({ forceRefresh: true })
    expect(await server.refreshes[1]?.body).toContain('refresh_token=hump')
  })
})

describe('in doubt', () => {
  test('a lost answer is asked for again with the same token and the same key', async () => {
    const { auth, browser, server } = await createSignedInScene({
      refresh: cookieRefresh('https://app.example/auth/refresh', { idempotencyKey: true }),
      tokens: { access_token: 'access-0', expires_in: 3600 },
    })
    server.onRefresh = (nth) => (nth === 1 ? Promise.reject(new TypeError('reset')) : Response.json(tokens(nth)))
    auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(2 * MINUTE)
    const keys = server.refreshes.map(({ request }) => request.headers.get('idempotency-key'))
    expect(keys).toHaveLength(2)
    expect(keys[0]).toBeTruthy()
    expect(keys[1]).toBe(keys[0])
  })

  test('with resendWithin 0 it counts as spent, and the session ends', async () => {
    const { auth, browser, server } = await createSignedInScene({ resendWithin: 0 })
    server.onRefresh = () => Promise.reject(new TypeError('reset'))
    auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(HOUR)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
    expect(server.refreshes).toHaveLength(1)
  })

  test('past resendWithin it is not sent again', async () => {
    const { auth, browser, server } = await createSignedInScene({ resendWithin: 10_000 })
    server.onRefresh = () => Promise.reject(new TypeError('reset'))
    auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(HOUR)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
    const last = server.refreshes.length
    expect(last).toBeLessThan(10)
  })

  test('a resend that the server refuses is no theft', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = (nth) =>
      nth === 1
        ? Promise.reject(new TypeError('reset'))
        : Response.json({ error: 'invalid_grant', error_code: 'refresh_token_already_used' }, { status: 400 })
    auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(2 * MINUTE)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  })
})

describe('sign-in', () => {
  test('with tokens takes them into use', async () => {
    const { auth, names } = createScene()
    await auth.signIn(tokens(0))
    expect(auth.getState()).toEqual({
      status: 'signed-in',
      ready: true,
      expiresAt: START + HOUR,
      refreshing: false,
      failure: undefined,
      degraded: [],
    })
    await drain()
    expect(names()).toEqual(['signed-in'])
  })

  describe('with the same tokens again, as from a component that is mounted twice', () => {
    const given = { refresh_token: 'refresh-0' }

    test('at once, sends the refresh token once', async () => {
      const { auth, browser, server, names } = createScene()
      const signedIn = Promise.all([auth.signIn(given), auth.signIn(given)])
      await browser.advance(1_000)
      await signedIn
      expect(await auth.getAccessToken()).toBe('access-1')
      expect([server.refreshes.length, names()]).toEqual([1, ['signed-in', 'refreshed']])
    })

    test('while it is on the wire, or is spent, sends it no second time', async () => {
      const { auth, browser, server } = createScene()
      const gate = createGate<Response>()
      server.onRefresh = () => gate.promise
      await auth.signIn(given)
      await browser.advance(1_000)
      expect(server.refreshes).toHaveLength(1)
      await auth.signIn(given)
      await browser.advance(1_000)
      gate.open(Response.json(tokens(1)))
      expect(await auth.getAccessToken()).toBe('access-1')
      await auth.signIn(given)
      await browser.advance(1_000)
      expect(await auth.getAccessToken()).toBe('access-1')
      expect(server.refreshes).toHaveLength(1)
    })

    test('takes an access token that is new', async () => {
      const { auth, server } = await createSignedInScene()
      await auth.signIn({ ...tokens(0), access_token: 'wider' })
      expect(await auth.getAccessToken()).toBe('wider')
      expect(server.refreshes).toHaveLength(0)
    })

    test('signs in again after another sign-in has begun', async () => {
      const { auth, browser } = createScene()
      const login = async () => ({ access_token: 'other', refresh_token: 'other', expires_in: 3600 })
      const all = Promise.allSettled([auth.signIn(tokens(0)), auth.signIn(login), auth.signIn(tokens(0))])
      await browser.advance(1_000)
      await all
      expect(await auth.getAccessToken()).toBe('access-0')
    })

    test('signs in again after a sign-out, and after storage has failed', async () => {
      const { auth, browser } = createScene()
      browser.brokenWrites = 20
      const refused = auth.signIn(tokens(0)).catch((error) => error)
      await browser.advance(10_000)
      expect(await refused).toBeInstanceOf(RefreshUnavailableError)
      browser.brokenWrites = 0
      await auth.signIn(tokens(0))
      expect(auth.getState().status).toBe('signed-in')
      await auth.signOut()
      await auth.signIn(tokens(0))
      expect(await auth.getAccessToken()).toBe('access-0')
    })
  })

  test('with a login runs it after a refresh on the wire has settled', async () => {
    const { auth, server } = await createSignedInScene({
      refresh: cookie,
      tokens: { access_token: 'access-0', expires_in: 3600 },
    })
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const forced = auth.getAccessToken({ forceRefresh: true }).catch((error) => error)
    await drain()
    const login = vi.fn(async () => ({ access_token: 'new-user', expires_in: 3600 }))
    const signedIn = auth.signIn(login)
    await drain()
    expect(login).not.toHaveBeenCalled()
    gate.open(Response.json({ access_token: 'old-user' }))
    await signedIn
    await forced
    expect(login).toHaveBeenCalledTimes(1)
    expect(await auth.getAccessToken()).toBe('new-user')
  })

  describe('beside a session', () => {
    /** Two tabs share the session, and a login begins in the first. */
    async function begin() {
      const scene = await createSignedInScene()
      const other = createScene({ browser: scene.browser, server: scene.server })
      await other.auth.restore()
      await scene.browser.advance(MINUTE)
      other.events.length = 0
      const gate = createGate<TokenResponse>()
      const signedIn = scene.auth.signIn(() => gate.promise).catch((error: unknown) => error)
      await scene.browser.advance(100)
      return { ...scene, other, gate, signedIn, tabs: [scene, other] }
    }

    test('leaves it as it is in every tab until the new one stands', async () => {
      const { browser, gate, server, signedIn, tabs } = await begin()
      for (const { auth } of tabs) {
        expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: true })
        await auth.authFetch(API)
      }
      expect(server.calls.map(({ authorization }) => authorization)).toEqual(['Bearer access-0', 'Bearer access-0'])
      gate.open(tokens(9))
      await signedIn
      await browser.advance(100)
      for (const { auth, names } of tabs) {
        expect(await auth.getAccessToken()).toBe('access-9')
        expect(names()).toEqual(['signed-in'])
      }
      expect(server.refreshes).toHaveLength(0)
    })

    test('goes unseen where it fails', async () => {
      const { browser, gate, server, signedIn, tabs } = await begin()
      gate.fail(new Error('wrong password'))
      expect(await signedIn).toEqual(new Error('wrong password'))
      await browser.advance(100)
      for (const { auth, names } of tabs) {
        expect(await auth.getAccessToken()).toBe('access-0')
        expect(names()).toEqual([])
      }
      expect(server.refreshes).toHaveLength(0)
    })

    test('puts a refresh off while the token lasts, and ends the session when it does not', async () => {
      const { browser, gate, other, server, signedIn } = await begin()
      const refused = other.auth.getAccessToken({ forceRefresh: true }).catch((error) => error)
      await browser.advance(1_000)
      expect(await outcome(refused)).toMatchObject({
        code: 'refresh-unavailable',
        message: expect.stringMatching(/login/),
      })
      expect(await other.auth.getAccessToken()).toBe('access-0')
      await browser.advance(2 * HOUR)
      expect(other.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'requested' })
      expect(other.events.at(-1)).toMatchObject({ name: 'signed-out', detail: { source: 'other-tab' } })
      expect(server.refreshes).toHaveLength(0)
      gate.open(tokens(9))
      await signedIn
      await browser.advance(100)
      expect(await other.auth.getAccessToken()).toBe('access-9')
    })
  })

  test('whose login fails rejects with its error', async () => {
    const { auth } = createScene({ refresh: cookie })
    const error = new Error('wrong password')
    expect(await auth.signIn(() => Promise.reject(error)).catch((reason) => reason)).toBe(error)
    expect(auth.getState().status).toBe('signed-out')
  })

  test.each([
    ['nothing', undefined],
    ['a string', 'token'],
    ['no token', {}],
    ['a token of the wrong type', { access_token: 5 }],
    ['a token that could not travel in a header', { access_token: 'a\r\nX-Evil: 1' }],
    ['a lifetime that is none', { access_token: 'a', expires_in: 'soon' }],
    ['a type that is not Bearer', { access_token: 'a', token_type: 'DPoP' }],
  ])('with %s rejects with a TokenResponseError, and changes nothing', async (_, response) => {
    const { auth, names } = createScene()
    await expect(auth.signIn(response as never)).rejects.toBeInstanceOf(TokenResponseError)
    expect(auth.getState().status).toBe('unknown')
    expect(names()).toEqual([])
  })

  test('takes a token_type of null for Bearer', async () => {
    const { auth } = createScene()
    await auth.signIn({ ...tokens(0), token_type: null } as never)
    expect(await auth.getAccessToken()).toBe('access-0')
  })
})

describe('sign-out', () => {
  test('ends the session on this device before the server has answered', async () => {
    const gate = createGate<void>()
    const onSignOut = vi.fn(() => gate.promise)
    const { auth, server, tab } = await createSignedInScene({ onSignOut })
    const done = auth.signOut()
    expect(await outcome(done)).toBe('pending')
    expect(auth.getState()).toEqual({ status: 'signed-out', reason: 'requested', wasSignedIn: true, degraded: [] })
    expect(onSignOut).toHaveBeenCalledWith(
      expect.objectContaining({ refreshToken: 'refresh-0', accessToken: 'access-0', signal: expect.any(AbortSignal) }),
    )
    gate.open()
    await done
    await auth.authFetch(API)
    expect(server.calls[0]?.authorization).toBeNull()
    expect(tab.timers()).toEqual([])
  })

  test('rejects with what the server says, and signed out it is all the same', async () => {
    const error = new Error('no route')
    const { auth } = await createSignedInScene({ onSignOut: () => Promise.reject(error) })
    expect(await auth.signOut().catch((reason) => reason)).toBe(error)
    expect(auth.getState().status).toBe('signed-out')
  })

  test('while refreshing is not undone by the answer, whose token is revoked', async () => {
    const revoked: unknown[] = []
    const onSignOut = async ({ refreshToken }: SignOutRequest) => void revoked.push(refreshToken)
    const { auth, browser, server, names } = await createSignedInScene({ onSignOut })
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const forced = auth.getAccessToken({ forceRefresh: true }).catch((error) => error)
    await drain()
    const signedOut = auth.signOut()
    await drain()
    gate.open(Response.json(tokens(1)))
    await signedOut
    await browser.advance(HOUR)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'requested' })
    expect(await auth.getAccessToken()).toBeUndefined()
    expect(await forced).not.toBe('access-1')
    expect(names()).toEqual(['signed-out'])
    expect(revoked).toEqual(['refresh-1', 'refresh-0'])
    expect(server.refreshes).toHaveLength(1)
  })

  test('lets a call that waits for a token go as the caller wrote it', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const call = auth.authFetch(API)
    await drain()
    const signedOut = auth.signOut()
    await drain()
    gate.open(Response.json(tokens(1)))
    await signedOut
    expect((await call).status).toBe(200)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null])
  })

  test('while a 401 is being answered gives the caller that 401', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onCall = () => unauthorized()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const call = auth.authFetch(API)
    await drain()
    const signedOut = auth.signOut()
    await drain()
    gate.open(Response.json(tokens(1)))
    await signedOut
    expect((await call).status).toBe(401)
    expect(server.calls).toHaveLength(1)
  })
})

test('a token of a sign-in is as old as its response, however long the ledger took', async () => {
  const browser = createVirtualBrowser()
  const { platform } = browser.openTab()
  const written = createGate<void>()
  const update: Platform['ledger']['update'] = (...change) =>
    written.promise.then(() => platform.ledger.update(...change))
  const { auth } = createScene({ browser, platform: { ...platform, ledger: { ...platform.ledger, update } } })
  const signedIn = auth.signIn(tokens(0))
  await drain()
  const expiresAt = browser.now() + HOUR
  await browser.advance(10_000)
  written.open()
  await signedIn
  expect(auth.getState()).toMatchObject({ status: 'signed-in', expiresAt })
})

describe('restore', () => {
  test('finds a session in the cookie jar by one refresh', async () => {
    const { auth, server } = createScene({ refresh: cookie })
    const states = await Promise.all([auth.restore(), auth.restore(), auth.getAccessToken()])
    expect(states[0]).toMatchObject({ status: 'signed-in' })
    expect(states[0]).toBe(auth.getState())
    expect(states[2]).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })

  test('does not reject for want of a session', async () => {
    const { auth, server, names } = createScene({ refresh: cookie })
    server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status: 401 })
    expect(await auth.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    await drain()
    expect(names()).toEqual(['signed-out'])
  })

  test('asks the other tabs while its ledger opens, and takes their token when it has opened', async () => {
    const browser = createVirtualBrowser()
    const first = await createSignedInScene({ browser })
    const { platform, posted } = browser.openTab()
    const opened = createGate<void>()
    const read = () => opened.promise.then(platform.ledger.read)
    const { auth } = createScene({ browser, platform: { ...platform, ledger: { ...platform.ledger, read } } })
    const restored = auth.restore()
    await browser.advance(50)
    expect(posted).toMatchObject([{ type: 'ask', epoch: -1 }])
    expect(auth.getState()).toMatchObject({ status: 'unknown' })
    opened.open()
    await drain()
    expect(await outcome(restored)).toMatchObject({ status: 'signed-in', ready: true })
    expect(await auth.getAccessToken()).toBe('access-0')
    expect(first.server.refreshes).toHaveLength(0)
  })

  test('finds a refresh token in the ledger', async () => {
    const first = await createSignedInScene()
    first.auth.dispose()
    const { auth, browser } = createScene({ browser: first.browser, server: first.server })
    const restored = auth.restore()
    await browser.advance(1_000)
    expect(await restored).toMatchObject({ status: 'signed-in' })
    expect(await first.server.refreshes[0]?.body).toContain('refresh_token=refresh-0')
  })

  test('asks a sibling for the token, and sends nothing', async () => {
    const first = await createSignedInScene()
    const { auth, server } = createScene({ browser: first.browser })
    expect(await auth.restore()).toMatchObject({ status: 'signed-in' })
    expect(await auth.getAccessToken()).toBe('access-0')
    expect(server.refreshes).toHaveLength(0)
  })

  test('waits for no sibling where there is no channel to ask on', async () => {
    const { platform } = createVirtualBrowser().openTab()
    const { auth } = createScene({ refresh: cookie, platform: { ...platform, degraded: ['channel'] } })
    expect(await outcome(auth.restore())).toMatchObject({ status: 'signed-in' })
  })

  test('that could not find out leaves the state unknown, and the timer goes on', async () => {
    const { auth, browser, server } = createScene({ refresh: cookie })
    server.onRefresh = (nth) => (nth === 1 ? new Response('', { status: 503 }) : Response.json(tokens(nth)))
    expect((await auth.restore()).status).toBe('unknown')
    await browser.advance(2 * MINUTE)
    expect(auth.getState().status).toBe('signed-in')
  })
})

describe('a ledger that is deleted while a call waits', () => {
  /** Signs in with the first answer; the refresh brings the second. */
  async function play(first: object, second: object) {
    const scene = createScene({ refresh: cookie, origins: [API] })
    const { auth, browser, events, server } = scene
    await auth.signIn(() => Promise.resolve(first))
    await browser.advance(MINUTE)
    events.length = 0
    server.onRefresh = () => Response.json(second)
    const gate = createGate<Response>()
    server.onCall = ({ authorization }, nth) =>
      nth === 1 ? gate.promise : new Response(authorization?.endsWith(`${Object.values(second)[0]}`) ? 'ok' : 'old')
    const answer = auth.authFetch(API)
    await drain()
    browser.entry = undefined
    gate.open(unauthorized())
    await browser.advance(MINUTE)
    return { ...scene, answer: await outcome(answer) }
  }

  test('leaves the session of an opaque cookie as it is', async () => {
    const { answer, names } = await play(
      { access_token: 'a', expires_in: 3600 },
      { access_token: 'b', expires_in: 3600 },
    )
    expect(answer).toMatchObject({ status: 200 })
    expect(names()).toEqual(['refreshed'])
  })

  test('does not hand the call to another user whose cookie has come', async () => {
    const token = (sub: string) => ({ access_token: jwt({ sub }), expires_in: 3600 })
    const { answer, auth, names, server } = await play(token('alice'), token('bob'))
    expect(answer).toMatchObject({ status: 401 })
    expect(server.calls).toHaveLength(1)
    expect(auth.getClaims()?.sub).toBe('bob')
    expect(names()).toEqual(['signed-in'])
  })
})

describe('getState', () => {
  test('is the same frozen object until something changes', async () => {
    const { auth, browser, server } = await createSignedInScene()
    const state = auth.getState()
    await auth.authFetch(API)
    await browser.advance(MINUTE)
    expect(auth.getState()).toBe(state)
    expect(Object.isFrozen(state)).toBe(true)
    server.onRefresh = () => new Response('', { status: 503 })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await drain()
    const failing = auth.getState()
    expect(failing).not.toBe(state)
    expect(Object.isFrozen(failing)).toBe(true)
    expect(auth.getState()).toBe(failing)
    await auth.signOut()
    const signedOut = auth.getState()
    expect(signedOut).not.toBe(state)
    await auth.signOut()
    expect(auth.getState()).toBe(signedOut)
  })

  test('says when a refresh is under way', async () => {
    const { auth, server } = await createSignedInScene()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const forced = auth.getAccessToken({ forceRefresh: true })
    await drain()
    expect(auth.getState()).toMatchObject({ refreshing: true })
    gate.open(Response.json(tokens(1)))
    await forced
    expect(auth.getState()).toMatchObject({ refreshing: false })
  })
})

describe('listeners', () => {
  test('hear of each transition once, with its origin', async () => {
    const { auth, server, events } = createScene()
    await auth.signIn(tokens(0))
    await auth.getAccessToken({ forceRefresh: true })
    await drain()
    server.onRefresh = () => new Response('', { status: 503 })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await auth.signOut()
    await auth.signOut()
    await drain()
    expect(events.map(({ name }) => name)).toEqual(['signed-in', 'refreshed', 'refresh-failed', 'signed-out'])
    expect(events.every(({ detail }) => (detail as { source: string }).source === 'this-tab')).toBe(true)
    expect(events[3]?.detail).toEqual({ reason: 'requested', wasSignedIn: true, source: 'this-tab' })
  })

  test('do not take the first token from a sibling for a refresh', async () => {
    const first = await createSignedInScene()
    const { auth, events } = createScene({ browser: first.browser })
    await auth.restore()
    await drain()
    expect(events.map(({ name }) => name)).toEqual(['signed-in'])
    await first.auth.getAccessToken({ forceRefresh: true })
    await drain()
    expect(events.map(({ name }) => name)).toEqual(['signed-in', 'refreshed'])
  })

  test('hear of a session whose tab froze before it could tell, as soon as any tab asks for it', async () => {
    const first = await createSignedInScene()
    const { entry } = first.browser
    if (entry) first.browser.entry = { ...entry, epoch: entry.epoch + 1, refreshToken: 'refresh-of-bob' }
    const second = createScene({ browser: first.browser, server: first.server })
    await outcome(second.auth.restore())
    await drain()
    expect(first.events).toEqual([{ name: 'signed-in', detail: { source: 'other-tab' } }])
  })

  test('of `subscribe` are told of every change of the state, with no argument', async () => {
    const { auth } = createScene()
    const seen: unknown[] = []
    const listener = vi.fn(() => void seen.push(auth.getState()))
    const unsubscribe = auth.subscribe(listener)
    await auth.signIn(tokens(0))
    await drain()
    expect(seen).toEqual([auth.getState()])
    expect(listener.mock.calls).toEqual([[]])
    unsubscribe()
    unsubscribe()
    await auth.signOut()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('registered twice are told twice, and each ends on its own', async () => {
    const { auth } = createScene()
    const listener = vi.fn()
    const [first] = [auth.on('signed-in', listener), auth.on('signed-in', listener)]
    first?.()
    await auth.signIn(tokens(0))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('that throw are reported, and harm neither callers nor other listeners', async () => {
    const { auth, tab } = await createSignedInScene()
    const error = new Error('listener')
    const other = vi.fn()
    auth.on('refreshed', () => {
      throw error
    })
    auth.subscribe(() => {
      throw error
    })
    auth.on('refreshed', other)
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
    await drain()
    expect(other).toHaveBeenCalledTimes(1)
    expect(tab.reports.length).toBeGreaterThanOrEqual(2)
    expect(new Set(tab.reports.splice(0))).toEqual(new Set([error]))
  })

  test('are told after the callers have been resumed', async () => {
    const { auth, server } = await createSignedInScene()
    const order: string[] = []
    auth.on('refreshed', () => order.push('listener'))
    await Promise.all([
      auth.getAccessToken({ forceRefresh: true }).then(() => order.push('caller')),
      auth
        .getAccessToken({ forceRefresh: true, signal: new AbortController().signal })
        .then(() => order.push('caller')),
    ])
    await drain()
    expect(order).toEqual(['caller', 'caller', 'listener'])

    order.length = 0
    auth.on('refresh-failed', () => order.push('listener'))
    server.onRefresh = () => new Response('', { status: 503 })
    await auth.getAccessToken({ forceRefresh: true }).catch(() => order.push('caller'))
    await drain()
    expect(order).toEqual(['caller', 'listener'])
  })

  test('may call the client, which neither locks up nor loops', async () => {
    const { auth, server } = await createSignedInScene()
    const inner: unknown[] = []
    async function callBack(): Promise<void> {
      inner.push((await auth.authFetch(API)).status, await auth.getAccessToken())
    }
    auth.on('refreshed', () => void callBack())
    await auth.getAccessToken({ forceRefresh: true })
    await drain()
    expect(inner).toEqual([200, 'access-1'])
    expect(server.refreshes).toHaveLength(1)
  })

  test('that ask for another refresh in the middle of one join it or start one of their own', async () => {
    const { auth, server } = await createSignedInScene()
    let asked = 0
    auth.subscribe(() => {
      if (asked++ < 1) void auth.getAccessToken({ forceRefresh: true })
    })
    await auth.getAccessToken({ forceRefresh: true })
    await drain()
    expect(server.refreshes.length).toBeLessThanOrEqual(2)
  })
})

describe('readTokens', () => {
  const readTokens = responseTokens((response) => {
    const token = response.headers.get('x-new-token')
    return token ? { access_token: token, expires_in: 600 } : undefined
  })

  test('hears of no server that an allowed one has redirected to', async () => {
    const { auth, server } = await createSignedInScene({ readTokens })
    const answer = (): Response => Response.json({}, { headers: { 'x-new-token': 'evil' } })
    server.onCall = () =>
      Object.defineProperties(answer(), { redirected: { value: true }, url: { value: 'https://evil.example/' } })
    await auth.authFetch(API)
    await drain()
    expect(await auth.getAccessToken()).toBe('access-0')
  })

  test('adopts what an ordinary response hands out', async () => {
    const { auth, server, names } = await createSignedInScene({ readTokens })
    server.onCall = () => new Response('ok', { headers: { 'x-new-token': 'handed-out' } })
    await auth.authFetch(API)
    await drain()
    expect(await auth.getAccessToken()).toBe('handed-out')
    expect(names()).toEqual(['refreshed'])
    await auth.getAccessToken({ forceRefresh: true })
    expect(await server.refreshes[0]?.body).toContain('refresh_token=refresh-0')
  })

  test('adopts nothing for an older session', async () => {
    const { auth, server } = await createSignedInScene({ readTokens })
    const gate = createGate<Response>()
    server.onCall = () => gate.promise
    const call = auth.authFetch(API)
    await auth.signOut()
    gate.open(new Response('ok', { headers: { 'x-new-token': 'late' } }))
    await call
    await drain()
    expect(auth.getState().status).toBe('signed-out')
  })

  test('is asked about both answers of a retried call', async () => {
    const seen: number[] = []
    const { auth, browser, server } = await createSignedInScene({
      readTokens: responseTokens(({ status }) => void seen.push(status)),
    })
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    await auth.authFetch(API)
    expect(seen).toEqual([401, 200])
  })

  test('is not asked about responses of foreign origins, or of those signed out', async () => {
    const spy = vi.fn(() => undefined)
    const { auth } = await createSignedInScene({ readTokens: responseTokens(spy) })
    await auth.authFetch('https://elsewhere.example/')
    await auth.authFetch(API, { auth: false })
    await auth.signOut()
    await auth.authFetch(API)
    expect(spy).not.toHaveBeenCalled()
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['hands out what is no token', () => ({ access_token: 5 }) as never],
  ])('that %s is reported, and the caller gets the response', async (_, broken) => {
    const { auth, tab } = await createSignedInScene({ readTokens: responseTokens(broken) })
    expect((await auth.authFetch(API)).status).toBe(200)
    await drain()
    expect(tab.reports.splice(0)).toHaveLength(1)
    expect(await auth.getAccessToken()).toBe('access-0')
  })
})

describe('getClaims', () => {
  test('gives the claim set of the token at hand', async () => {
    const { auth } = createScene()
    expect(auth.getClaims()).toBeUndefined()
    await auth.signIn({ access_token: jwt({ sub: 'ünï', role: 'admin' }) })
    expect(auth.getClaims<{ role: string }>()).toEqual({ sub: 'ünï', role: 'admin' })
    await auth.signOut()
    expect(auth.getClaims()).toBeUndefined()
  })
})

describe('dispose', () => {
  test('is idempotent, and leaves nothing behind', async () => {
    const { auth, tab } = await createSignedInScene()
    auth.dispose()
    auth.dispose()
    auth[Symbol.dispose]()
    await drain()
    expect(tab.leftovers()).toEqual([])
  })

  test('leaves nothing behind in the middle of a timer refresh, once that has settled', async () => {
    const { auth, browser, server, tab } = await createSignedInScene()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    await browser.advance(tab.timers()[0] as number)
    expect(server.refreshes).toHaveLength(1)
    auth.dispose()
    gate.open(Response.json(tokens(1)))
    await drain()
    expect(tab.leftovers()).toEqual([])
    expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-1' })
  })

  test.each([
    ['restore', ({ auth }: ReturnType<typeof createScene>) => auth.restore()],
    ['signIn', ({ auth }: ReturnType<typeof createScene>) => auth.signIn(tokens(0))],
    ['signOut', ({ auth }: ReturnType<typeof createScene>) => auth.signOut()],
    ['getAccessToken', ({ auth }: ReturnType<typeof createScene>) => auth.getAccessToken()],
    ['authFetch', ({ auth }: ReturnType<typeof createScene>) => auth.authFetch(API)],
  ])('rejects a pending %s with a DisposedError, and a later one too, which costs nothing', async (_, act) => {
    const scene = createScene({ refresh: cookie })
    const { auth, browser, server, tab } = scene
    const pending = act(scene)
    auth.dispose()
    expect(await outcome(pending)).toBeInstanceOf(DisposedError)
    await browser.advance(HOUR)
    expect(tab.leftovers()).toEqual([])
    const before = { ...browser.counts }
    expect(await outcome(act(scene))).toBeInstanceOf(DisposedError)
    expect(browser.counts).toEqual(before)
    expect(server.refreshes).toHaveLength(0)
  })

  test('rejects who waits for a refresh on the wire at once', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    server.onRefresh = () => new Promise(() => {})
    const call = auth.authFetch(API)
    const token = auth.getAccessToken()
    await drain()
    auth.dispose()
    for (const error of await Promise.all([call, token].map(outcome))) expect(error).toBeInstanceOf(DisposedError)
  })

  test('lets a valid token be used up, but no answer moves a disposed client to anything', async () => {
    const { auth, browser, server, tab } = await createSignedInScene({
      readTokens: responseTokens(() => ({ access_token: 'handed-out' })),
    })
    await browser.advance(MINUTE)
    auth.dispose()
    await drain()
    const before = { ...browser.counts }
    server.onCall = () => unauthorized()
    expect((await auth.authFetch(API)).status).toBe(401)
    await browser.advance(HOUR)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-0')])
    expect([browser.counts, tab.leftovers()]).toEqual([before, []])
  })

  test('in the middle of a sign-out still tells the server', async () => {
    const gate = createGate<void>()
    const { auth, browser, tab } = await createSignedInScene({ onSignOut: () => gate.promise })
    const signedOut = auth.signOut()
    await drain()
    auth.dispose()
    expect(await outcome(signedOut)).toBeInstanceOf(DisposedError)
    gate.open()
    await drain()
    expect(browser.entry).toMatchObject({ status: 'signed-out', leaving: [] })
    expect(tab.leftovers()).toEqual([])
  })

  test('tells listeners nothing more', async () => {
    const { auth, browser, server, names } = await createSignedInScene()
    server.onRefresh = async () => Response.json(tokens(1))
    void auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    auth.dispose()
    await browser.advance(HOUR)
    expect(names()).toEqual([])
  })
})

describe('no token leaks', () => {
  test('into state, events, errors, JSON, messages of the refresh token, or the console', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    )
    const { auth, browser, server, tab, events } = createScene()
    const secret = /access-\d|refresh-\d/
    const seen: unknown[] = []
    auth.subscribe(() => seen.push(auth.getState()))
    await auth.signIn(tokens(0))
    await auth.getAccessToken({ forceRefresh: true })
    const bodies = [
      '{"access_token":"access-9","refresh_token":"refresh-9"',
      '["access-9"]',
      JSON.stringify({ error: 'oops', hint: 'access-9' }),
      JSON.stringify({ access_token: 'access-9\n' }),
      JSON.stringify({ access_token: 'access-9', expires_in: 'refresh-9' }),
      JSON.stringify({ access_token: 'access-9', token_type: 'DPoP access-9' }),
    ]
    const errors: unknown[] = []
    for (const body of bodies) {
      server.onRefresh = () => new Response(body)
      errors.push(await auth.getAccessToken({ forceRefresh: true }).catch((error) => error))
      await browser.advance(2 * MINUTE)
    }
    errors.push(await auth.signIn({ access_token: 'access-9\n' }).catch((error) => error))
    await auth.signOut()
    const flat = (value: unknown): string =>
      value instanceof Error
        ? [value.name, value.message, value.stack, JSON.stringify(value), flat(value.cause)].join()
        : String(JSON.stringify(value, (_key, part) => (part instanceof Error ? flat(part) : part)))
    expect(errors.filter((error) => error instanceof AuthError)).toHaveLength(bodies.length + 1)
    for (const part of [...seen, ...events, ...errors, auth, auth.getState()]) expect(flat(part)).not.toMatch(secret)
    expect(flat(tab.posted)).not.toMatch(/refresh-\d/)
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
    expect(JSON.stringify(auth)).toBe('{}')
  })
})

describe('errors', () => {
  test('have a literal code, a name and a standard cause', () => {
    const cause = new Error('why')
    const errors = [
      new SessionEndedError('rejected', { cause }),
      new RefreshUnavailableError('later', { cause, retryAt: 5 }),
      new TokenResponseError('bad', { cause }),
      new DisposedError(),
    ]
    expect(errors.map(({ code }) => code)).toEqual([
      'session-ended',
      'refresh-unavailable',
      'token-response',
      'disposed',
    ])
    for (const error of errors) {
      expect(error).toBeInstanceOf(AuthError)
      expect(error).toBeInstanceOf(Error)
      expect(error.name).toBe(error.constructor.name)
    }
    expect(errors[1]).toMatchObject({ cause, retryAt: 5, message: 'later' })
  })
})

describe('the commit comes first', () => {
  test('nobody hears of a token that the ledger has not taken', async () => {
    const { auth, browser, server, names } = await createSignedInScene()
    server.onRefresh = () => {
      browser.brokenWrites = 2
      return Response.json(tokens(1))
    }
    const token = auth.getAccessToken({ forceRefresh: true })
    await drain()
    expect(names()).toEqual([])
    expect(browser.entry).toMatchObject({ generation: 0 })
    await browser.advance(1_000)
    expect(await token).toBe('access-1')
    expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-1' })
    expect(server.refreshes).toHaveLength(1)
  })

  test('a storage that fails for long costs no second spend', async () => {
    const { auth, browser, server } = await createSignedInScene()
    server.onRefresh = () => {
      browser.brokenWrites = 20
      return Response.json(tokens(1))
    }
    void auth.getAccessToken({ forceRefresh: true }).catch(() => {})
    await browser.advance(5 * MINUTE)
    expect(server.refreshes).toHaveLength(1)
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(browser.entry).toMatchObject({ generation: 1 })
  })
})

test('every call of a burst after an idle hour is sent with the one new token', async () => {
  const { auth, browser, server } = await createSignedInScene()
  browser.jump(2 * HOUR)
  await Promise.all(Array.from({ length: 1_000 }, () => auth.authFetch(API)))
  expect(new Set(server.calls.map(({ authorization }) => authorization))).toEqual(new Set([bearer('access-1')]))
  expect(server.refreshes).toHaveLength(1)
})
