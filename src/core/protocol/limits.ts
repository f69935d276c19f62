/** The bounds of the protocol (in milliseconds). */

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

/** The longest pause that callers wait out after a hiccup. */
export const BRIEF = 3_000

/** Longer than an attempt can take to send, time out and settle. */
export const leaseOf = (refreshTimeout: number): number => SEND_WINDOW + refreshTimeout + SETTLING

/** Longer than a live holder needs the lock: asking, probe, request and settling together. */
export const lockWaitOf = (refreshTimeout: number): number => ASKING + PROBING + leaseOf(refreshTimeout) + SEND_WINDOW
