/** The lease: how long another tab's attempt is left alone. */

import type { Clock } from '../ports.ts'

export interface Lease {
  /**
   * Remembers since when the ledger shows this owner of an attempt, and tells whether its lease still lasts. This tab
   * measures it by itself, on the clock that cannot jump: instants of other tabs prove nothing.
   */
  observe(owner: string | undefined): boolean
}

/** @param length in milliseconds */
export function createLease(clock: Clock, length: number): Lease {
  let observed: string | undefined
  let observedAt = 0
  return {
    observe(owner) {
      if (owner !== observed) {
        observed = owner
        observedAt = clock.elapsed()
      }
      return clock.elapsed() - observedAt < length
    },
  }
}
