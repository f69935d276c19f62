/** Settling a claim by its outcome: each transition is conditional on what it may change. */

import {
  type Change,
  type Claim,
  type Entry,
  isMine,
  type Kept,
  living,
  nextEpoch,
  type Retry,
  type SignedOutReason,
  tombstone,
  write,
} from './entry.ts'

/** Withdraws a claim that a sign-in or sign-out has overtaken, so that nobody waits for it. */
function withdraw<Result>(entry: Entry | undefined, claim: Claim, result: Result): Change<Result> {
  if (!entry || !isMine(entry, claim)) return { result }
  // What the answer brought is discarded, so a failed login has no session to go back to.
  return { entry: { ...entry, attempt: undefined, before: undefined }, result }
}

/** The next generation; without a new refresh token or subject, those before stay. */
function advance(entry: Entry, { refreshToken = entry.refreshToken, subject = entry.subject }: Partial<Kept>): Entry {
  return living(entry.epoch, entry.generation + 1, { refreshToken, subject })
}

const isOther = (entry: Entry, subject: string | undefined): boolean =>
  entry.subject !== undefined && subject !== undefined && entry.subject !== subject

/** What a commit records; `retry` is set when the answer was lost but the cookie jar is new. */
export interface Grant extends Partial<Kept> {
  /** How long the server took (in milliseconds). */
  readonly wait: number
  readonly retry?: Retry | undefined
}

/** Records the next generation. */
export function commit(
  entry: Entry | undefined,
  claim: Claim,
  grant: Grant,
  now: number,
  /** Whether the lease of the entry's attempt still lasts. */
  isFresh: boolean,
): Change<Entry | 'superseded' | 'behind' | 'wait'> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, 'superseded')
  if (entry.generation !== claim.generation) return { result: 'behind' }
  const others = isMine(entry, claim) ? undefined : entry.attempt
  if (others && !others.doubt && isFresh) return { result: 'wait' }
  const next = advance(entry, grant)
  return write({
    ...next,
    // Another user's cookie has come: a session of its own.
    ...(isOther(entry, next.subject) && { epoch: nextEpoch(entry.epoch, now), generation: 0 }),
    // A resend of another tab whose answer was lost may have spent the cookie that is in the jar now.
    attempt: others && !claim.refreshToken ? { ...others, doubt: true } : undefined,
    retry: grant.retry,
    // Of late answers the longest counts, and is forgotten by and by.
    usualWait: Math.max(grant.wait, ((entry.usualWait ?? 0) + grant.wait) / 2),
  })
}

/** Marks an answer that takes longer than usual, for whoever sees its tab go. */
export function delay(entry: Entry | undefined, claim: Claim): Change<void> {
  if (!entry || !isMine(entry, claim)) return { result: undefined }
  return { entry: { ...entry, attempt: { ...claim.attempt, overdue: true } }, result: undefined }
}

/** Records the server's verdict; undefined unless it ends the session. */
export function reject(
  entry: Entry | undefined,
  claim: Claim,
  reason: SignedOutReason,
  now: number,
): Change<Entry | undefined> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, undefined)
  if (entry.generation !== claim.generation || !isMine(entry, claim)) return { result: undefined }
  // A resend that is refused was most likely spent by the request whose answer was lost: no theft.
  const cause = claim.attempt.resend ? 'in-doubt' : reason
  return write(tombstone(entry, entry.status === 'unknown' ? 'initial' : cause, now))
}

/**
 * Leaves the session for a later refresh. A claim that the server refused before processing is taken back; one without a
 * usable answer is in doubt, which ends the session when the policy forbids a resend.
 */
export function postpone(
  entry: Entry | undefined,
  claim: Claim,
  retry: Retry,
  isRefused: boolean,
  resendWithin: number,
): Change<Entry | undefined> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, undefined)
  if (!isMine(entry, claim)) return { result: undefined }
  if (!isRefused && resendWithin === 0) return write(tombstone(entry, 'in-doubt', retry.setAt))
  const attempt = isRefused && !claim.attempt.resend ? undefined : { ...claim.attempt, doubt: true }
  return { entry: { ...entry, attempt, retry }, result: undefined }
}

/** Records tokens that came with an ordinary response; undefined if they belong to no living session or come amid a refresh. */
export function renew(entry: Entry | undefined, epoch: number, kept: Kept): Change<Entry | undefined> {
  const isLiving = entry?.epoch === epoch && entry.status === 'signed-in'
  // Whose refresh is under way brings newer tokens, unless these are the only ones of a new refresh token.
  const isTaken = isLiving && (!entry.attempt || kept.refreshToken) && !isOther(entry, kept.subject)
  return isTaken ? write(advance(entry, kept)) : { result: undefined }
}
