// Bound tokens (RFC 9449): a provider that wants a nonce in each proof, and a resource whose nonce changes every seven
// answers.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import { callAll, forAll, isSignedIn, isSignedOut, openTab, openTabs, type Scenario, type Stage } from './scenario.ts'

const custody = 'client-held tokens'

/** The first tab signs in with a key of its own. */
async function signInBound({ backend }: Stage, tabs: readonly Tab[]): Promise<void> {
  const jkt = await tabs[0]?.evaluate(() => makeKey())
  const tokens = await backend.credentials('alice', undefined, jkt)
  await tabs[0]?.evaluate((given) => enter(given), tokens)
  await forAll(tabs, (tab) => tab.waitFor(isSignedIn))
}

/** What the ledger has of the key: whether it can be exported, or that there is none. */
const keyInLedger = (tab: Tab): Promise<string> =>
  tab.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const opening = indexedDB.open('authfetch-dpop')
        opening.onsuccess = () => {
          const reading = opening.result.transaction('ledger').objectStore('ledger').get('session')
          reading.onsuccess = () => resolve(String(reading.result?.bound?.key.privateKey.extractable))
          opening.result.close()
        }
      }),
  )

/** Twenty calls of a tab, one after another. */
const callOften = (tab: Tab): Promise<string[]> =>
  tab.evaluate(async () => {
    const results = new Set<string>()
    for (let nth = 0; nth < 20; nth++) results.add(await call())
    return [...results]
  })

/** Proofs in a browser whose clock is ten minutes off. */
const withWrongClock = (name: string, requiresProofs: true | 'by time'): Scenario => ({
  name,
  custody,
  requiresProofs,
  async play(stage) {
    for (const clock of ['ahead', 'behind'] as const) {
      const tab = await openTab(stage, clock)
      await signInBound(stage, [tab])
      expect(await callAll([tab])).toEqual(['200'])
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callOften(tab)).toEqual(['200'])
      await tab.evaluate(() => auth.signOut())
      await tab.waitFor(isSignedOut)
    }
    expect(stage.backend.reuses()).toBe(0)
  },
})

export const PROOFS: readonly Scenario[] = [
  withWrongClock('a clock that is ten minutes off costs a bound session nothing where servers give nonces', true),
  withWrongClock('a clock that is ten minutes off is learnt where proofs must be of this time', 'by time'),
  {
    name: 'a bound session lives though the browser sends a refresh twice by itself, where refresh tokens stay the same',
    custody,
    requiresProofs: true,
    keepsAll: true,
    async play(stage) {
      const tab = await openTab(stage)
      await signInBound(stage, [tab])
      // From the first answer on it is known that the refresh token stays the same.
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      stage.backend.loseAnswer()
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
    },
  },
  {
    name: 'tabs of a private window share the key of a bound session',
    custody,
    needs: ['private'],
    requiresProofs: true,
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signInBound(stage, tabs)
      expect(await forAll(tabs, callOften)).toEqual([['200'], ['200']])
      expect(await forAll(tabs, (tab) => tab.evaluate(() => refresh()))).toEqual(['refreshed', 'refreshed'])
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page whose storage is blocked has a bound session of its own',
    custody,
    needs: ['blocked'],
    requiresProofs: true,
    async play(stage) {
      const tab = await openTab(stage)
      await signInBound(stage, [tab])
      expect(await callAll([tab])).toEqual(['200'])
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
      await tab.evaluate(() => auth.signOut())
      await tab.waitFor(isSignedOut)
    },
  },
  {
    name: 'the version before does not meet a bound session',
    custody,
    requiresProofs: true,
    async play(stage) {
      const before = await stage.profile.open(stage.backend.before)
      const tab = await openTab(stage)
      await signInBound(stage, [tab])
      expect(await before.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
      await before.evaluate(() => auth.signOut())
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
    },
  },
  {
    name: 'four tabs with bound tokens share one key, one refresh and all nonces',
    custody,
    requiresProofs: true,
    async play(stage) {
      const tabs = await openTabs(stage, 4)
      await signInBound(stage, tabs)
      expect(await forAll(tabs, callOften)).toEqual([['200'], ['200'], ['200'], ['200']])
      expect(await forAll(tabs, (tab) => tab.evaluate(() => refresh()))).toEqual(Array(4).fill('refreshed'))
      expect(await callAll(tabs)).toEqual(['200', '200', '200', '200'])
      expect(await forAll(tabs, callOften)).toEqual([['200'], ['200'], ['200'], ['200']])
      expect(await keyInLedger(tabs[3] as Tab)).toBe('false')
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a new tab goes on with the bound session, and so does one after a reload',
    custody,
    requiresProofs: true,
    async play(stage) {
      const first = await openTab(stage)
      await signInBound(stage, [first])
      expect(await callAll([first])).toEqual(['200'])
      const second = await openTab(stage)
      expect(await second.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-in')
      expect(await callOften(second)).toEqual(['200'])
      await first.reload()
      await second.reload()
      expect(await callAll([first, second])).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a copied refresh token is refused without its key, and a sign-out deletes the key',
    custody,
    requiresProofs: true,
    async play(stage) {
      const tab = await openTab(stage)
      await signInBound(stage, [tab])
      const stolen = await tab.evaluate(
        () =>
          new Promise<string>((resolve) => {
            const opening = indexedDB.open('authfetch-dpop')
            opening.onsuccess = () => {
              const reading = opening.result.transaction('ledger').objectStore('ledger').get('session')
              reading.onsuccess = () => resolve(reading.result.refreshToken)
              opening.result.close()
            }
          }),
      )
      const answer = await tab.evaluate((token) => spend(token), stolen)
      expect(answer).toBe(400)
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
      expect(await callAll([tab])).toEqual(['200'])
      await tab.evaluate(() => auth.signOut())
      await tab.waitFor(isSignedOut)
      expect(await keyInLedger(tab)).toBe('undefined')
    },
  },
]
