// Elapsed time on two clocks.

import { describe, expect, test } from 'vitest'
import { instantOf, since } from '../../src/core/protocol/instant.ts'

/** A clock that is set by hand. */
const createClock = () => {
  const clock = {
    wall: 1_000,
    monotonic: 50,
    now: () => clock.wall,
    elapsed: () => clock.monotonic,
    after: () => () => {},
  }
  return clock
}

describe('elapsed time', () => {
  test.each([
    ['both clocks agree', 70, 70, 70],
    ['the wall clock went back', -500, 70, 70],
    ['the machine slept', 500, 0, 500],
    ['the wall clock was set forth', 10_000, 70, 10_000],
    ['nothing moved', 0, 0, 0],
  ])('when %s is the larger of both', (_, wall, monotonic, expected) => {
    const clock = createClock()
    const instant = instantOf(clock)
    clock.wall += wall
    clock.monotonic += monotonic
    expect(since(clock, instant)).toBe(expected)
  })
})
