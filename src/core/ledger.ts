/** The ledger's entry: the durable record that all tabs share, and the order of its marks. */

export type SignedOutReason = 'initial' | 'requested' | 'rejected' | 'reuse-detected' | 'in-doubt'

/** Identifies one refresh token of one session. */
export interface Mark {
  readonly epoch: number
  readonly generation: number
}

/** The right to spend one generation's refresh token, written before the request is sent. */
export interface Attempt {
  /** The idempotency key; a resend keeps it. */
  readonly id: string
  /** Names the claim, unlike any other. */
  readonly owner: string
  readonly firstSentAt: number
  /** No answer came, so others need not wait for the lease. */
  readonly doubt: boolean
  /** An earlier request of the same generation was never answered. */
  readonly resend: boolean
}

/** When the next attempt may be made; `setAt` shows a clock that has gone back since. */
export interface Retry {
  readonly at: number
  readonly setAt: number
  readonly failures: number
}

export interface Entry extends Mark {
  /** `unknown`: there may be a session in the cookie jar. `signing-in`: a login is running, and claims are refused. */
  readonly status: 'unknown' | 'signed-in' | 'signing-in' | 'signed-out'
  readonly reason?: SignedOutReason | undefined
  readonly subject?: string | undefined
  readonly refreshToken?: string | undefined
  readonly attempt?: Attempt | undefined
  readonly retry?: Retry | undefined
  /** The sign-outs that the server has not been told of yet. */
  readonly leaving?: readonly string[] | undefined
  /** What a failed login goes back to. */
  readonly before?: 'signed-in' | undefined
}

/** A granted claim. */
export interface Claim extends Mark {
  readonly attempt: Attempt
  readonly refreshToken: string | undefined
  /** How often refreshing has failed in a row. */
  readonly failures: number
}

export function isNewer(a: Mark, b: Mark): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.generation > b.generation)
}

/** Epochs never restart, even if the ledger was wiped. */
export function nextEpoch(previous: number, now: number): number {
  return Math.max(previous + 1, now)
}

export const isMine = (entry: Entry, claim: Claim): boolean => entry.attempt?.owner === claim.attempt.owner

/** Whether the entry still is what was claimed; sign-in and sign-out raise the epoch. */
export const isCurrent = (entry: Entry, claim: Mark): boolean =>
  entry.epoch === claim.epoch && entry.generation === claim.generation

/** Ends a session for good. */
export function tombstone(previous: Mark, reason: SignedOutReason, now: number): Entry {
  return { epoch: nextEpoch(previous.epoch, now), generation: 0, status: 'signed-out', reason }
}
