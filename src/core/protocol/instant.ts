/** Instants on two clocks, of which one may jump and the other may stand still. */

import type { Clock } from '../ports.ts'

/** An instant on both clocks (in milliseconds). */
export interface Instant {
  readonly now: number
  readonly elapsed: number
}

export function instantOf(clock: Clock): Instant {
  return { now: clock.now(), elapsed: clock.elapsed() }
}

/** The time since an instant (in milliseconds): the larger of what the two clocks say. */
export function since(clock: Clock, instant: Instant): number {
  return Math.max(clock.now() - instant.now, clock.elapsed() - instant.elapsed, 0)
}
