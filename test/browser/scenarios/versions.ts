// Two versions in two tabs, as after a deployment: the ledger's entry and the messages are an interface between them.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import {
  callAll,
  forAll,
  isSignedIn,
  isSignedOut,
  openTab,
  refreshInFlight,
  type Scenario,
  type Stage,
  signIn,
  startRefresh,
} from './scenario.ts'

/** Short, so that the lease is, and longer than a busy machine stands still (in milliseconds). */
const REFRESH_TIMEOUT = 5_000

type Order = 'the version before' | 'this version'
const ORDERS: readonly Order[] = ['the version before', 'this version']

/** A tab of each version; the one of `first` comes first. */
async function openBoth(stage: Stage, first: Order): Promise<[Tab, Tab]> {
  const before = await stage.profile.open(stage.backend.before)
  const now = await openTab(stage)
  return first === 'this version' ? [now, before] : [before, now]
}

/** The first tab rotates, and the other has the new token without a request. */
async function rotate(first: Tab, other: Tab): Promise<void> {
  const count = await other.evaluate(() => seen.refreshed.length)
  expect(await first.evaluate(() => refresh())).toBe('refreshed')
  await other.waitFor((known: number) => seen.refreshed.length === known + 1, count)
  expect(await callAll([first, other])).toEqual(['200', '200'])
}

export const VERSIONS: readonly Scenario[] = ORDERS.flatMap((first) => [
  {
    name: `a session that ${first} began is shared by tabs of both versions, which rotate in turn and at once`,
    async play(stage: Stage) {
      const tabs = await openBoth(stage, first)
      await signIn(stage, tabs)
      await rotate(tabs[0], tabs[1])
      await rotate(tabs[1], tabs[0])
      const release = await refreshInFlight(stage, tabs[0])
      await startRefresh(tabs[1])
      release()
      expect(await forAll(tabs, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(3)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: `a sign-out in ${first} ends the session in tabs of both versions, and a new sign-in begins one in both`,
    async play(stage: Stage) {
      const tabs = await openBoth(stage, first)
      await signIn(stage, tabs)
      const release = await refreshInFlight(stage, tabs[1])
      await tabs[0].evaluate(() => {
        pending = auth.signOut()
      })
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      release()
      await forAll(tabs, (tab) => tab.evaluate(() => pending))
      expect(await stage.backend.isOver(tabs[1])).toBe(true)
      expect(await callAll(tabs)).toEqual(['401', '401'])
      const bob = await stage.backend.credentials('bob')
      await tabs[1].evaluate((given) => enter(given), bob)
      await forAll(tabs, (tab) => tab.waitFor(() => auth.getClaims()?.sub === 'bob'))
      await rotate(tabs[0], tabs[1])
      await tabs[1].evaluate(() => auth.signOut())
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: `what ${first} leaves behind when it dies amid a refresh is taken over by the other version`,
    refreshTimeout: REFRESH_TIMEOUT,
    isSlow: true,
    async play(stage: Stage) {
      const [dying, other] = await openBoth(stage, first)
      await signIn(stage, [dying, other])
      stage.backend.loseRequest()
      const release = await refreshInFlight(stage, dying)
      await dying.crash()
      release()
      expect(await other.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([other])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: `a session that ${first} left in the ledger is found again by the other version`,
    async play(stage: Stage) {
      const [leaving, other] = await openBoth(stage, first)
      await other.goto(stage.backend.away)
      await signIn(stage, [leaving])
      expect(await leaving.evaluate(() => refresh())).toBe('refreshed')
      await leaving.close()
      await other.goto(first === 'this version' ? stage.backend.before : stage.backend.url())
      await other.waitFor(() => auth.restore().then(({ status }) => status === 'signed-in'))
      expect(await other.evaluate(isSignedIn)).toBe(true)
      expect(await callAll([other])).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
])
