// A fleet of a million clients, simulated with the library's own schedule: how evenly does the token endpoint's load fall?

import { writeFileSync } from 'node:fs'
import { pauseAfter, refreshDelay } from '../src/core/schedule.ts'

const MINUTE = 60_000
const LIFETIME = 15 * MINUTE
const LEAD = MINUTE
const DAY = 24 * 60 * MINUTE
const BIN = MINUTE

const clients = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 1_000_000)

/** A small generator, so that a run can be repeated. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface Scenario {
  readonly name: string
  readonly jitter: boolean
  /** When the client signs in or wakes (in milliseconds). */
  start(random: number): number
  readonly outage?: readonly [number, number]
  readonly until: number
}

interface Load {
  readonly requests: Float64Array
  readonly granted: number
}

function run(scenario: Scenario): Load {
  const random = createRandom(7)
  const requests = new Float64Array(Math.ceil(scenario.until / BIN))
  let granted = 0
  const count = (now: number): void => {
    const bin = Math.floor(now / BIN)
    requests[bin] = (requests[bin] ?? 0) + 1
  }
  for (let client = 0; client < clients; client++) {
    let now = scenario.start(random())
    let spread = true
    let failures = 0
    for (;;) {
      const draw = scenario.jitter ? random() : 0
      now += refreshDelay({ lifetime: LIFETIME, refreshLead: LEAD, random: draw, spread, hidden: false })
      while (scenario.outage && now >= scenario.outage[0] && now < scenario.outage[1]) {
        count(now)
        now += scenario.jitter ? pauseAfter(failures, random()) : 1_000 * 2 ** Math.min(failures, 6)
        failures++
      }
      if (now >= scenario.until) break
      count(now)
      granted++
      spread = failures > 0
      failures = 0
    }
  }
  return { requests, granted }
}

/** Peak over mean from `from` to `to` (in milliseconds). */
function peakOverMean(requests: Float64Array, from: number, to: number): number {
  const window = requests.subarray(Math.floor(from / BIN), Math.floor(to / BIN))
  return Math.max(...window) / (window.reduce((sum, one) => sum + one, 0) / window.length)
}

const outage = [6 * 60 * MINUTE, 6 * 60 * MINUTE + 10 * MINUTE] as const
const afterDeploy = (random: number): number => random * MINUTE
const rows: Record<string, string | number>[] = []
for (const jitter of [false, true]) {
  const deploy = run({ name: 'deploy', jitter, start: afterDeploy, until: DAY })
  const down = run({ name: 'outage', jitter, start: afterDeploy, outage, until: DAY })
  // 40 % wake within 20 minutes and refresh at once; the others are at work already.
  const morning = run({
    name: 'morning',
    jitter,
    start: (random) =>
      random < 0.4 ? 120 * MINUTE + (random / 0.4) * 20 * MINUTE - LIFETIME : (random - 0.4) * 25 * MINUTE,
    until: 8 * 60 * MINUTE,
  })
  const ideal = (DAY / (LIFETIME - LEAD)) * clients
  const normal = [...down.requests].findIndex((load, bin) => {
    const mean = ideal / (DAY / BIN)
    return bin * BIN >= outage[1] && Math.max(...down.requests.subarray(bin, bin + 14)) <= mean * 1.3 && load > 0
  })
  rows.push({
    schedule: jitter ? 'authfetch' : 'no jitter',
    'peak/mean two lifetimes after a deploy': Number(peakOverMean(deploy.requests, 2 * LIFETIME, DAY).toFixed(2)),
    'peak/mean from 20 min after an outage': Number(
      peakOverMean(down.requests, outage[1] + 20 * MINUTE, DAY).toFixed(2),
    ),
    'peak in the outage and just after, over the mean': Number(peakOverMean(down.requests, outage[0], DAY).toFixed(2)),
    'min to normal after the outage': normal < 0 ? 'never' : Math.round((normal * BIN - outage[1]) / MINUTE),
    'peak/mean after a laptop morning': Number(
      peakOverMean(morning.requests, 180 * MINUTE, 8 * 60 * MINUTE).toFixed(2),
    ),
    'refreshes against the least possible': `+${((deploy.granted / ideal - 1) * 100).toFixed(1)} %`,
  })
}
console.table(Object.fromEntries(rows.map(({ schedule, ...rest }) => [schedule, rest])))
writeFileSync(new URL('./results/fleet.json', import.meta.url), `${JSON.stringify({ clients, rows }, null, 2)}\n`)
