// Tabs that die or sleep amid a refresh, and answers that never come.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import {
  callAll,
  forAll,
  isLockAwaited,
  isSignedIn,
  openTab,
  openTabs,
  refreshInFlight,
  type Scenario,
  signIn,
  startRefresh,
} from './scenario.ts'

/** How soon is for the simulation to say, whose time is virtual. */
async function refreshes(tab: Tab): Promise<void> {
  expect(await tab.evaluate(() => refresh())).toBe('refreshed')
  expect(await callAll([tab])).toEqual(['200'])
}

export const OUTAGES: readonly Scenario[] = [
  {
    name: 'a tab that dies with its request leaves the session to the others',
    isSlow: true,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      stage.backend.loseRequest()
      const release = await refreshInFlight(stage, first)
      await first.crash()
      release()
      await refreshes(second)
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a tab that dies before its answer comes leaves the session to the others',
    custody: 'cookies',
    isSlow: true,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      const release = await refreshInFlight(stage, first)
      await first.crash()
      release()
      await refreshes(second)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a request that is lost once is no matter of the callers',
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      stage.backend.loseRequest()
      expect(await tabs[0].evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(await tabs[0].evaluate(() => told.filter((line) => line.includes('refresh-failed')))).toEqual([])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a frozen tab that holds the lock holds nobody up for ever',
    needs: ['freeze'],
    isSlow: true,
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      stage.backend.loseRequest()
      const release = await refreshInFlight(stage, first)
      await first.freeze()
      release()
      await refreshes(second)
      await first.thaw()
      await first.waitFor(isSignedIn)
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a frozen tab that is granted the lock holds nobody up for ever',
    needs: ['freeze'],
    isSlow: true,
    async play(stage) {
      const [waiter, holder] = await openTabs(stage, 2)
      await signIn(stage, [waiter, holder])
      const release = await refreshInFlight(stage, holder)
      await startRefresh(waiter)
      await holder.waitFor(isLockAwaited)
      await waiter.freeze()
      release()
      expect(await holder.evaluate(() => pending)).toBe('refreshed')
      await refreshes(holder)
      await waiter.thaw()
      expect(await waiter.evaluate(() => pending)).toBe('refreshed')
      expect(await callAll([waiter, holder])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'offline ends no session, and back on line it goes on',
    needs: ['offline'],
    async play(stage) {
      const tab = await openTab(stage)
      await signIn(stage, [tab])
      await tab.offline(true)
      expect(await tab.evaluate(() => refresh())).toBe('refresh-unavailable')
      expect(await tab.evaluate(isSignedIn)).toBe(true)
      await tab.offline(false)
      await tab.waitFor(() => seen.refreshed.length === 1)
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'an answer lost after the commit ends the session as in doubt, where no resend is allowed',
    async play(stage) {
      const tabs = await openTabs(stage, 2, 'never')
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      await startRefresh(tabs[0])
      await forAll(tabs, (tab) => tab.waitFor(() => seen.signedOut.at(-1) === 'in-doubt'))
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'an answer lost after the commit is asked for again, and the verdict is no theft',
    custody: 'client-held tokens',
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      await startRefresh(tabs[0])
      await forAll(tabs, (tab) => tab.waitFor(() => seen.signedOut.at(-1) === 'in-doubt'))
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
  {
    name: 'an answer lost after the commit is replayed by a server that knows the key, before callers hear of it',
    custody: 'cookies',
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      expect(await tabs[0].evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(await tabs[0].evaluate(() => told.filter((line) => line.includes('refresh-failed')))).toEqual([])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
]
