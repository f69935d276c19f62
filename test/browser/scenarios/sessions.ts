// Sign-ins, sign-outs, and pages that come back from the back/forward cache.

import { expect } from 'vitest'
import {
  callAll,
  forAll,
  isLockAwaited,
  isSignedOut,
  openTab,
  openTabs,
  refreshInFlight,
  type Scenario,
  signIn,
  startRefresh,
} from './scenario.ts'

export const SESSIONS: readonly Scenario[] = [
  {
    name: 'a sign-out amid a refresh in another tab lets no session come back',
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      const release = await refreshInFlight(stage, first)
      await second.evaluate(() => {
        pending = auth.signOut()
      })
      await forAll([first, second], (tab) => tab.waitFor(isSignedOut))
      release()
      await forAll([first, second], (tab) => tab.evaluate(() => pending))
      expect(await stage.backend.isOver(second)).toBe(true)
      const third = await openTab(stage)
      expect(await third.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
      expect(await callAll([first, second, third])).toEqual(['401', '401', '401'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a second user who signs in elsewhere is the one in all tabs',
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      const bob = await stage.backend.credentials('bob')
      await second.evaluate((given) => enter(given), bob)
      await forAll([first, second], (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(await first.evaluate(() => refresh())).toBe('refreshed')
      await forAll([first, second], (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a second user who signs in amid a refresh of the first is the one in all tabs',
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      const release = await refreshInFlight(stage, first)
      const bob = await stage.backend.credentials('bob')
      await second.evaluate((given) => {
        pending = enter(given)
      }, bob)
      release()
      await forAll([first, second], (tab) => tab.evaluate(() => pending))
      await forAll([first, second], (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      expect(await second.evaluate(() => refresh())).toBe('refreshed')
      await forAll([first, second], (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that returns from the back/forward cache has the newest session',
    needs: ['bfcache'],
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      await first.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => seen.failures.push(persisted ? '' : 'evicted'))
      })
      await first.goto(stage.backend.away)
      expect(await second.evaluate(() => refresh())).toBe('refreshed')
      await first.back()
      // Kept, so the page itself is back.
      expect(await first.evaluate(() => seen.failures)).toEqual([''])
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
      await second.evaluate(() => auth.signOut())
      await first.waitFor(isSignedOut)
    },
  },
  {
    name: 'a page that left while it waited for a refresh has its token on its return',
    needs: ['bfcache'],
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      const release = await refreshInFlight(stage, second)
      await startRefresh(first)
      await second.waitFor(isLockAwaited)
      await first.goto(stage.backend.away)
      release()
      expect(await second.evaluate(() => pending)).toBe('refreshed')
      await first.back()
      // Where such a page is evicted, it starts anew.
      const result = await first.evaluate(() => globalThis.pending ?? 'refreshed')
      expect(result).toBe('refreshed')
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'a session that ended while a page was in the back/forward cache is over on its return',
    needs: ['bfcache'],
    async play(stage) {
      const [first, second] = await openTabs(stage, 2)
      await signIn(stage, [first, second])
      await first.goto(stage.backend.away)
      await second.evaluate(() => auth.signOut())
      await first.back()
      await first.waitFor(() => auth.restore().then(({ status }) => status === 'signed-out'))
      expect(await callAll([first])).toEqual(['401'])
    },
  },
]
