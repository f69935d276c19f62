/** The bounds of the protocol (in milliseconds), and the lease that rests on them. */

import type { Clock } from '../ports.ts'

/** How long siblings are given to answer. */
export const ASKING = 100
/** How long a probe may take. */
export const PROBING = 5_000
/** How old a claim may be when its request is sent: past it, the tab was asleep and must claim anew. */
export const SEND_WINDOW = 1_000
/** How long the ledger is given to take an outcome. */
export const SETTLING = 5_000
/** How often the ledger is read by a tab that waits for another's attempt, should every message be lost. */
export const POLLING = 500

/** Longer than an attempt can take to send, time out and settle. */
export const leaseOf = (refreshTimeout: number): number => SEND_WINDOW + refreshTimeout + SETTLING

/** Longer than a live holder needs the lock: asking, probe, request and settling together. */
export const lockWaitOf = (refreshTimeout: number): number => ASKING + PROBING + leaseOf(refreshTimeout) + SEND_WINDOW

/**
 * Tells whether another tab's attempt is to be left alone: a lease, measured as this tab's own observation of an
 * unchanged owner, on the clock that cannot jump. Instants of other tabs prove nothing.
 */
export function createLease(clock: Clock, length: number): (owner: string) => boolean {
  let observed: string | undefined
  let observedAt = 0
  return (owner) => {
    if (owner !== observed) {
      observed = owner
      observedAt = clock.elapsed()
    }
    return clock.elapsed() - observedAt < length
  }
}
