/** Sees timers that are armed and fire, and clocks that jump. */

import type { Cancel, Clock } from '../../core/ports.ts'
import { ASKING, LOCK_WAIT, POLLING, PROBING } from '../../core/protocol/limits.ts'
import type { Emit, TimerKind } from '../observation.ts'
import { patch } from './patch.ts'

/** The clocks of a machine drift a little (in milliseconds). */
const DRIFT = 1_000

/** Bounds have lengths of their own; what is of no such length is the next refresh. */
export function watchTimers(clock: Clock, refreshTimeout: number, emit: Emit): Cancel {
  const bounds = new Map<number, TimerKind | undefined>([
    [ASKING, undefined],
    [POLLING, undefined],
    [PROBING, 'probe time-out'],
    [refreshTimeout, 'request time-out'],
    [LOCK_WAIT, 'lock time-out'],
  ])
  return patch(clock, 'after', (after) => (delay, callback) => {
    const timer = bounds.has(delay) ? bounds.get(delay) : 'refresh'
    if (!timer) return after(delay, callback)
    const dueAt = clock.now() + delay
    let isOver = false
    const end = (step: 'fired' | 'cancelled'): void => {
      if (!isOver) emit({ kind: 'timer', step, timer, dueAt })
      isOver = true
    }
    emit({ kind: 'timer', step: 'armed', timer, dueAt })
    const cancel = after(delay, () => {
      end('fired')
      callback()
    })
    return () => {
      end('cancelled')
      cancel()
    }
  })
}

/** Returns what tells, at each look, by how much the wall clock has jumped against the other one. */
export function watchJumps(clock: Clock): () => number | undefined {
  let drift = clock.now() - clock.elapsed()
  return () => {
    const jump = clock.now() - clock.elapsed() - drift
    if (Math.abs(jump) < DRIFT) return undefined
    drift += jump
    return jump
  }
}
