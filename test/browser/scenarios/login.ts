// Signing in by redirect, on the provider's own login pages.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import { callAll, forAll, isSignedIn, isSignedOut, openTab, openTabs, type Scenario, type Stage } from './scenario.ts'

/** Runs what leaves the page, which may be gone before it has answered. */
const leave = (tab: Tab, step: () => unknown): Promise<unknown> => tab.evaluate(step).catch(() => {})

/** Goes to the provider's login page. */
async function startLogin(tab: Tab, prompt?: string): Promise<void> {
  await tab
    .evaluate((wanted: string) => void login.start(wanted ? { parameters: { prompt: wanted } } : {}), prompt ?? '')
    .catch(() => {})
  await tab.waitFor(() => document.querySelector('input[name=login]'))
}

/** Gives the provider a name and any password, and consents. */
async function enterAs(tab: Tab, user: string): Promise<void> {
  await tab
    .evaluate((name: string) => {
      const field = (key: string): HTMLInputElement | null => document.querySelector(`input[name=${key}]`)
      const [login, password] = [field('login'), field('password')]
      if (!login || !password) throw new Error('this is no login page')
      login.value = name
      password.value = 'any'
      login.form?.submit()
    }, user)
    .catch(() => {})
  await consent(tab)
}

async function consent(tab: Tab): Promise<void> {
  await tab.waitFor(() => document.querySelector('input[name=prompt][value=consent]'))
  await leave(tab, () => document.querySelector<HTMLInputElement>('input[value=consent]')?.form?.submit())
  await isBack(tab)
}

/** Waits for the application's page. */
const isBack = (tab: Tab): Promise<void> => tab.waitFor(() => openedAt.includes('/callback'))

/** What both calls of `finish` come to. */
const resultOf = (tab: Tab): Promise<readonly string[]> => tab.evaluate(() => finished)

/** The `state` of each sign-in that has left a page. */
const pendingStates = (tab: Tab): Promise<string[]> =>
  tab.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const opening = indexedDB.open('authfetch-login')
        opening.onsuccess = () => {
          const keys = opening.result.transaction('logins').objectStore('logins').getAllKeys()
          keys.onsuccess = () => resolve(keys.result.map(String))
          opening.result.close()
        }
      }),
  )

/** Gives each sign-in that is under way another key, as a thief of its code would have. */
const replaceKeys = (tab: Tab): Promise<void> =>
  tab.evaluate(async () => {
    const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('authfetch-login')
      opening.onsuccess = () => resolve(opening.result)
    })
    const transaction = database.transaction('logins', 'readwrite')
    transaction.objectStore('logins').openCursor().onsuccess = ({ target }) => {
      const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result
      if (!cursor) return
      cursor.update({ ...cursor.value, key })
      cursor.continue()
    }
    await new Promise((resolve) => {
      transaction.oncomplete = resolve
    })
    database.close()
  })

/** A sign-in whose code is refused with another key, and then one that comes to its end. */
async function signInAfterTheft(tab: Tab, other: Tab): Promise<void> {
  await startLogin(tab)
  await replaceKeys(other)
  await enterAs(tab, 'alice')
  expect(await resultOf(tab)).toEqual(['invalid_grant', 'invalid_grant'])
  // The provider knows Alice by now, and is to ask all the same.
  await startLogin(tab, 'login consent')
  await enterAs(tab, 'alice')
  expect(await resultOf(tab)).toEqual(['/', '/'])
}

const subjects = (tabs: readonly Tab[]): Promise<(string | undefined)[]> =>
  forAll(tabs, (tab) => tab.evaluate(() => auth.getClaims()?.sub))

/** A tab that has come back from the provider; its exchange waits at the token endpoint until released. */
async function exchangeInFlight(stage: Stage, tab: Tab, user = 'alice'): Promise<() => void> {
  const hold = stage.backend.hold()
  await startLogin(tab)
  await enterAs(tab, user)
  await hold.arrived()
  return () => hold.release()
}

const custody = 'client-held tokens'

const SIGN_INS: readonly Scenario[] = [
  {
    name: 'a sign-in by redirect exchanges its code with the key of the session',
    custody,
    requiresProofs: true,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      // The request is not pushed, so that the provider knows the key by `dpop_jkt` alone.
      await signInAfterTheft(first, second)
      await second.waitFor(isSignedIn)
      // The resource takes no token without a proof of the key that it is bound to.
      expect(await callAll([first, second])).toEqual(['200', '200'])
    },
  },
  {
    name: 'a sign-in by redirect pushes its request with a proof, and its code is good for that key alone',
    custody,
    requiresProofs: true,
    requiresPush: true,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signInAfterTheft(first, second)
      expect(await callAll([first])).toEqual(['200'])
    },
  },
  {
    name: 'a sign-in by redirect comes back with a session, which all tabs have',
    custody,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await startLogin(first)
      await enterAs(first, 'alice')
      expect(await resultOf(first)).toEqual(['/', '/'])
      expect(await first.evaluate(() => location.pathname + location.search)).toBe('/callback')
      await second.waitFor(isSignedIn)
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(await first.evaluate(() => refresh())).toBe('refreshed')
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
  {
    name: 'a sign-in by redirect whose request is pushed comes back with a session',
    custody,
    requiresPush: true,
    async play(stage) {
      const tab = await openTab(stage)
      await startLogin(tab)
      await enterAs(tab, 'alice')
      expect(await resultOf(tab)).toEqual(['/', '/'])
      expect(await callAll([tab])).toEqual(['200'])
    },
  },
  {
    name: 'a sign-in by redirect for three audiences brings a token of the own one, and refreshes those of the others',
    custody,
    hasAudiences: true,
    async play(stage) {
      const { audiences, tokenRequests } = stage.backend
      if (!audiences) throw new Error('this backend knows one audience')
      const tab = await openTab(stage)
      await startLogin(tab)
      await enterAs(tab, 'alice')
      expect(await resultOf(tab)).toEqual(['/', '/'])
      // The provider gives a token for an API only where the resource is named, in the exchange of the code too.
      expect(await callAll([tab])).toEqual(['200'])
      expect(tokenRequests()).toBe(1)
      for (const api of [audiences.apis.billing, audiences.apis.reports])
        expect(await tab.evaluate((address) => call(address), api)).toBe('200')
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
      expect(tokenRequests()).toBe(4)
      expect(audiences.refusals()).toEqual({ all: 0, misdirected: 0 })
    },
  },
  {
    name: 'two users sign in by redirect in two tabs at once: the later one counts, and each code is exchanged once',
    custody,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await startLogin(first)
      await startLogin(second)
      const hold = stage.backend.hold()
      await enterAs(first, 'alice')
      await hold.arrived()
      await enterAs(second, 'bob')
      await second.waitFor(() => auth.getState().status === 'signed-out')
      hold.release()
      expect(await resultOf(second)).toEqual(['/', '/'])
      // Alice's tokens come too late, and are revoked.
      expect(await resultOf(first)).toEqual(['session-ended', 'session-ended'])
      await forAll([first, second], (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      expect(await subjects([first, second])).toEqual(['bob', 'bob'])
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
  {
    name: 'an answer by redirect that is opened twice is used once',
    custody,
    async play(stage) {
      const first = await openTab(stage)
      await startLogin(first)
      await enterAs(first, 'alice')
      expect(await resultOf(first)).toEqual(['/', '/'])
      const address = await first.evaluate(() => openedAt)
      const second = await stage.profile.open(address)
      expect(await resultOf(second)).toEqual(['/', '/'])
      await first.goto(address)
      expect(await resultOf(first)).toEqual(['/', '/'])
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(await callAll([first, second])).toEqual(['200', '200'])
      await first.evaluate(() => auth.signOut())
      await second.goto(address)
      expect(await resultOf(second)).toEqual(['unknown-state', 'unknown-state'])
    },
  },
  {
    name: 'an answer by redirect that names another issuer, or none, sends nothing',
    custody,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      for (const iss of ['&iss=https://evil.example', '']) {
        await first.goto(stage.backend.url())
        await startLogin(first)
        const [state] = await pendingStates(second)
        const callback = await second.evaluate(() => new URL('/callback', location.href).href)
        await second.goto(`${callback}?code=stolen&state=${state}${iss}`)
        expect(await resultOf(second)).toEqual(['wrong-issuer', 'wrong-issuer'])
        expect(await pendingStates(second)).toEqual([])
      }
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'an answer by redirect to a sign-in that is stale, or that nobody started, sends nothing',
    custody,
    async play(stage) {
      const tab = await openTab(stage)
      await startLogin(tab)
      const other = await openTab(stage)
      const stale = await other.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const opening = indexedDB.open('authfetch-login')
            opening.onsuccess = () => {
              const transaction = opening.result.transaction('logins', 'readwrite')
              const logins = transaction.objectStore('logins')
              const state = `${Date.now() - 1}.stale`
              const found = logins.getAll()
              found.onsuccess = () => logins.put(found.result[0], state)
              transaction.oncomplete = () => resolve(state)
              opening.result.close()
            }
          }),
      )
      const callback = await other.evaluate(() => new URL('/callback', location.href).href)
      for (const state of [stale, 'forged']) {
        await other.goto(`${callback}?code=stolen&state=${state}&iss=x`)
        expect(await resultOf(other)).toEqual(['unknown-state', 'unknown-state'])
      }
      expect(stage.backend.tokenRequests()).toBe(0)
      await enterAs(tab, 'alice')
      expect(await resultOf(tab)).toEqual(['/', '/'])
    },
  },
  {
    name: 'a sign-in by redirect that the user refuses comes back with that error',
    custody,
    async play(stage) {
      const tab = await openTab(stage)
      await startLogin(tab)
      await leave(tab, () => document.querySelector<HTMLAnchorElement>('a[href$=abort]')?.click())
      await isBack(tab)
      expect(await resultOf(tab)).toEqual(['access_denied', 'access_denied'])
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'a sign-out in another tab amid a sign-in by redirect lets no session come back',
    custody,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      const release = await exchangeInFlight(stage, first)
      await second.evaluate(() => auth.signOut())
      release()
      expect(await resultOf(first)).toEqual(['session-ended', 'session-ended'])
      await forAll([first, second], (tab) => tab.waitFor(isSignedOut))
      expect(await callAll([first, second])).toEqual(['401', '401'])
      await first.waitFor(isSignedOut)
      const third = await openTab(stage)
      expect(await third.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
    },
  },
  {
    name: 'a page that is loaded again amid a sign-in by redirect sends its code no second time, and can sign in again',
    custody,
    async play(stage) {
      const tab = await openTab(stage)
      const release = await exchangeInFlight(stage, tab)
      const address = await tab.evaluate(() => openedAt)
      await tab.reload()
      expect(await resultOf(tab)).toEqual(['no answer', 'no answer'])
      await tab.goto(address)
      expect(await resultOf(tab)).toEqual(['unknown-state', 'unknown-state'])
      expect(stage.backend.tokenRequests()).toBe(1)
      release()
      // The provider still knows the user.
      await leave(tab, () => void login.start({ returnTo: '/again' }))
      await consent(tab)
      expect(await resultOf(tab)).toEqual(['/again', '/again'])
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
]

export const LOGIN: readonly Scenario[] = SIGN_INS.map((scenario) => ({ ...scenario, hasLoginPages: true }))
