// Sees the client's timers: its own clock, with an eye on what is armed.

import type { AuthClientOptions } from 'authfetch'
import { ASKING, LOCK_WAIT, POLLING, PROBING } from '../../../src/core/protocol/limits.ts'
import { createClock } from '../../../src/platform/clock.ts'
import { now } from '../time.ts'
import type { Emit, TimerKind } from './observation.ts'

type Clock = NonNullable<NonNullable<AuthClientOptions['platform']>['clock']>

/** Bounds have lengths of their own; what is of no such length is the next refresh. */
export function observeTimers(refreshTimeout: number, emit: Emit): Clock {
  const clock = createClock()
  const bounds = new Map<number, TimerKind | undefined>([
    [ASKING, undefined],
    [POLLING, undefined],
    [PROBING, 'probe time-out'],
    [refreshTimeout, 'request time-out'],
    [LOCK_WAIT, 'lock time-out'],
  ])
  return {
    ...clock,
    after(delay, callback) {
      const timer = bounds.has(delay) ? bounds.get(delay) : 'refresh'
      if (!timer) return clock.after(delay, callback)
      const dueAt = now() + delay
      let isOver = false
      const end = (step: 'fired' | 'cancelled'): void => {
        if (!isOver) emit({ kind: 'timer', step, timer, dueAt })
        isOver = true
      }
      emit({ kind: 'timer', step: 'armed', timer, dueAt })
      const cancel = clock.after(delay, () => {
        end('fired')
        callback()
      })
      return () => {
        end('cancelled')
        cancel()
      }
    },
  }
}
