// One rotation for all tabs: whoever needs a token, and however many, one refresh token is spent.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import {
  callAll,
  forAll,
  openTab,
  openTabs,
  refreshInFlight,
  type Scenario,
  type Stage,
  signIn,
  startRefresh,
} from './scenario.ts'

/** The page's clock goes on by an hour, as it does when the machine sleeps. */
const oversleep = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const { now } = Date
    Date.now = () => now() + 3_600_000
  })

async function callWithOneRefresh({ backend }: Stage, tabs: readonly Tab[]): Promise<void> {
  expect(await callAll(tabs)).toEqual(tabs.map(() => '200'))
  await forAll(tabs, (tab) => tab.waitFor(() => seen.refreshed.length === 1))
  expect(backend.tokenRequests()).toBe(1)
  expect(backend.reuses()).toBe(0)
}

export const ROTATION: readonly Scenario[] = [
  {
    name: 'two tabs that refresh at once send one request',
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const release = await refreshInFlight(stage, tabs[0])
      await startRefresh(tabs[1])
      release()
      expect(await forAll(tabs, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'ten tabs whose token expires at once spend one refresh token',
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await signIn(stage, tabs, 1)
      await forAll(tabs, (tab) => tab.waitFor(() => seen.refreshed.length === 1))
      await callWithOneRefresh(stage, tabs)
    },
  },
  {
    name: 'ten tabs that wake at once from an hour of sleep spend one refresh token',
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await signIn(stage, tabs)
      await forAll(tabs, oversleep)
      await callWithOneRefresh(stage, tabs)
    },
  },
  {
    name: 'ten frozen tabs that thaw at once with an expired token spend one refresh token',
    needs: ['freeze'],
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await signIn(stage, tabs)
      await stage.profile.open(stage.backend.away)
      await forAll(tabs, oversleep)
      await forAll(tabs, (tab) => tab.freeze())
      await forAll(tabs, (tab) => tab.thaw())
      await callWithOneRefresh(stage, tabs)
    },
  },
  {
    name: 'a tab opened beside living ones needs no token request',
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const late = await openTab(stage)
      expect(await callAll([late])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'ten tabs that are opened at once on a session of yesterday find it again with one token request',
    async play(stage) {
      const first = await openTab(stage)
      await signIn(stage, [first])
      const tabs = await forAll(Array(9).fill(first), () => stage.profile.open(stage.backend.away))
      await first.goto(stage.backend.away)
      const all = [first, ...tabs]
      await forAll(all, (tab) => tab.goto(stage.backend.url()))
      expect(await callAll(all)).toEqual(all.map(() => '200'))
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'hidden tabs leave the refresh to the visible one',
    needs: ['hidden'],
    isSlow: true,
    async play(stage) {
      const tabs = await openTabs(stage, 3)
      const isShown = (tab: Tab) => tab.evaluate(() => document.visibilityState === 'visible')
      expect(await forAll(tabs, isShown)).toEqual([false, false, true])
      // The hidden tabs are at least a sixteenth of that later.
      await signIn(stage, tabs, 24)
      await forAll(tabs, (tab) => tab.waitFor(() => seen.refreshed.length === 1))
      const sources = await forAll(tabs, (tab) => tab.evaluate(() => seen.refreshed[0]))
      expect(sources).toEqual(['other-tab', 'other-tab', 'this-tab'])
      expect(await callAll(tabs)).toEqual(['200', '200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'ten tabs live through twenty lifetimes with one token request each and no failed call',
    // With 2 s a busy machine lets a token expire on its way, and its successor too.
    lifetime: 3,
    isSlow: true,
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await signIn(stage, tabs)
      await forAll(tabs, (tab) =>
        tab.evaluate(() => {
          const again = async (): Promise<void> => {
            const answer = await call()
            if (seen.refreshed.length >= 20) return
            if (answer !== '200') seen.failures.push(answer)
            setTimeout(again, 200)
          }
          void again()
        }),
      )
      await forAll(tabs, (tab) => tab.waitFor(() => seen.refreshed.length >= 20))
      expect((await forAll(tabs, (tab) => tab.evaluate(() => seen.failures))).flat()).toEqual([])
      const requests = stage.backend.tokenRequests()
      const counts = await forAll(tabs, (tab) => tab.evaluate(() => seen.refreshed.length))
      // One may be on its way; a tab that stood still for a lifetime has missed a token, another has not.
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(requests - 1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'four tabs that start within 8 ms take over the session of another library once, 40 times in a row',
    custody: 'client-held tokens',
    async play(stage) {
      const tabs = await openTabs(stage, 4)
      for (let round = 1; round <= 40; round++) {
        const name = `library-${round}`
        const { refresh_token } = (await stage.backend.credentials('alice')) as { refresh_token: string }
        await tabs[0]?.evaluate((key, token) => localStorage.setItem(key, token), name, refresh_token)
        // What one tab writes to localStorage another may see late.
        await forAll(tabs, (tab) => tab.waitFor((key) => localStorage.getItem(key), name))
        const at = Date.now() + 250
        const starts = tabs.map((tab, index) => tab.evaluate((key, start) => moveIn(key, start), name, at + 2 * index))
        expect(await Promise.all(starts)).toEqual(tabs.map(() => 'signed-in 200'))
        expect(stage.backend.tokenRequests()).toBe(round)
      }
      expect(stage.backend.reuses()).toBe(0)
      await forAll(tabs, (tab) => tab.waitFor(() => localStorage.length === 0))
    },
  },
]
