// Several audiences from one refresh token, before a provider that rotates it: each API takes the tokens that name it, and
// one refresh token spent twice revokes the grant.

import { expect } from 'vitest'
import type { Tab } from '../../support/browser/driver.ts'
import type { AudienceJudge } from '../backends/backend.ts'
import { callAll, forAll, isSignedOut, openTab, openTabs, type Scenario, type Stage, signIn } from './scenario.ts'

const custody = 'client-held tokens'
const NAMES = ['own', 'billing', 'reports'] as const
type Name = (typeof NAMES)[number]

declare global {
  /** The claims of each token that a tab has come to, by audience. */
  var obtained: Record<string, { readonly jti: string; readonly iat: number }[]>
}

function judgeOf({ backend: { audiences } }: Stage): AudienceJudge {
  if (!audiences) throw new Error('this backend knows one audience')
  return audiences
}

const addressesOf = ({ apis }: AudienceJudge): string[] => NAMES.map((name) => apis[name])

/** Each tab calls each API five times, all at once; resolves with what that came to. */
async function callAtOnce(tabs: readonly Tab[], addresses: readonly string[]): Promise<string[]> {
  const results = await forAll(tabs, (tab) =>
    tab.evaluate(
      (list: string[]) => Promise.all([1, 2, 3, 4, 5].flatMap(() => list.map((one) => call(one)))),
      addresses,
    ),
  )
  return [...new Set(results.flat())]
}

/** The page's clock goes on by an hour. */
const oversleep = (tab: Tab): Promise<void> =>
  tab.evaluate(() => {
    const { now } = Date
    Date.now = () => now() + 3_600_000
  })

function expectNoLoss(stage: Stage): void {
  expect(stage.backend.reuses()).toBe(0)
  expect(judgeOf(stage).refusals()).toEqual({ all: 0, misdirected: 0 })
}

const reasonsOf = (tabs: readonly Tab[]): Promise<string[][]> =>
  forAll(tabs, (tab) => tab.evaluate(() => seen.signedOut))

/** The provider has spent the refresh token before it looks at the resource. */
const withMisspeltResource = (name: string, policy: 'never' | undefined, reuses: number): Scenario => ({
  name,
  custody,
  hasAudiences: true,
  async play(stage) {
    const { apis, refusals } = judgeOf(stage)
    const tabs = await openTabs(stage, 2, policy)
    await signIn(stage, tabs)
    const denied = await tabs[0].evaluate((address) => call(address), apis.misspelt)
    if (!policy) {
      expect(denied).toBe('audience-denied')
      expect(await tabs[0].evaluate((address) => call(address), apis.misspelt)).toBe('audience-denied')
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(await callAll(tabs)).toEqual(['200', '200'])
      expect(await tabs[1].evaluate(() => refresh())).toBe('signed-out')
    }
    await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
    expect(await reasonsOf(tabs)).toEqual([['in-doubt'], ['in-doubt']])
    expect(stage.backend.tokenRequests()).toBe(1 + reuses)
    expect(stage.backend.reuses()).toBe(reuses)
    expect(refusals()).toEqual({ all: 0, misdirected: 0 })
  },
})

export const AUDIENCES: readonly Scenario[] = [
  {
    name: 'four tabs that need three audiences at once send one token request for each, ten lifetimes on end',
    custody,
    hasAudiences: true,
    async play(stage) {
      const judge = judgeOf(stage)
      const tabs = await openTabs(stage, 4)
      await signIn(stage, tabs)
      for (let lifetime = 1; lifetime <= 10; lifetime++) {
        if (lifetime > 1) {
          judge.expire()
          await forAll(tabs, oversleep)
        }
        expect(await callAtOnce(tabs, addressesOf(judge))).toEqual(['200'])
        // The first token of the own audience has come with the sign-in. No timer is due within the test.
        expect(stage.backend.tokenRequests()).toBe(3 * lifetime - 1)
      }
      expect(NAMES.map((name) => judge.granted(name))).toEqual([9, 10, 10])
      expectNoLoss(stage)
    },
  },
  {
    name: 'four tabs use three audiences through ten lifetimes, with no failed call and no token request too many',
    custody,
    hasAudiences: true,
    lifetime: 3,
    isSlow: true,
    async play(stage) {
      const judge = judgeOf(stage)
      const tabs = await openTabs(stage, 4)
      await signIn(stage, tabs)
      await forAll(tabs, (tab) => tab.evaluate(callThroughLifetimes, addressesOf(judge), 10))
      await forAll(tabs, (tab) => tab.waitFor(haveLasted, NAMES, 10))
      const requests = stage.backend.tokenRequests()
      const granted = NAMES.map((name) => judge.granted(name))
      const seenBy = await forAll(tabs, (tab) => tab.evaluate(() => ({ failures: seen.failures, obtained })))
      expect(seenBy.flatMap(({ failures }) => failures)).toEqual([])
      // One request may be on its way.
      expect([0, 1]).toContain(requests - granted.reduce((sum, count) => sum + count))
      for (const [index, name] of NAMES.entries()) {
        const tokens = tokensOf(seenBy, name)
        // What was granted last may be on its way to the tabs, and the tabs have gone on since.
        expect(tokens.length).toBeGreaterThanOrEqual((granted[index] ?? 0) - 1)
        expect(tokens.length).toBeLessThanOrEqual(judge.granted(name))
        // No token is replaced in the first half of its life, but for that of the first refresh: its timer fires at random.
        const ages = tokens.slice(1).map(({ iat }, earlier) => iat - (tokens[earlier]?.iat ?? 0))
        expect(ages.slice(1).filter((age) => age < 2)).toEqual([])
      }
      expect(stage.backend.reuses()).toBe(0)
      // A token of three seconds may expire on its way, on a busy machine: its call is sent again, and does not fail.
      expect(judge.refusals().misdirected).toBe(0)
    },
  },
  {
    name: 'an audience whose scope was not granted is denied alone, and costs each tab one request',
    custody,
    hasAudiences: true,
    async play(stage) {
      const judge = judgeOf(stage)
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      expect(await callAtOnce(tabs, [judge.apis.admin])).toEqual(['audience-denied'])
      expect(await callAtOnce(tabs, [judge.apis.admin])).toEqual(['audience-denied'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expect(await callAtOnce(tabs, addressesOf(judge))).toEqual(['200'])
      expect(await tabs[0].evaluate(() => refresh())).toBe('refreshed')
      expect(await callAtOnce(tabs, addressesOf(judge))).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(5)
      expect(NAMES.map((name) => judge.granted(name))).toEqual([1, 1, 1])
      expect(await reasonsOf(tabs)).toEqual([[], []])
      expectNoLoss(stage)
    },
  },
  withMisspeltResource(
    'a misspelt audience is denied alone, and ends the session in doubt at the next refresh, as it has spent the refresh token',
    undefined,
    1,
  ),
  withMisspeltResource('a misspelt audience ends the session in doubt at once where nothing is sent twice', 'never', 0),
  {
    name: 'a tab that is closed amid the refresh of one audience leaves its request to the next, who wants another',
    custody,
    hasAudiences: true,
    // The request was heard, but nobody has heard its answer.
    grace: 30,
    isSlow: true,
    async play(stage) {
      const judge = judgeOf(stage)
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const hold = stage.backend.hold()
      await tabs[0].evaluate((address) => void call(address), judge.apis.billing)
      await hold.arrived()
      await tabs[0].close()
      hold.release()
      expect(await tabs[1].evaluate((address) => call(address), judge.apis.reports)).toBe('200')
      expect(await tabs[1].evaluate((address) => call(address), judge.apis.billing)).toBe('200')
      // That of the tab that is gone, which WebKit takes back, its resend, and that for the other audience.
      expect(stage.backend.tokenRequests()).toBe(3)
      expect(judge.granted('reports')).toBe(1)
      expectNoLoss(stage)
    },
  },
  {
    name: 'a tab opened beside living ones is given the tokens of all audiences without a request',
    custody,
    hasAudiences: true,
    async play(stage) {
      const judge = judgeOf(stage)
      const first = await openTab(stage)
      await signIn(stage, [first])
      expect(await callAtOnce([first], addressesOf(judge))).toEqual(['200'])
      const late = await openTab(stage)
      expect(await callAtOnce([late], addressesOf(judge))).toEqual(['200'])
      expect(stage.backend.tokenRequests()).toBe(2)
      expectNoLoss(stage)
    },
  },
]

/** In the page: calls each API again and again until there were so many tokens of each audience. */
function callThroughLifetimes(addresses: readonly string[], lifetimes: number): void {
  globalThis.obtained = { own: [], billing: [], reports: [] }
  auth.on('refreshed', ({ audience }) => {
    const { jti = '', iat = 0 } = auth.getClaims(audience ? { audience } : {}) ?? {}
    obtained[audience ?? 'own']?.push({ jti, iat })
  })
  const again = async (): Promise<void> => {
    const answers = await Promise.all(addresses.map((address) => call(address)))
    if (Object.values(obtained).every(({ length }) => length >= lifetimes)) return
    seen.failures.push(...answers.filter((answer) => answer !== '200'))
    setTimeout(again, 200)
  }
  void again()
}

/** In the page. */
const haveLasted = (names: readonly string[], lifetimes: number): boolean =>
  names.every((name) => (obtained[name]?.length ?? 0) >= lifetimes)

/** The tokens of an audience that any tab has come to, in order. */
function tokensOf(seenBy: readonly { readonly obtained: typeof obtained }[], name: Name): { readonly iat: number }[] {
  const all = seenBy.flatMap(({ obtained }) => obtained[name] ?? [])
  return [...new Map(all.map((token) => [token.jti, token])).values()].sort((a, b) => a.iat - b.iat)
}
