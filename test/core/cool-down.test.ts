// The pause after a failed refresh.

import { describe, expect, test } from 'vitest'
import { RefreshUnavailableError } from '../../src/core/errors.ts'
import { createCoolDown } from '../../src/core/protocol/cool-down.ts'
import type { Session } from '../../src/core/protocol/session.ts'

const NOW = 1_000_000
const failure = (pause: number) => new RefreshUnavailableError(undefined, { retryAt: NOW + pause })

function createScene() {
  const clock = {
    wall: NOW,
    monotonic: 50,
    now: () => clock.wall,
    elapsed: () => clock.monotonic,
    after: () => () => {},
  }
  const session = { status: 'signed-in' as Session['status'], held: undefined as unknown }
  let tellAdopted = (): void => {}
  const on = (_: string, listener: () => void) => {
    tellAdopted = listener
    return () => {}
  }
  const coolDown = createCoolDown(clock, Object.assign(session, { on }) as unknown as Session)
  const pass = (milliseconds: number): void => {
    clock.wall += milliseconds
    clock.monotonic += milliseconds
  }
  return { clock, coolDown, pass, session, adopted: () => tellAdopted() }
}

describe('the pause after a failed refresh', () => {
  test('does not exist before the first failure', () => {
    const { coolDown } = createScene()
    expect(coolDown.rest()).toBeUndefined()
    expect(coolDown.failure()).toBeUndefined()
  })

  test('lasts until the failure says to try again', () => {
    const { coolDown, pass } = createScene()
    const error = failure(400)
    coolDown.start(error)
    pass(399)
    expect(coolDown.rest()).toBe(1)
    expect(coolDown.failure()).toBe(error)
    pass(1)
    expect(coolDown.rest()).toBe(0)
    expect(coolDown.failure()).toBeUndefined()
  })

  test('is no longer because the wall clock is set back', () => {
    const { clock, coolDown, pass } = createScene()
    coolDown.start(failure(400))
    clock.wall -= 60_000
    pass(400)
    expect(coolDown.failure()).toBeUndefined()
  })

  test('passes while the machine sleeps, when one of the clocks stands still', () => {
    const { clock, coolDown } = createScene()
    coolDown.start(failure(400))
    clock.wall += 400
    expect(coolDown.failure()).toBeUndefined()
  })

  test('starts anew with each failure', () => {
    const { clock, coolDown, pass } = createScene()
    coolDown.start(failure(400))
    pass(300)
    clock.wall -= 60_000
    const second = failure(1_300 - 60_000)
    coolDown.start(second)
    pass(999)
    expect(coolDown.failure()).toBe(second)
  })

  test('can be cut short: the next refresh is due now', () => {
    const { coolDown } = createScene()
    coolDown.start(failure(400))
    coolDown.cutShort()
    expect(coolDown.failure()).toBeUndefined()
    expect(coolDown.rest()).toBe(0)
  })

  test('is forgotten when tokens come', () => {
    const { adopted, coolDown, session } = createScene()
    coolDown.start(failure(400))
    session.held = {}
    adopted()
    expect(coolDown.rest()).toBeUndefined()
  })

  test('is over when another session comes without tokens, and a refresh is still due', () => {
    const { adopted, coolDown } = createScene()
    coolDown.start(failure(400))
    adopted()
    expect(coolDown.failure()).toBeUndefined()
    expect(coolDown.rest()).toBe(0)
  })

  test('is forgotten when the session ends', () => {
    const { adopted, coolDown, session } = createScene()
    coolDown.start(failure(400))
    session.status = 'signed-out'
    adopted()
    expect(coolDown.rest()).toBeUndefined()
  })
})
