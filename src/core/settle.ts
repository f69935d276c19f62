/** Settling a claim by its outcome: each transition is conditional on what it may change. */

import {
  type Claim,
  type Entry,
  isCurrent,
  isMine,
  nextEpoch,
  type Retry,
  type SignedOutReason,
  tombstone,
} from './ledger.ts'
import type { Change } from './ports.ts'

/** Withdraws a claim that a sign-in or sign-out has overtaken, so that nobody waits for it. */
function withdraw<Result>(entry: Entry | undefined, claim: Claim, result: Result): Change<Result> {
  if (!entry || !isMine(entry, claim)) return { result }
  // What the answer brought is discarded, so a failed login has no session to go back to.
  return { entry: { ...entry, attempt: undefined, before: undefined }, result }
}

export interface Grant {
  readonly refreshToken: string | undefined
  readonly subject: string | undefined
  /** Set when the answer was lost but the cookie jar is new. */
  readonly retry?: Retry | undefined
}

export type CommitResult =
  | { readonly kind: 'committed'; readonly entry: Entry }
  | { readonly kind: 'superseded' | 'behind' | 'wait' }

/** Records the next generation. */
export function commit(
  entry: Entry | undefined,
  claim: Claim,
  grant: Grant,
  now: number,
  isFresh: (owner: string) => boolean,
): Change<CommitResult> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, { kind: 'superseded' })
  if (entry.generation !== claim.generation) return { result: { kind: 'behind' } }
  const { attempt } = entry
  if (attempt && !isMine(entry, claim) && !attempt.doubt && isFresh(attempt.owner)) return { result: { kind: 'wait' } }
  const subject = grant.subject ?? entry.subject
  const isSameSubject = entry.subject === undefined || entry.subject === subject
  const next: Entry = {
    epoch: isSameSubject ? entry.epoch : nextEpoch(entry.epoch, now),
    generation: isSameSubject ? entry.generation + 1 : 0,
    status: 'signed-in',
    subject,
    refreshToken: grant.refreshToken ?? entry.refreshToken,
    // A resend of another tab whose answer was lost may have spent the cookie that is in the jar now.
    attempt: attempt && !isMine(entry, claim) && !claim.refreshToken ? { ...attempt, doubt: true } : undefined,
    retry: grant.retry,
  }
  return { entry: next, result: { kind: 'committed', entry: next } }
}

/** Records the server's verdict; undefined unless it ends the session. */
export function reject(
  entry: Entry | undefined,
  claim: Claim,
  reason: SignedOutReason,
  now: number,
): Change<Entry | undefined> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, undefined)
  if (!isCurrent(entry, claim) || !isMine(entry, claim)) return { result: undefined }
  // A resend that is refused was most likely spent by the request whose answer was lost: no theft.
  const cause = claim.attempt.resend ? 'in-doubt' : reason
  const ended = tombstone(entry, entry.status === 'unknown' ? 'initial' : cause, now)
  return { entry: ended, result: ended }
}

/** Takes our claim back: the server refused the request before processing it. */
export function release(entry: Entry | undefined, claim: Claim, retry: Retry): Change<undefined> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, undefined)
  if (!isMine(entry, claim)) return { result: undefined }
  const { attempt } = claim
  return {
    entry: { ...entry, attempt: attempt.resend ? { ...attempt, doubt: true } : undefined, retry },
    result: undefined,
  }
}

/** Records that no usable answer came; ends the session when the policy forbids a resend. */
export function doubt(
  entry: Entry | undefined,
  claim: Claim,
  retry: Retry,
  resendWithin: number,
): Change<Entry | undefined> {
  if (!entry || entry.epoch !== claim.epoch) return withdraw(entry, claim, undefined)
  if (!isMine(entry, claim)) return { result: undefined }
  if (resendWithin === 0) {
    const ended = tombstone(entry, 'in-doubt', retry.setAt)
    return { entry: ended, result: ended }
  }
  return { entry: { ...entry, attempt: { ...claim.attempt, doubt: true }, retry }, result: undefined }
}

/** Records tokens that came with an ordinary response; undefined if they belong to no living session or come amid a refresh. */
export function renew(entry: Entry | undefined, epoch: number, grant: Grant): Change<Entry | undefined> {
  const isLiving = entry?.epoch === epoch && entry.status === 'signed-in'
  // Whose refresh is under way brings newer tokens, unless these are the only ones of a new refresh token.
  if (!isLiving || (entry.attempt && !grant.refreshToken)) return { result: undefined }
  if (entry.subject !== undefined && grant.subject !== undefined && entry.subject !== grant.subject)
    return { result: undefined }
  const next: Entry = {
    ...entry,
    generation: entry.generation + 1,
    subject: grant.subject ?? entry.subject,
    refreshToken: grant.refreshToken ?? entry.refreshToken,
    attempt: undefined,
    retry: undefined,
  }
  return { entry: next, result: next }
}
