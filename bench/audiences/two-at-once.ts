// Tokens for two audiences at once, from one refresh token, in real tabs of Chromium.

import type { Browser, Tab } from '../../test/support/browser/driver.ts'
import { servePages } from '../../test/support/pages.ts'
import { bundleForPage } from '../bundle.ts'
import { promptly, within } from '../patience.ts'
import type * as Page from '../peers/audiences/page.ts'
import type { AudienceTerms } from '../peers/audiences/session.ts'
import type { Outcome } from '../peers/sessions/page.ts'
import { AUDIENCES, type AudienceName, type AudienceProvider, startAudienceProvider } from './provider.ts'

/** As over a network (in milliseconds). */
export const LATENCY = 100
/** From the order to the tabs to their common moment (in milliseconds). */
const NOTICE = 300

export interface TwoAtOnceTerms {
  readonly name: Page.AudienceSessionName
  readonly tabs: 1 | 2
  /** Both audiences one after the other, to see that peer and provider are set up rightly. @default false */
  readonly inTurn?: boolean
  readonly signIns: number
}

export interface TwoAtOnce extends TwoAtOnceTerms {
  readonly tokenRequests: number
  readonly presentedTwice: number
  readonly lost: number
  /** Of the two calls for each sign-in. */
  readonly answered: number
  /** Of one call more to each of the three APIs, for each sign-in. */
  readonly answeredAfterwards: number
}

declare const bench: typeof Page

const callIn = (tab: Tab, names: readonly AudienceName[], at: number, inTurn: boolean): Promise<readonly Outcome[]> =>
  within(
    tab.evaluate((...given: Parameters<typeof Page.callAll>) => bench.callAll(...given), names, at, inTurn),
    20_000,
    names.map(() => 'no answer' as const),
  )

async function signIn(tab: Tab, provider: AudienceProvider): Promise<void> {
  const address = await tab.evaluate(() => bench.leave())
  const given = address ? await provider.answerLogin(address) : await provider.seed()
  await tab.evaluate((tokens: Parameters<typeof Page.signIn>[0]) => bench.signIn(tokens), given)
}

let script: Promise<string> | undefined

export async function measureTwoAtOnce(browser: Browser, terms: TwoAtOnceTerms): Promise<TwoAtOnce> {
  const { name, tabs: count, inTurn = false, signIns } = terms
  script ??= bundleForPage('peers/audiences/page.ts')
  const provider = await startAudienceProvider(LATENCY)
  const { issuer, clientId, scope, tokenEndpoint, apis, counters } = provider
  const given: AudienceTerms = { issuer, clientId, scope, tokenEndpoint, apis }
  const pages = await servePages({
    '/': `<!doctype html><title>tab</title><body><script src="/bench.js"></script><script>bench.open(${JSON.stringify(name)}, ${JSON.stringify(given)})</script>`,
    '/bench.js': await script,
  })
  // Tabs that keep their tokens in memory have no sign-in in common.
  const isShared = !name.endsWith('memory')
  const sum = { tokenRequests: 0, presentedTwice: 0, lost: 0, answered: 0, answeredAfterwards: 0 }
  const good = (outcomes: readonly Outcome[]): number => outcomes.filter((outcome) => outcome === 200).length

  async function measureOne(): Promise<void> {
    const profile = await browser.newProfile()
    try {
      const tabs: Tab[] = []
      for (let index = 0; index < count; index++) tabs.push(await profile.open(pages.origin))
      for (const tab of isShared ? tabs.slice(0, 1) : tabs) await promptly(signIn(tab, provider), 'no sign-in')
      await promptly(Promise.all(tabs.map((tab) => tab.evaluate(() => bench.start()))), 'a tab did not start')
      const before = { ...counters }
      const at = Date.now() + NOTICE
      const outcomes = await Promise.all(
        tabs.map((tab, nth) => callIn(tab, count === 1 ? AUDIENCES : AUDIENCES.slice(nth, nth + 1), at, inTurn)),
      )
      sum.tokenRequests += counters.tokenRequests - before.tokenRequests
      sum.presentedTwice += counters.reuses - before.reuses
      sum.lost += counters.revokedGrants - before.revokedGrants
      sum.answered += good(outcomes.flat())
      const [first] = tabs
      if (first) sum.answeredAfterwards += good(await callIn(first, ['own', ...AUDIENCES], 0, true))
    } finally {
      await within(profile.close(), 10_000, undefined)
    }
  }

  try {
    for (let nth = 0; nth < signIns; nth++) await measureOne()
    return { ...terms, ...sum }
  } finally {
    await pages.close()
    await provider.close()
  }
}
