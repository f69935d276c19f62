// What a fault is, and how it is played with one peer: sign in, let it happen, see who works afterwards.

import type { Browser, Tab } from '../../test/support/browser/driver.ts'
import { BOUND, pauseFor, promptly, within } from '../patience.ts'
import type { Patient, SessionName } from '../peers/sessions/page.ts'
import { callUntil, keepCalling, openStage, type Stage, type StageTerms, stopCalling } from '../stage.ts'

/** Of access tokens (in seconds). */
export const LIFETIME = 4
/** From an answer to the next call (in milliseconds). */
export const PAUSE = 400
/** Unless a fault says otherwise (in milliseconds). */
export const PATIENCE = 30_000

export interface Scene {
  readonly stage: Stage
  readonly tabs: readonly Tab[]
  readonly isQuick: boolean
}

export interface Aftermath {
  /** The tabs that are to work. */
  readonly living: readonly Tab[]
  /** The longest time that one of them in use was without an answer of 200 (in milliseconds). @default 0 */
  readonly gap?: number
}

export interface Fault {
  readonly title: string
  readonly tabs: number
  /** Tabs freeze. @default false */
  readonly freezes?: boolean
  readonly terms?: Partial<Omit<StageTerms, 'name' | 'lifetime'>>
  /** Lets it happen and pass, and ends when tokens of before it have expired. */
  play(scene: Scene): Promise<Aftermath>
  /** How soon afterwards a call must be answered, tried once a second (in milliseconds). @default PATIENCE */
  readonly patience?: number
  /** What is worth saying beside who works. */
  tell?(ending: Ending): string
}

export interface Ending {
  readonly name: SessionName
  readonly outcomes: readonly Patient[]
  /** Why the sessions ended, where the peer says so. */
  readonly reasons: readonly string[]
  readonly gap: number
  readonly reuses: number
  /** While the fault was played. */
  readonly tokenRequests: Stage['tokenRequests']
}

export async function meet(browser: Browser, fault: Fault, name: SessionName, isQuick: boolean): Promise<Ending> {
  const stage = await openStage(browser, { ...fault.terms, name, lifetime: LIFETIME })
  try {
    const tabs: Tab[] = []
    for (let index = 0; index < fault.tabs; index++) tabs.push(await stage.openTab())
    await stage.signIn(tabs)
    const before = stage.tokenRequests.length
    const { living, gap = 0 } = await fault.play({ stage, tabs, isQuick })
    const tokenRequests = stage.tokenRequests.slice(before)
    const outcomes = await Promise.all(
      living.map((tab) => callUntil(tab, isQuick ? 5_000 : (fault.patience ?? PATIENCE))),
    )
    const reasons = await Promise.all(
      living.map((tab) =>
        within(
          tab.evaluate(() => bench.reason()),
          BOUND,
          undefined,
        ),
      ),
    )
    return {
      name,
      outcomes,
      reasons: [...new Set(reasons.filter((reason) => reason !== undefined))],
      gap,
      reuses: stage.provider.counters.reuses,
      tokenRequests,
    }
  } finally {
    await stage.close()
  }
}

/** Starts a refresh. Where only a 401 does, the API refuses the tokens of so far. */
export async function startRefresh({ provider }: Stage, tab: Tab): Promise<void> {
  if (!(await tab.evaluate(() => bench.canRefresh()))) provider.refuseIssuedTokens()
  await tab.evaluate(() => bench.startRefresh())
}

/** Starts a refresh, whose request is on its way and will be lost; `release` loses it. */
export async function loseRefresh(stage: Stage, tab: Tab): Promise<() => void> {
  const gate = stage.provider.hold('before')
  stage.provider.loseNextRequests(1)
  await startRefresh(stage, tab)
  await promptly(gate.arrived(), 'no refresh arrived')
  return () => gate.release()
}

/**
 * The tabs are used for so many lifetimes and the server's leeway, so that no token of before is good any more.
 * Resolves with the longest time without an answer of 200 (in milliseconds).
 */
export async function liveOn(tabs: readonly Tab[], lifetimes: number): Promise<number> {
  await keepCalling(tabs, { pause: PAUSE })
  await pauseFor(lifetimes * LIFETIME * 1_000 + 2_000)
  return Math.max(...(await Promise.all(tabs.map(stopCalling))).map(({ gap }) => gap))
}
