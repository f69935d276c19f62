// A fleet of clients, simulated with the library's own schedule: when does each of them ask the token endpoint?

import { pauseAfter, refreshDelay } from '../src/core/protocol/schedule.ts'

export const MINUTE = 60_000
export const LIFETIME = 15 * MINUTE
/** The library's default. */
const LEAD = MINUTE
/** From one refresh to the next where nobody is early (in milliseconds): nobody can refresh less often. */
export const LONGEST = LIFETIME - LEAD

export interface Scenario {
  readonly clients: number
  /** Without it every client takes the latest moment, and backs off in step with the others. */
  readonly hasJitter: boolean
  /** When the client signs in (in milliseconds), given its place in the fleet from 0 to 1. */
  start(place: number): number
  /** From when to when the token endpoint is down (in milliseconds). */
  readonly outage?: readonly [number, number]
  /** In milliseconds. */
  readonly until: number
}

export interface Load {
  /** Token requests in each minute, refused ones included. */
  readonly requests: Float64Array
  readonly granted: number
}

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

export function simulate({ clients, hasJitter, start, outage = [0, 0], until }: Scenario): Load {
  const random = createRandom(7)
  const [downAt, upAt] = outage
  const requests = new Float64Array(Math.ceil(until / MINUTE))
  let granted = 0
  const count = (now: number): void => {
    const minute = Math.floor(now / MINUTE)
    requests[minute] = (requests[minute] ?? 0) + 1
  }
  for (let client = 0; client < clients; client++) {
    let now = start((client + 0.5) / clients)
    let spread = true
    let failures = 0
    for (;;) {
      const draw = hasJitter ? random() : 0
      now += refreshDelay(LIFETIME, LEAD, draw, spread, false)
      while (now >= downAt && now < upAt) {
        count(now)
        now += pauseAfter(failures, hasJitter ? random() : 1)
        failures++
      }
      if (now >= until) break
      count(now)
      granted++
      spread = failures > 0
      failures = 0
    }
  }
  return { requests, granted }
}
