// Many tabs that call the API through several lifetimes of a token.

import type { Browser } from '../../test/support/browser/driver.ts'
import { pauseFor } from '../patience.ts'
import type { SessionName } from '../peers/sessions/page.ts'
import { callOnce, keepCalling, openStage, stopCalling, type TokenRequest } from '../stage.ts'

/** Of access tokens (in seconds). */
export const LIFETIME = 6
/** How much longer than over loopback an answer of the token endpoint takes (in milliseconds). */
export const LATENCY = 100
/** From an answer to the next call (in milliseconds). */
export const PAUSE = 400
/** A tab gives up after so many failed calls in a row: at the first, as an app sends its user to the login page. */
const FAILURES = 1

export interface Lifetimes {
  readonly name: SessionName
  readonly tabs: number
  readonly tokenRequests: number
  /** Of the time when the provider had not revoked the grant. */
  readonly waves: readonly number[]
  readonly requestsPerLifetime: number
  readonly reuses: number
  readonly calls: number
  readonly failures: number
  readonly signedOut: number
}

/**
 * How many token requests came in each quarter of a lifetime that begins with one: nobody here renews a token so young
 * on purpose. Once the session has ended no wave begins.
 */
export function wavesOf(requests: readonly TokenRequest[], lifetime: number): number[] {
  const waves: number[] = []
  let startedAt = Number.NEGATIVE_INFINITY
  for (const { at, isAlive } of requests) {
    if (at - startedAt < lifetime * 250) waves[waves.length - 1] = (waves.at(-1) ?? 0) + 1
    else if (isAlive) {
      startedAt = at
      waves.push(1)
    }
  }
  return waves
}

export async function measureLifetimes(
  browser: Browser,
  name: SessionName,
  count: number,
  lifetimes: number,
): Promise<Lifetimes> {
  const stage = await openStage(browser, { name, lifetime: LIFETIME })
  // More than a run can send.
  stage.provider.delayNextAnswers(10_000, LATENCY)
  try {
    const tabs = []
    for (let index = 0; index < count; index++) tabs.push(await stage.openTab())
    await stage.signIn(tabs)
    const before = stage.tokenRequests.length
    await keepCalling(tabs, { pause: PAUSE, failures: FAILURES })
    await pauseFor(lifetimes * LIFETIME * 1000)
    const outcomes = (await Promise.all(tabs.map(stopCalling))).flatMap((calls) => calls.outcomes)
    const requests = stage.tokenRequests.slice(before)
    // One by one, so that these calls cannot race each other.
    let signedOut = 0
    for (const tab of tabs) if ((await callOnce(tab)) !== 200) signedOut++
    const waves = wavesOf(requests, LIFETIME)
    return {
      name,
      tabs: count,
      tokenRequests: requests.length,
      waves,
      requestsPerLifetime: waves.reduce((sum, one) => sum + one, 0) / waves.length,
      reuses: stage.provider.counters.reuses,
      calls: outcomes.length,
      failures: outcomes.filter((outcome) => outcome !== 200).length,
      signedOut,
    }
  } finally {
    await stage.close()
  }
}
