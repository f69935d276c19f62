/** Writing the outcome of a claim. Each transition first checks that the entry is still the one it may change. */
// Decisions (ARCHITECTURE.md): D2, D3, D5, D11, D19.

import {
  type Change,
  type Claim,
  type Entry,
  grantOf,
  isKnown,
  isMine,
  type Kept,
  living,
  nextEpoch,
  type Retry,
  type Setback,
  type SignedOutReason,
  tombstone,
  write,
} from './entry.ts'

/** Whether an entry lives on the grant that was claimed, or goes back to it if the login that is running fails. */
const isOfGrant = (entry: Entry | undefined, claim: Claim): entry is Entry =>
  entry !== undefined && grantOf(entry) === grantOf(claim)

const isNewest = (entry: Entry, claim: Claim): boolean =>
  isOfGrant(entry, claim) && entry.generation === claim.generation

/**
 * Takes our claim back, so that nobody waits for it. After a verdict on the newest refresh token, a login that is running
 * and fails has nothing to go back to.
 */
function withdraw<Result>(entry: Entry | undefined, claim: Claim, result: Result): Change<Result> {
  if (!isMine(entry, claim)) return { result }
  return { entry: { ...entry, attempt: undefined, grant: isNewest(entry, claim) ? undefined : entry.grant }, result }
}

/** Ends the session, if the claim is of its newest refresh token and no login runs; the next start needs what is `kept`. */
function end(
  entry: Entry,
  claim: Claim,
  reason: SignedOutReason,
  now: number,
  kept?: Partial<Entry>,
): Change<Entry | undefined> {
  if (!isNewest(entry, claim) || entry.status === 'signing-in') return withdraw(entry, claim, undefined)
  return write({ ...tombstone(entry, reason, now), ...kept })
}

/** The next generation, which brings tokens of one audience; what is not new stays. */
function advance(entry: Entry, kept: Kept, audience = ''): Entry {
  // Another audience may know the user by another subject (OpenID Connect Core 1.0 section 8.1).
  const news = audience ? { ...kept, subject: undefined, kept: undefined } : kept
  const given = Object.entries(news).filter(([, value]) => value !== undefined)
  const generation = entry.generation + 1
  const obtained =
    entry.obtained || audience ? { '': entry.generation, ...entry.obtained, [audience]: generation } : undefined
  return living({ ...entry, ...Object.fromEntries(given), generation, obtained })
}

const isOther = (entry: Entry, subject: string | undefined): boolean =>
  entry.subject !== undefined && subject !== undefined && entry.subject !== subject

/** What a commit records; `retry` is set when the answer was lost but the cookie jar is new. */
export interface Grant extends Kept {
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
  const { refreshToken } = grant
  // A service worker has written this very answer: it is neither late nor to be revoked.
  if (refreshToken && refreshToken !== claim.refreshToken && refreshToken === entry?.refreshToken)
    return { result: entry }
  if (!isOfGrant(entry, claim)) return withdraw(entry, claim, 'superseded')
  if (entry.generation !== claim.generation) return withdraw(entry, claim, 'behind')
  const others = isMine(entry, claim) ? undefined : entry.attempt
  if (others && !others.doubt && isFresh) return { result: 'wait' }
  const next = advance(entry, grant, claim.attempt.audience)
  return write<Entry>({
    ...next,
    ...(entry.status === 'signing-in'
      ? { status: entry.status }
      : // Another user's cookie has come: a session of its own.
        isOther(entry, next.subject) && {
          epoch: nextEpoch(entry.epoch, now),
          generation: 0,
          grant: undefined,
          obtained: undefined,
        }),
    // A resend of another tab may have spent the cookie that is in the jar now. And its answer may still bring a cookie,
    // for which a login waits (D19).
    attempt: claim.refreshToken ? undefined : others,
    retry: grant.retry,
    // A longer wait counts at once; shorter ones lower it step by step.
    usualWait: Math.max(grant.wait, ((entry.usualWait ?? 0) + grant.wait) / 2),
  })
}

/** Marks an answer that takes longer than usual, so that other tabs wait for the whole lease even if this one goes. */
export function delay(entry: Entry | undefined, claim: Claim): Change<void> {
  if (!isMine(entry, claim)) return { result: undefined }
  return { entry: { ...entry, attempt: { ...entry.attempt, overdue: true } }, result: undefined }
}

/** Records the server's verdict; undefined unless it ends the session. */
export function reject(
  entry: Entry | undefined,
  claim: Claim,
  reason: SignedOutReason,
  now: number,
): Change<Entry | undefined> {
  if (!isMine(entry, claim)) return { result: undefined }
  // It is no theft if a resend is refused: the first request has most likely spent the token, and its answer was lost.
  const cause = claim.attempt.resend ? 'in-doubt' : reason
  return end(entry, claim, entry.status === 'unknown' ? 'initial' : cause, now)
}

/**
 * Leaves the session for a later refresh, or for one at once (`again`). A claim that was never sent, or that the server
 * refused before processing, is taken back; one without a usable answer is in doubt, which ends the session when the
 * policy forbids a resend.
 */
export function postpone(
  entry: Entry | undefined,
  claim: Claim,
  retry: Retry | undefined,
  { kind, refusal, isStale, rotated, bound, isDenial, isGivenUp }: Setback,
  resendWithin: number,
): Change<Entry | 'again' | undefined> {
  if (!isMine(entry, claim)) return { result: undefined }
  const { resend } = claim.attempt
  const now = retry?.setAt ?? 0
  const refusals = entry.retry?.refusals ?? 0
  const isFirst = isStale && refusals === 0
  if (refusal && !isFirst && entry.status === 'unknown') return end(entry, claim, 'initial', now)
  if (refusal === 'no' && refusals === 2) {
    // No verdict, so the next start asks once more with what is kept. Not after a resend: a soft end does not keep the
    // time of the first request, by which `resendWithin` is measured.
    if (resend) return end(entry, claim, 'in-doubt', now)
    const { refreshToken, kept, bound: key } = entry
    return end(entry, claim, 'rejected', now, { soft: true, refreshToken, kept, bound: key })
  }
  if (kind === 'doubt' && resendWithin === 0 && isKnown(entry)) return end(entry, claim, 'in-doubt', now)
  const counted = refusal === 'no' && !isFirst ? 2 : isStale ? 1 : undefined
  const next =
    rotated && isNewest(entry, claim)
      ? { ...advance(entry, rotated, claim.attempt.audience), status: entry.status }
      : entry
  return {
    entry: {
      ...next,
      // After a sign-out the entry has no key, and gets none.
      bound: next.bound && (bound ?? next.bound),
      attempt:
        kind === 'refused' && !resend ? undefined : { ...claim.attempt, doubt: true, denied: isDenial || isGivenUp },
      retry: retry && refusal ? { ...retry, at: isFirst ? now : retry.at, refusals: counted } : retry,
    },
    result: isFirst ? 'again' : undefined,
  }
}

/** Records tokens that came with an ordinary response; undefined if they belong to no living session or come during a refresh. */
export function renew(entry: Entry | undefined, epoch: number, kept: Kept): Change<Entry | undefined> {
  const isLiving = entry?.epoch === epoch && entry.status === 'signed-in'
  // A refresh that is under way will bring newer tokens; but a new refresh token must never be lost.
  const isTaken = isLiving && (!entry.attempt || kept.refreshToken) && !isOther(entry, kept.subject)
  return isTaken ? write(advance(entry, kept)) : { result: undefined }
}
