/** The time limits of the protocol (in milliseconds). */

/** How long siblings are given to answer. */
export const ASKING = 100
/** How long a probe may take. */
export const PROBING = 5_000
/** How long the lock is waited for: as long as most refreshes take. */
export const LOCK_WAIT = 1_000
/** How old a claim may be when its request is sent: past it, the tab was asleep and must claim anew. */
export const SEND_WINDOW = 1_000
/** How long writing an outcome to the ledger may take. */
export const SETTLING = 5_000
/** How often the ledger is read by a tab that waits for another's attempt, should every message be lost. */
export const POLLING = 500
/** How long an owner may take to answer before it counts as gone. */
export const SILENCE = 10_000
/** How long a service worker leaves an answer to the page that is still there: a frozen one keeps its guard. */
export const PAGE_PATIENCE = 2_000

/** How long a refresh is put off by a login that is running. */
export const LOGIN_PAUSE = 5_000

/** The longest pause that callers wait out after a hiccup; chance may add a second to the one that a server asks for. */
export const BRIEF = 3_000

/** Longer than an attempt can take to send, time out and settle. */
export const leaseOf = (refreshTimeout: number): number => SEND_WINDOW + refreshTimeout + SETTLING

/** When an answer is overdue, by the usual wait for the server (700 ms before its first answer). */
export const overdueAfter = (usualWait = 700): number => Math.ceil(usualWait * 1.25)

/** How long an answer that is not overdue may take, from the moment in which another tab sees the claim. */
export const graceOf = (usualWait?: number): number => SEND_WINDOW + overdueAfter(usualWait)
