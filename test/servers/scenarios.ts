// One day with a server that others wrote, in real tabs: the same scenarios for all.

import { expect } from 'vitest'
import {
  callAll,
  forAll,
  isSignedIn,
  isSignedOut,
  openTab,
  openTabs,
  type Scenario,
  type Stage,
  signIn,
} from '../browser/scenarios/scenario.ts'
import type { Tab } from '../support/browser/driver.ts'
import type { ServerBackend } from './front.ts'
import type { Show } from './server.ts'

export type ServerStage = Stage<ServerBackend>

export interface ServerScenario extends Scenario<ServerBackend> {
  readonly name: Show
}

/** The page's clock goes on, so that its token is no longer so young that a 401 means nothing. */
const age = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const { now } = Date
    Date.now = () => now() + 10_000
  })

const signedInTabs = async (stage: ServerStage, count: number): Promise<Tab[]> => {
  const tabs = await openTabs(stage, count)
  await signIn(stage, tabs)
  return tabs
}

const lastReason = (tab: Tab) => tab.evaluate(() => seen.signedOut.at(-1))

const stateOf = (tab: Tab) => tab.evaluate(() => auth.restore())

export const SERVER_SCENARIOS: readonly ServerScenario[] = [
  {
    name: 'first visit of a stranger',
    async play(stage) {
      const tab = await openTab(stage)
      expect(await stateOf(tab)).toMatchObject({ status: 'signed-out', reason: 'initial' })
      expect(await callAll([tab])).toEqual(['401'])
      // A cookie cannot be seen, so that the server is asked, once.
      expect(stage.backend.tokenRequests()).toBe(stage.backend.holdsRefreshToken ? 0 : 1)
      expect(tab.errors).toEqual([])
    },
  },
  {
    name: 'sign-in',
    async play(stage) {
      const tabs = await signedInTabs(stage, 2)
      expect(await forAll(tabs, (tab) => tab.evaluate(isSignedIn))).toEqual([true, true])
      expect(await stage.backend.sessions()).toBe(1)
      expect(stage.backend.tokenRequests()).toBe(0)
      expect(tabs.flatMap(({ errors }) => errors)).toEqual([])
    },
  },
  {
    name: 'call',
    async play(stage) {
      const tabs = await signedInTabs(stage, 1)
      expect(await callAll(tabs)).toEqual(['200'])
      expect(stage.backend.refusedCalls()).toBe(0)
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'expiry by timer',
    lifetime: 6,
    isSlow: true,
    async play(stage) {
      const [tab] = (await signedInTabs(stage, 1)) as [Tab]
      await tab.evaluate(() => {
        const again = async (): Promise<void> => {
          const answer = await call()
          if (answer !== '200') seen.failures.push(answer)
          setTimeout(again, 100)
        }
        void again()
      })
      await tab.waitFor(() => seen.refreshed.length === 3)
      expect(await tab.evaluate(() => seen.failures)).toEqual([])
      if (!stage.backend.revokesAtRefresh) expect(stage.backend.refusedCalls()).toBe(0)
      expect(stage.backend.refreshStatuses.every((status) => status === 200)).toBe(true)
      expect(tab.errors).toEqual([])
    },
  },
  {
    name: '50 calls refused at once',
    async play(stage) {
      const [tab] = (await signedInTabs(stage, 1)) as [Tab]
      await age(tab)
      await stage.backend.recall()
      expect(await tab.evaluate(() => Promise.all(Array.from({ length: 50 }, () => call())))).toEqual(
        Array(50).fill('200'),
      )
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    // Where a refresh revokes the access token before it, the retries of the first meet the second.
    name: '50 calls amid two refreshes',
    async play(stage) {
      const [tab] = (await signedInTabs(stage, 1)) as [Tab]
      await age(tab)
      let held = stage.backend.holdCalls()
      await tab.evaluate(() => {
        pending = Promise.all(Array.from({ length: 50 }, () => call()))
      })
      for (let refreshes = 0; refreshes < 2; refreshes++) {
        await held.arrived()
        expect(await tab.evaluate(() => refresh())).toBe('refreshed')
        const next = stage.backend.holdCalls()
        held.release()
        held = next
      }
      held.release()
      expect(await tab.evaluate(() => pending)).toEqual(Array(50).fill('200'))
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
  {
    name: 'reload',
    async play(stage) {
      const tabs = await signedInTabs(stage, 1)
      await tabs[0]?.reload()
      expect(await callAll(tabs)).toEqual(['200'])
      expect(await forAll(tabs, stateOf)).toMatchObject([{ status: 'signed-in' }])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'second tab without a request',
    async play(stage) {
      const tabs = await signedInTabs(stage, 1)
      expect(await callAll([...tabs, await openTab(stage)])).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'five tabs at once',
    async play(stage) {
      const tabs = await signedInTabs(stage, 5)
      await forAll(tabs, age)
      await stage.backend.recall()
      expect(await callAll(tabs)).toEqual(Array(5).fill('200'))
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'session ended at the server',
    async play(stage) {
      const tabs = await signedInTabs(stage, 2)
      await forAll(tabs, age)
      await stage.backend.endSessions()
      expect(await callAll(tabs.slice(0, 1))).toEqual(['401'])
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      expect(await forAll(tabs, lastReason)).toEqual(['rejected', 'rejected'])
      await tabs[0]?.reload()
      expect(await forAll(tabs, stateOf)).toMatchObject([{ status: 'signed-out' }, { status: 'signed-out' }])
      // The user may sign in again at once.
      await signIn(stage, tabs)
      expect(await callAll(tabs)).toEqual(['200', '200'])
    },
  },
  {
    name: 'refresh token that comes twice',
    async play(stage) {
      const tabs = await signedInTabs(stage, 2)
      stage.backend.loseAnswer()
      await tabs[0]?.evaluate(() => refresh())
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      // The client knows that it has sent the token twice itself: this is no theft.
      expect(await forAll(tabs, lastReason)).toEqual(['in-doubt', 'in-doubt'])
      // Once lost, once or twice refused.
      expect(stage.backend.refreshStatuses.length).toBeLessThanOrEqual(3)
      await signIn(stage, tabs)
      expect(await callAll(tabs)).toEqual(['200', '200'])
    },
  },
  {
    name: 'sign-out in one tab',
    async play(stage) {
      const tabs = await signedInTabs(stage, 2)
      await tabs[1]?.evaluate(() => auth.signOut())
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      expect(await stage.backend.sessions()).toBe(0)
      const third = await openTab(stage)
      expect(await stateOf(third)).toMatchObject({ status: 'signed-out' })
      expect(await callAll([...tabs, third])).toEqual(['401', '401', '401'])
    },
  },
]
