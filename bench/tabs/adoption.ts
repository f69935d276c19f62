// How long it takes from the commit of a refresh until the last tab has the token.

import type { Browser, Tab } from '../../test/support/browser/driver.ts'
import { openStage } from '../stage.ts'

/** No token is renewed of itself meanwhile (in seconds). */
const LIFETIME = 3_600

/** How far ahead the other's clock is (in milliseconds). */
async function compareClocks(tab: Tab, other: Tab, name: string): Promise<number> {
  await other.evaluate((channel) => bench.answerPings(channel), name)
  return await tab.evaluate((channel) => bench.compareClock(channel, 200), name)
}

/** In milliseconds, by refresh. */
export async function measureAdoption(browser: Browser, count: number, refreshes: number): Promise<number[]> {
  const stage = await openStage(browser, { name: 'authfetch', lifetime: LIFETIME })
  try {
    const tabs = []
    for (let index = 0; index < count; index++) tabs.push(await stage.openTab('/watched'))
    const [first, ...others] = tabs
    if (!first) return []
    await stage.signIn(tabs)
    const ahead: number[] = []
    // One after another, for pings that wait for each other tell nothing.
    for (const [nth, tab] of others.entries()) ahead.push(await compareClocks(first, tab, `clock-${nth}`))
    const times: number[] = []
    for (let nth = 1; nth <= refreshes; nth++) {
      await first.evaluate(() => bench.startRefresh())
      await Promise.all(
        tabs.map((tab) => tab.waitFor((refreshed: number) => bench.watched.refreshes >= refreshed, nth)),
      )
      const { committedAt } = await first.evaluate(() => bench.watched)
      const adopted = await Promise.all(
        others.map(async (tab, nth) => (await tab.evaluate(() => bench.watched.refreshedAt)) - (ahead[nth] ?? 0)),
      )
      times.push(Math.max(...adopted) - committedAt)
    }
    return times
  } finally {
    await stage.close()
  }
}
