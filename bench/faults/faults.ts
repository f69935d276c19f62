// The faults, in the order of the table.

import { pauseFor, promptly } from '../patience.ts'
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
/** How long the token endpoint may take where a peer has such an option, so that nobody waits for half a minute (in seconds). */
export const TIMEOUT = 2
/** In seconds. */
export const GRACE = 10

const killed: Fault = {
  title: 'killed tab: amid its refresh, the request lost with it; the other of two',
  tabs: 2,
  terms: { timeout: TIMEOUT },
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
  terms: { timeout: TIMEOUT },
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
  killed,
  frozen,
  lost,
  forgiven,
  outage,
  asleep,
  wrongClock('fast', 10 * MINUTE),
  wrongClock('slow', -10 * MINUTE),
]
