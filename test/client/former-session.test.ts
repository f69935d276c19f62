// A session that another library left in web storage, taken over by the first tab that starts.

import { describe, expect, test, vi } from 'vitest'
import {
  type Adopt,
  type AuthClient,
  type AuthState,
  cookieRefresh,
  createAuthClient,
  formerSession,
} from '../../src/index.ts'
import { createVirtualBrowser, type VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import { createScene, createServer, drain, outcome, type SceneOptions } from './harness.ts'

/** What a library left, and a client that takes it over. */
interface Former {
  token: string | undefined
  isRemoved: boolean
  readonly adopt: Adopt
}

function createFormer(token: string | undefined = 'old'): Former {
  const former: Former = {
    token,
    isRemoved: false,
    adopt: formerSession({
      refreshToken: () => former.token,
      forget() {
        former.token = undefined
        former.isRemoved = true
      },
    }),
  }
  return former
}

async function start(auth: AuthClient, browser: VirtualBrowser, time = 200): Promise<AuthState> {
  const restored = auth.restore()
  // Siblings answer in no time.
  await drain()
  await browser.advance(0)
  await browser.advance(time)
  return restored
}

const open = (options: SceneOptions) => createScene({ browser: createVirtualBrowser(), ...options })

describe('the session of another library', () => {
  test('is taken over at the start, refreshed at once, and removed', async () => {
    const former = createFormer()
    const { auth, browser, server } = open({ adopt: former.adopt })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-in' })
    expect(server.refreshes).toHaveLength(1)
    expect(await server.refreshes[0]?.body).toContain('refresh_token=old')
    expect(former.isRemoved).toBe(true)
    expect(browser.entry?.refreshToken).toBe('refresh-1')
  })

  test('is taken over by the first call, too', async () => {
    const former = createFormer()
    const { auth, browser, server } = open({ adopt: former.adopt })
    const call = auth.authFetch('https://api.example/orders')
    await browser.advance(100)
    await call
    expect(server.calls[0]?.authorization).toBe('Bearer access-1')
    expect(former.isRemoved).toBe(true)
  })

  test('is spent once by tabs that start together', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    const former = createFormer()
    const tabs = [0, 1, 2, 3].map(() => createScene({ browser, server, adopt: former.adopt }))
    const restored = tabs.map(({ auth }) => auth.restore())
    await browser.advance(1_000)
    expect((await Promise.all(restored)).map(({ status }) => status)).toEqual(tabs.map(() => 'signed-in'))
    expect(server.refreshes).toHaveLength(1)
  })

  test('stays out, and is removed, where somebody is signed in already', async () => {
    const browser = createVirtualBrowser()
    const server = createServer()
    const first = createScene({ browser, server })
    await first.auth.signIn({ refresh_token: 'mine', access_token: 'a', expires_in: 3600 })
    const former = createFormer()
    const { auth } = createScene({ browser, server, adopt: former.adopt })
    await start(auth, browser)
    expect(browser.entry?.refreshToken).toBe('mine')
    expect(former.isRemoved).toBe(true)
    expect(server.refreshes).toEqual([])
  })

  test('does not come back after a sign-out', async () => {
    const browser = createVirtualBrowser()
    const first = createScene({ browser })
    await first.auth.signIn({ refresh_token: 'mine', access_token: 'a', expires_in: 3600 })
    await first.auth.signOut()
    const former = createFormer()
    const { auth, server } = createScene({ browser, adopt: former.adopt })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-out', reason: 'requested' })
    expect(former.isRemoved).toBe(true)
    expect(server.refreshes).toEqual([])
  })

  test('ends with the verdict of its server', async () => {
    const former = createFormer()
    const { auth, browser, server } = open({ adopt: former.adopt })
    server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    expect(former.isRemoved).toBe(true)
  })

  test('stays where it is while IndexedDB cannot be written, and is taken over later', async () => {
    const former = createFormer()
    const { auth, browser } = open({ adopt: former.adopt })
    browser.brokenWrites = 1_000
    expect(await start(auth, browser, 10_000)).toMatchObject({ status: 'unknown' })
    expect(former.isRemoved).toBe(false)
    browser.brokenWrites = 0
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-in' })
    expect(former.isRemoved).toBe(true)
  })

  test('stays where it is if no other tab can see the ledger: each of them would spend it', async () => {
    const former = createFormer()
    const browser = createVirtualBrowser()
    const { platform } = browser.openTab()
    const ledger = { ...platform.ledger, shared: false }
    const { auth, server } = createScene({ browser, adopt: former.adopt, platform: { ...platform, ledger } })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-out', reason: 'initial' })
    expect(server.refreshes).toEqual([])
    expect(former.isRemoved).toBe(false)
  })

  test.each([
    ['a reader that throws', () => JSON.parse('old-refresh-token')],
    ['a reader that rejects', () => Promise.reject(new Error('no key'))],
    ['what is no token', () => 'a b'],
  ])('%s is reported, and the client starts without it', async (_, refreshToken) => {
    const forget = vi.fn()
    const { auth, browser, tab } = open({ adopt: formerSession({ refreshToken, forget }) })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-out', reason: 'initial' })
    // A parser's message quotes the text, tokens and all.
    const [report, ...others] = tab.reports.splice(0)
    expect(String(report)).toMatch(/^TokenResponseError: "refreshToken" of formerSession\(\) failed \(\w*Error\)$/)
    expect(others).toEqual([])
    expect(forget).not.toHaveBeenCalled()
  })

  test('may be read asynchronously, and a removal that throws is reported', async () => {
    const forget = (): never => {
      throw new Error('read-only')
    }
    const { auth, browser, tab } = open({ adopt: formerSession({ refreshToken: async () => 'old', forget }) })
    expect(await start(auth, browser)).toMatchObject({ status: 'signed-in' })
    expect(tab.reports.splice(0)).toEqual([new Error('read-only')])
  })

  test('is nothing where there is none', async () => {
    const former = createFormer('')
    const { auth, browser } = open({ adopt: former.adopt })
    expect(await auth.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    expect(browser.entry).toBeUndefined()
    expect(former.isRemoved).toBe(false)
  })
})

test('a former session is two functions', () => {
  const forget = (): void => {}
  expect(() => formerSession({ forget } as never)).toThrow(new TypeError('"refreshToken" must be a function'))
  expect(() => formerSession({ refreshToken: () => 'x' } as never)).toThrow(
    new TypeError('"forget" must be a function'),
  )
  const refresh = cookieRefresh('https://app.example/auth/refresh')
  expect(() => createAuthClient({ refresh, adopt: {} as never })).toThrow(/^"adopt" must be a function/)
})

test('a client whose refresh token is in a cookie says that it adopts none', async () => {
  const { auth, tab } = open({
    refresh: cookieRefresh('https://app.example/auth/refresh'),
    adopt: createFormer().adopt,
  })
  void outcome(auth.restore())
  await drain()
  expect(String(tab.reports.splice(0)[0])).toContain('"adopt" must be absent')
})
