// Pages that leave amid a refresh or a sign-out, with default options: whoever comes after them goes on, and no refresh
// token is spent twice but where the server allows it. How soon is measured by `npm run bench -- leaving`.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import { callAll, forAll, openTab, openTabs, refreshInFlight, type Scenario, signIn, startRefresh } from './scenario.ts'

/** A grace such as Okta's, where the client holds the refresh token; in the cookie jar nothing may be sent twice. */
const GRACE = 30

const isRestored = (tab: Tab): Promise<string> =>
  tab.evaluate(() => auth.restore().then(({ status }: { status: string }) => status))

/** In the page: whether the ledger says that the answer to the refresh under way is late. */
const isOverdue = () =>
  new Promise<boolean>((resolve, reject) => {
    const opening = indexedDB.open('authfetch')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const reading = opening.result.transaction('ledger').objectStore('ledger').get('session')
      reading.onerror = () => reject(reading.error)
      reading.onsuccess = () => {
        opening.result.close()
        resolve(reading.result?.attempt?.overdue === true)
      }
    }
  })

declare global {
  var looks: number
}

/** In the page: counts transactions of the ledger, of which each round of waiting takes some. */
const countLooks = (): void => {
  const { transaction } = IDBDatabase.prototype
  globalThis.looks = 0
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...terms) {
    globalThis.looks++
    return transaction.apply(this, terms)
  }
}

export const LEAVING: readonly Scenario[] = [
  {
    name: 'a page that is reloaded amid its refresh is signed in again',
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const tab = await openTab(stage, 'grace')
      await signIn(stage, [tab])
      const release = await refreshInFlight(stage, tab)
      await tab.reload()
      release()
      expect(await isRestored(tab)).toBe('signed-in')
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that is reloaded twice amid its refreshes is signed in again',
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const tab = await openTab(stage)
      await signIn(stage, [tab])
      const release = await refreshInFlight(stage, tab)
      await tab.reload()
      await tab.evaluate(() => void auth.restore())
      await tab.reload()
      release()
      expect(await isRestored(tab)).toBe('signed-in')
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a tab that is closed amid its refresh leaves it to those that wait',
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const [leaver, ...others] = await openTabs(stage, 3)
      await signIn(stage, [leaver, ...others])
      const release = await refreshInFlight(stage, leaver)
      await forAll(others, startRefresh)
      await leaver.close()
      release()
      expect(await forAll(others, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
      expect(await callAll(others)).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that goes to another amid its refresh leaves it to those that wait, and works on its return',
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const [leaver, ...others] = await openTabs(stage, 3)
      await signIn(stage, [leaver, ...others])
      const release = await refreshInFlight(stage, leaver)
      await forAll(others, startRefresh)
      await leaver.goto(stage.backend.away)
      release()
      expect(await forAll(others, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
      await leaver.goto(stage.backend.url())
      expect(await isRestored(leaver)).toBe('signed-in')
      expect(await callAll([leaver, ...others])).toEqual(['200', '200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that left amid its refresh has a token when it is back from the back/forward cache',
    needs: ['bfcache'],
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const [leaver, other] = await openTabs(stage, 2)
      await signIn(stage, [leaver, other])
      const release = await refreshInFlight(stage, leaver)
      await startRefresh(other)
      await leaver.goto(stage.backend.away)
      release()
      expect(await other.evaluate(() => pending)).toBe('refreshed')
      await leaver.back()
      expect(await isRestored(leaver)).toBe('signed-in')
      expect(await callAll([leaver, other])).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that leaves amid its sign-out leaves the login to the next one',
    async play(stage) {
      const tab = await openTab(stage)
      await signIn(stage, [tab])
      const bob = await stage.backend.credentials('bob')
      await tab.evaluate(() => void auth.signOut())
      await tab.reload()
      await tab.evaluate((given) => enter(given), bob)
      expect(await tab.evaluate(() => auth.getClaims()?.sub)).toBe('bob')
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'an answer that is later than usual is waited for, though its page is gone',
    custody: 'cookies',
    grace: GRACE,
    isSlow: true,
    async play(stage) {
      const [leaver, other] = await openTabs(stage, 2)
      await signIn(stage, [leaver, other])
      const release = await refreshInFlight(stage, leaver)
      await leaver.waitFor(isOverdue)
      await other.evaluate(countLooks)
      await startRefresh(other)
      await leaver.close()
      // Who takes the usual time for enough has sent long before.
      await other.waitFor(() => looks > 30)
      expect(stage.backend.tokenRequests()).toBe(1)
      release()
      expect(await other.evaluate(() => pending)).toBe('refreshed')
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
]
