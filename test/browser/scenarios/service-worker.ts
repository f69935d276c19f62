// A service worker that keeps answers: with client-held tokens and a strict server, a page that leaves amid its refresh
// keeps its session. `node test/browser/kept-answers.ts` plays it a hundred times.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import {
  callAll,
  forAll,
  openTab,
  refreshInFlight,
  type Scenario,
  type Stage,
  signIn,
  startRefresh,
} from './scenario.ts'

const custody = 'client-held tokens'

/** In the page: whether its requests pass through the service worker. */
export const isControlled = () => navigator.serviceWorker.controller !== null

/** In the page: whether another worker is there, though it may have to wait until the one before has nothing to do. */
const isReplaced = (script: string) =>
  navigator.serviceWorker
    .getRegistration()
    .then((registration) => (registration?.waiting ?? registration?.active)?.scriptURL.endsWith(script))

export const restore = (tab: Tab): Promise<string> =>
  tab.evaluate(() => auth.restore().then(({ status }: { status: string }) => status))

/** Signs in before a worker of one of two kinds. */
async function signInBefore(stage: Stage, tabs: readonly Tab[], script: string, type: string): Promise<void> {
  await forAll(tabs, (tab) => tab.evaluate((...terms: [string, string]) => work(...terms), script, type))
  await forAll(tabs, (tab) => tab.waitFor(isControlled))
  await signIn(stage, tabs)
}

const KINDS = [
  ['a classic service worker', '/worker.js', 'classic'],
  ['a service worker that is a module and has other handlers', '/worker-of-an-app.js', 'module'],
] as const

export const SERVICE_WORKER: readonly Scenario[] = [
  ...KINDS.map(
    ([kind, script, type]): Scenario => ({
      name: `with ${kind}, a page that is reloaded amid its refresh keeps its session`,
      custody,
      async play(stage) {
        const tab = await openTab(stage)
        await signInBefore(stage, [tab], script, type)
        const release = await refreshInFlight(stage, tab)
        await tab.reload()
        release()
        expect(await restore(tab)).toBe('signed-in')
        expect(await callAll([tab])).toEqual(['200'])
        expect(stage.backend.tokenRequests()).toBeLessThan(3)
        expect(stage.backend.reuses()).toBe(0)
      },
    }),
  ),
  ...(['closed', 'crashed'] as const).map(
    (way): Scenario => ({
      name: `with a service worker, the answer to a tab that has ${way === 'closed' ? 'closed' : 'crashed'} serves those that wait`,
      custody,
      ...(way === 'crashed' && { needs: ['crash'] }),
      async play(stage) {
        const other = await openTab(stage)
        await signInBefore(stage, [other], '/worker.js', 'classic')
        // Chromium runs the worker in the process of the page that has registered it.
        const leaver = await openTab(stage)
        await leaver.evaluate(() => auth.restore())
        const release = await refreshInFlight(stage, leaver)
        await startRefresh(other)
        await (way === 'closed' ? leaver.close() : leaver.crash())
        release()
        expect(await other.evaluate(() => pending)).toBe('refreshed')
        expect(await callAll([other])).toEqual(['200'])
        expect(stage.backend.tokenRequests()).toBe(1)
        expect(stage.backend.reuses()).toBe(0)
      },
    }),
  ),
  {
    name: 'with a service worker, pages of both versions refresh once each time',
    custody,
    async play(stage) {
      const before = await stage.profile.open(stage.backend.before)
      const now = await openTab(stage)
      const tabs = [before, now]
      await signInBefore(stage, tabs, '/worker.js', 'classic')
      for (const [index, tab] of [before, now, before, now].entries()) {
        expect(await tab.evaluate(() => refresh())).toBe('refreshed')
        await forAll(tabs, (one) => one.waitFor((count: number) => seen.refreshed.length === count, index + 1))
        expect(stage.backend.tokenRequests()).toBe(index + 1)
      }
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a service worker that another replaces meanwhile keeps the answer that it waits for',
    custody,
    async play(stage) {
      const tab = await openTab(stage)
      await signInBefore(stage, [tab], '/worker.js', 'classic')
      const release = await refreshInFlight(stage, tab)
      await tab.evaluate(() => work('/worker-of-an-app.js', 'module'))
      await tab.waitFor(isReplaced, '/worker-of-an-app.js')
      await tab.reload()
      release()
      expect(await restore(tab)).toBe('signed-in')
      expect(await callAll([tab])).toEqual(['200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
]
