// The faults, in the order of the table.

import type { Tab } from '../../test/support/browser/driver.ts'
import { pauseFor, promptly, until } from '../patience.ts'
import { keepCalling, stopCalling } from '../stage.ts'
import { digits } from '../statistics.ts'
import { wavesOf } from '../tabs/lifetimes.ts'
import {
  type Aftermath,
  type Ending,
  type Fault,
  LIFETIME,
  liveOn,
  loseRefresh,
  PAUSE,
  type Scene,
  startRefresh,
} from './fault.ts'

const MINUTE = 60_000
/** Longer than the longest pause between two attempts of anybody (in milliseconds). */
export const LONG_PATIENCE = 70_000
/** In seconds. */
export const GRACE = 10

/** How long an answer takes that a page does not live to see (in milliseconds). */
const LATENCY = 1_000

/** A page leaves amid its refresh, at a server with a grace; `leave` resolves with the tabs that are to work. */
const leaving = (
  title: string,
  tabs: number,
  leave: (tabs: readonly Tab[], url: string) => Promise<readonly Tab[]>,
): Fault => ({
  title: `${title}, server that lets a token be spent again for ${GRACE} s`,
  tabs,
  terms: { grace: GRACE },
  async play({ stage, tabs }) {
    const [first] = tabs
    if (!first) return { living: [] }
    const before = stage.tokenRequests.length
    stage.provider.delayNextAnswers(1, LATENCY)
    await startRefresh(stage, first)
    await promptly(
      until(() => stage.tokenRequests.length > before),
      'no refresh arrived',
    )
    const living = await promptly(leave(tabs, stage.away), 'the page did not leave')
    return { living, gap: await liveOn(living, 2) }
  },
})

async function restart(tab: Tab): Promise<void> {
  await tab.reload()
  // Whoever loses its session by that works no more, and the calls show it.
  await tab.evaluate(() => bench.start()).catch(() => {})
}

const reloaded = leaving('reload amid a refresh; one tab', 1, async ([tab]) => {
  if (!tab) return []
  await restart(tab)
  return [tab]
})

const reloadedTwice = leaving('reload amid a refresh, and again amid the next; one tab', 1, async ([tab]) => {
  if (!tab) return []
  await tab.reload()
  await tab.evaluate(() => void bench.start().catch(() => {}))
  await restart(tab)
  return [tab]
})

const closed = leaving('close amid a refresh; the other of two', 2, async ([first, ...others]) => {
  await first?.close()
  return others
})

const gone = leaving(
  'another page amid a refresh (back/forward cache); the other of two',
  2,
  async ([first, ...others], url) => {
    await first?.goto(url)
    return others
  },
)

const killed: Fault = {
  title: 'killed tab: amid its refresh, the request lost with it; the other of two',
  tabs: 2,
  async play({ stage, tabs: [first, ...others] }) {
    if (!first) return { living: [] }
    const release = await loseRefresh(stage, first)
    await promptly(first.crash(), 'the tab did not crash')
    release()
    return { living: others, gap: await liveOn(others, 2) }
  },
}

const frozen: Fault = {
  title: 'frozen tab: amid its refresh, whose request is lost, for two lifetimes; both of two',
  tabs: 2,
  freezes: true,
  async play({ stage, tabs }) {
    const [first, ...others] = tabs
    if (!first) return { living: [] }
    const release = await loseRefresh(stage, first)
    await promptly(first.freeze(), 'the tab did not freeze')
    release()
    const gap = await liveOn(others, 2)
    await promptly(first.thaw(), 'the tab did not thaw')
    return { living: tabs, gap: Math.max(gap, await liveOn(tabs, 1)) }
  },
}

async function loseAnswer({ stage, tabs }: Scene): Promise<Aftermath> {
  const [first] = tabs
  if (!first) return { living: [] }
  // Held behind the commit, so that it is known when the answer is lost.
  const gate = stage.provider.hold('after')
  stage.provider.loseNextAnswers(1)
  await startRefresh(stage, first)
  await promptly(gate.arrived(), 'no refresh arrived')
  gate.release()
  return { living: tabs, gap: await liveOn(tabs, 1) }
}

const lost: Fault = {
  title: 'lost answer, strict server; one tab',
  tabs: 1,
  play: loseAnswer,
}

const forgiven: Fault = {
  title: `lost answer, server that lets a token be spent again for ${GRACE} s; one tab`,
  tabs: 1,
  terms: { grace: GRACE },
  play: loseAnswer,
}

const outage: Fault = {
  title: '503 of the token endpoint for a minute; one tab',
  tabs: 1,
  patience: LONG_PATIENCE,
  async play({ stage, tabs, isQuick }) {
    const { end } = stage.provider.fail(503)
    await keepCalling(tabs, { pause: PAUSE })
    await pauseFor(isQuick ? MINUTE / 6 : MINUTE)
    await Promise.all(tabs.map(stopCalling))
    end()
    return { living: tabs }
  },
  tell: ({ tokenRequests }) => `${tokenRequests.length} token requests`,
}

const asleep: Fault = {
  title: 'wake from a sleep past the expiry; five tabs at once',
  tabs: 5,
  freezes: true,
  async play({ tabs }) {
    await keepCalling(tabs, { pause: PAUSE })
    await promptly(Promise.all(tabs.map((tab) => tab.freeze())), 'the tabs did not freeze')
    await pauseFor(LIFETIME * 1_000 + 2_000)
    await promptly(Promise.all(tabs.map((tab) => tab.thaw())), 'the tabs did not thaw')
    await pauseFor(LIFETIME * 1_000)
    await Promise.all(tabs.map(stopCalling))
    return { living: tabs }
  },
}

function tellLifetimes({ tokenRequests }: Ending): string {
  const waves = wavesOf(tokenRequests, LIFETIME)
  return `${digits(waves.reduce((sum, one) => sum + one, 0) / waves.length)} requests a lifetime`
}

const wrongClock = (how: string, clockShift: number): Fault => ({
  title: `clock 10 minutes ${how}; one tab`,
  tabs: 1,
  terms: { clockShift },
  async play({ tabs }) {
    return { living: tabs, gap: await liveOn(tabs, 2) }
  },
  tell: tellLifetimes,
})

export const FAULTS: readonly Fault[] = [
  reloaded,
  reloadedTwice,
  closed,
  gone,
  killed,
  frozen,
  lost,
  forgiven,
  outage,
  asleep,
  wrongClock('fast', 10 * MINUTE),
  wrongClock('slow', -10 * MINUTE),
]
