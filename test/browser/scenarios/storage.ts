// Browsers that withhold storage, or keep it for a while only, and tabs that keep it to themselves.

import { expect } from 'vitest'
import {
  callAll,
  forAll,
  isSignedIn,
  openTab,
  openTabs,
  refreshInFlight,
  type Scenario,
  signIn,
  startRefresh,
} from './scenario.ts'

export const STORAGE: readonly Scenario[] = [
  {
    name: 'tabs of a private window send one request, and miss nothing',
    needs: ['private'],
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const release = await refreshInFlight(stage, tabs[0])
      await startRefresh(tabs[1])
      release()
      expect(await forAll(tabs, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(await forAll(tabs, (tab) => tab.evaluate(() => auth.getState().degraded))).toEqual([[], []])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'a page whose storage is blocked works, and says what is missing',
    custody: 'client-held tokens',
    needs: ['blocked'],
    async play(stage) {
      const tab = await openTab(stage)
      expect(await tab.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
      await signIn(stage, [tab])
      expect(await callAll([tab])).toEqual(['200'])
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
      expect(await tab.evaluate(() => auth.getState().degraded)).toContain('ledger')
      expect(stage.backend.tokenRequests()).toBe(1)
      await tab.evaluate(() => auth.signOut())
      expect(await tab.evaluate(isSignedIn)).toBe(false)
      expect(tab.errors).toEqual([])
    },
  },
  {
    name: 'a tab that hangs in a transaction of the ledger holds no caller up for ever',
    isSlow: true,
    async play(stage) {
      const [tab, hanging] = await openTabs(stage, 2)
      await signIn(stage, [tab, hanging])
      await hanging.evaluate(occupyLedger)
      expect(await tab.evaluate(() => refresh())).toBe('refresh-unavailable')
      expect(await callAll([tab])).toEqual(['200'])
      await hanging.close()
      // The timer goes on trying.
      await tab.waitFor(() => seen.refreshed.length === 1)
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
]

/** In the page: begins a transaction that ends with the page, as that of a page which is paused in a debugger does. */
function occupyLedger(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('authfetch')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const store = opening.result.transaction('ledger', 'readwrite').objectStore('ledger')
      const keepAlive = (): void => {
        store.get('session').onsuccess = keepAlive
        resolve()
      }
      keepAlive()
    }
  })
}
