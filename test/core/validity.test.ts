// Whether tokens may still be sent.

import { describe, expect, test } from 'vitest'
import { createValidity } from '../../src/core/protocol/validity.ts'
import type { Held } from '../../src/core/protocol/view.ts'

function createScene(lifetime: number | undefined = 60_000) {
  const clock = {
    wall: 1_000_000,
    monotonic: 50,
    readings: 0,
    now: () => clock.wall,
    elapsed() {
      clock.readings += 1
      return clock.monotonic
    },
    after: () => () => {},
  }
  const held = { lifetime, receivedAt: { now: clock.wall, elapsed: clock.monotonic } } as Held
  const pass = (milliseconds: number): void => {
    clock.wall += milliseconds
    clock.monotonic += milliseconds
  }
  return { clock, held, isValid: createValidity(clock), pass }
}

describe('tokens may be sent', () => {
  test('until shortly before they expire', () => {
    const { held, isValid, pass } = createScene()
    pass(57_999)
    expect(isValid(held, 0)).toBe(true)
    pass(1)
    expect(isValid(held, 0)).toBe(false)
  })

  test('until a tenth of a short lifetime is left', () => {
    const { held, isValid, pass } = createScene(10_000)
    pass(8_999)
    expect(isValid(held, 0)).toBe(true)
    pass(1)
    expect(isValid(held, 0)).toBe(false)
  })

  test('only while they last as long as the caller asks', () => {
    const { held, isValid, pass } = createScene()
    pass(29_999)
    expect(isValid(held, 30_000)).toBe(true)
    pass(1)
    expect(isValid(held, 30_000)).toBe(false)
    expect(isValid(held, 0)).toBe(true)
  })

  test('for ever when nothing tells their lifetime', () => {
    const { held, isValid, pass } = createScene()
    pass(1e9)
    expect(isValid({ ...held, lifetime: undefined }, 30_000)).toBe(true)
  })

  test('as long as both clocks allow it', () => {
    const slept = createScene()
    slept.clock.wall += 58_000
    expect(slept.isValid(slept.held, 0)).toBe(false)
    const setBack = createScene()
    setBack.clock.wall -= 1e6
    setBack.clock.monotonic += 58_000
    expect(setBack.isValid(setBack.held, 0)).toBe(false)
  })
})

describe('a burst of calls', () => {
  test('reads the second clock once in half a second', () => {
    const { clock, held, isValid, pass } = createScene()
    isValid(held, 0)
    pass(499)
    isValid(held, 0)
    expect(clock.readings).toBe(1)
    pass(1)
    isValid(held, 0)
    expect(clock.readings).toBe(2)
  })

  test('sees an expiry within that half second', () => {
    const { held, isValid, pass } = createScene()
    pass(57_900)
    expect(isValid(held, 0)).toBe(true)
    pass(100)
    expect(isValid(held, 0)).toBe(false)
  })

  test('reads both clocks for tokens that it has not seen', () => {
    const { held, isValid, pass } = createScene()
    isValid(held, 0)
    pass(10)
    expect(isValid({ ...held, lifetime: 5 }, 0)).toBe(false)
  })

  test('reads both clocks when the wall clock has gone back', () => {
    const { clock, held, isValid } = createScene()
    isValid(held, 0)
    clock.wall -= 1
    clock.monotonic += 58_000
    expect(isValid(held, 0)).toBe(false)
  })

  test('reads both clocks for a caller who asks for more than now', () => {
    const { clock, held, isValid } = createScene()
    isValid(held, 0)
    clock.monotonic += 40_000
    expect(isValid(held, 30_000)).toBe(false)
  })
})
