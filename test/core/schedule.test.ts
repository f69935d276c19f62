// The arithmetic of the timer, the pauses and the bounds.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { graceOf, leaseOf, SEND_WINDOW } from '../../src/core/protocol/limits.ts'
import { floorOf, leewayOf, pauseAfter, refreshDelay } from '../../src/core/protocol/schedule.ts'

const lifetimes = fc.double({ min: 1, max: 1e12, noNaN: true })
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const terms = fc.record({
  lifetime: lifetimes,
  refreshLead: fc.double({ min: 0, max: 1e9, noNaN: true }),
  random: randoms,
  spread: fc.boolean(),
  hidden: fc.boolean(),
})

interface Terms {
  readonly lifetime: number
  readonly refreshLead: number
  readonly random: number
  readonly spread: boolean
  readonly hidden: boolean
}

const delayOf = ({ lifetime, refreshLead, random, spread, hidden }: Terms): number =>
  refreshDelay(lifetime, refreshLead, random, spread, hidden)

describe('the delay of a refresh', () => {
  test('property: it lies before the expiry, and not at once', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const delay = delayOf(given)
        expect(delay).toBeGreaterThan(0)
        expect(delay).toBeLessThanOrEqual(given.lifetime)
      }),
    )
  })

  test('property: a hidden tab is never earlier than a visible one with the same chance', () => {
    fc.assert(
      fc.property(terms, (given) => {
        expect(delayOf({ ...given, hidden: true })).toBeGreaterThanOrEqual(delayOf({ ...given, hidden: false }))
      }),
    )
  })

  test('property: the lead is kept, and takes at most a quarter of the lifetime', () => {
    fc.assert(
      fc.property(terms, (given) => {
        const lead = given.lifetime - delayOf({ ...given, random: 0, hidden: false })
        const expected = Math.min(given.refreshLead, given.lifetime / 4)
        expect(Math.abs(lead - expected)).toBeLessThanOrEqual(given.lifetime * 1e-9)
      }),
    )
  })

  test('a fleet that signed in together is spread over most of the lifetime', () => {
    const base = { lifetime: 3_600_000, refreshLead: 60_000, hidden: false }
    const spread = delayOf({ ...base, random: 0.999, spread: true })
    expect(spread).toBeLessThan(base.lifetime / 4)
    const later = delayOf({ ...base, random: 0.999, spread: false })
    expect(later).toBeGreaterThan(base.lifetime * 0.9)
  })
})

describe('the pause after failures', () => {
  test('property: it lies within its bounds, and is never shorter than the server asks for', () => {
    fc.assert(
      fc.property(fc.nat(2_000), randoms, fc.nat(10_000_000), (failures, random, asked) => {
        const pause = pauseAfter(failures, random, asked)
        expect(pause).toBeGreaterThanOrEqual(200 + Math.min(asked, 3_600_000))
        expect(pause).toBeLessThanOrEqual(60_000 + 3_600_000)
      }),
    )
  })

  test('grows exponentially, with full jitter', () => {
    expect([0, 1, 2, 3].map((failures) => pauseAfter(failures, 0.5))).toEqual([500, 1_000, 2_000, 4_000])
    expect(pauseAfter(100, 0.5)).toBe(30_000)
    expect(pauseAfter(100, 0)).toBe(200)
  })
})

describe('the bounds', () => {
  test('property: a token is not sent in the last moments of its life, nor kept back for most of it', () => {
    fc.assert(
      fc.property(lifetimes, (lifetime) => {
        expect(leewayOf(lifetime)).toBeLessThanOrEqual(Math.min(2_000, lifetime / 10 + 1e-9))
      }),
    )
  })

  test('property: the floor between two refreshes lies between 1 and 5 seconds', () => {
    fc.assert(
      fc.property(fc.option(lifetimes, { nil: undefined }), (lifetime) => {
        expect(floorOf(lifetime)).toBeGreaterThanOrEqual(1_000)
        expect(floorOf(lifetime)).toBeLessThanOrEqual(5_000)
      }),
    )
  })

  test('a lease outlasts the request', () => {
    for (const timeout of [1, 30_000, 1e9]) expect(leaseOf(timeout)).toBeGreaterThan(timeout)
  })

  test('a grace outlasts a claim that is sent late and an answer that takes as long as usual', () => {
    for (const usualWait of [1, 300, 8_000]) expect(graceOf(usualWait)).toBeGreaterThan(SEND_WINDOW + usualWait)
  })
})
