/** Claiming a generation: the compare-and-swap before each refresh request. */
// Decisions (ARCHITECTURE.md): D9, D19, D54, D58.

import {
  type Change,
  type Claim,
  type Entry,
  isAskedAgain,
  isKnown,
  isNewer,
  nextEpoch,
  type Retry,
  type SignedOutReason,
  tombstone,
} from './entry.ts'

export interface ClaimTerms {
  /** What this tab knows. */
  readonly known: Pick<Entry, 'epoch' | 'generation' | 'status' | 'grant' | 'subject'>
  readonly owner: string
  /** For whom this tab wants a token; undefined for the session's own audience. */
  readonly audience?: string | undefined
  readonly now: number
  readonly resendWithin: number
  readonly holdsRefreshToken: boolean
  /** Whether the lease of the entry's attempt still lasts. */
  readonly isFresh: boolean
}

/**
 * The claim; or the end of the session; or the pause that is not over; or `again`: the session has moved on; or `wait`:
 * another tab's attempt is fresh.
 */
export type ClaimResult =
  | { readonly claim: Claim }
  | { readonly ended: Entry }
  | { readonly retry: Retry }
  | 'again'
  | 'wait'

/** Whether there is, or may be, a session in an entry that is not older than what this tab knows. */
function isOpen(found: Entry, known: ClaimTerms['known']): boolean {
  if (isNewer(found, known)) return false
  if (found.status === 'signed-in' || found.status === 'unknown') return true
  // Nobody was signed in when a tab last asked; a server may have signed somebody in since.
  return isAskedAgain(found) && known.status === 'unknown'
}

/** Gives one tab the right to spend this generation's refresh token. */
export function claim(found: Entry | undefined, terms: ClaimTerms): Change<ClaimResult> {
  const { known, owner, now } = terms
  // The ledger was deleted, or is older than what this tab knows: its refresh token is gone or spent. With a cookie the
  // session goes on.
  const isLost = !found || isNewer(known, found)
  if (!isLost && !isOpen(found, known)) {
    const isLogin = found.status === 'signing-in' && !isNewer(found, known)
    // Without the grant, a tab that adopts this entry shows the session before the login as over.
    return { result: isLogin ? { ended: { ...found, grant: undefined } } : 'again' }
  }
  // Counts on within a grant, so that an answer that is still on its way does not fit this claim.
  const generation = known.generation && known.generation + 1
  const entry: Entry = isLost ? { ...known, epoch: nextEpoch(known.epoch, now), generation } : found
  const end = (reason: SignedOutReason): Change<ClaimResult> => {
    // The attempt stays, because a login waits for the cookie that its answer may still bring.
    const ended: Entry = { ...tombstone(entry, reason, now), attempt: entry.attempt }
    return { entry: ended, result: { ended } }
  }
  if (terms.holdsRefreshToken && !entry.refreshToken) return end(isLost ? 'initial' : 'no-refresh-token')

  const { attempt, retry } = entry
  if (attempt && !attempt.doubt && terms.isFresh) return { result: 'wait' }
  if (retry && now >= retry.setAt && now < retry.at) return { result: { retry } }
  // The clock may have been set back, so the distance counts, in either direction.
  if (attempt && isKnown(entry) && Math.abs(now - attempt.firstSentAt) >= terms.resendWithin) return end('in-doubt')

  // A resend repeats the request that is in doubt, whoever it was for: a server may answer it with what it has granted
  // then. A denied one is not repeated.
  const { id, audience } = attempt && !attempt.denied ? attempt : { id: owner, audience: terms.audience }
  const mine: Claim = {
    ...entry,
    status: entry.status === 'signed-in' ? entry.status : 'unknown',
    reason: undefined,
    soft: undefined,
    attempt: {
      id,
      owner,
      audience,
      firstSentAt: attempt?.firstSentAt ?? now,
      doubt: false,
      resend: attempt !== undefined,
    },
  }
  return { entry: mine, result: { claim: mine } }
}
