// A tab that is opened beside living ones: what it costs the server, and how soon it has an answer.

import type { Browser } from '../../test/support/browser/driver.ts'
import { within } from '../patience.ts'
import type { SessionName } from '../peers/sessions/page.ts'
import { openStage } from '../stage.ts'

/** No token is renewed meanwhile (in seconds). */
const LIFETIME = 3_600
export const NEIGHBOURS = 5

export interface NewTab {
  readonly name: SessionName
  readonly tokenRequests: number
  /** From the start of the navigation to the first answer of 200 (in milliseconds). */
  readonly times: readonly number[]
}

export async function measureNewTab(browser: Browser, name: SessionName, repetitions: number): Promise<NewTab> {
  const stage = await openStage(browser, { name, lifetime: LIFETIME })
  try {
    const neighbours = []
    for (let index = 0; index < NEIGHBOURS; index++) neighbours.push(await stage.openTab())
    await stage.signIn(neighbours)
    for (const tab of neighbours) await tab.evaluate(() => bench.call())
    const before = stage.tokenRequests.length
    const times: number[] = []
    for (let nth = 0; nth < repetitions; nth++) {
      const tab = await stage.openTab('/new')
      times.push(
        await within(
          tab.evaluate(async () => (await bench.firstAnswer) ?? Number.NaN),
          20_000,
          Number.NaN,
        ),
      )
      await tab.close()
    }
    return { name, tokenRequests: stage.tokenRequests.length - before, times }
  } finally {
    await stage.close()
  }
}
