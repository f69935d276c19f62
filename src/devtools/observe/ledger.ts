/** Sees the ledger's transactions, in the task in which each became durable. */

import type { Attempt, Entry } from '../../core/entry/entry.ts'
import type { Cancel, Ledger } from '../../core/ports.ts'
import { type Emit, type LedgerStep, type LostAnswer, nameAttempt } from '../observation.ts'
import { patch, whenSettled } from './patch.ts'

/** Whether a login has failed: what was before it goes on, in the very next epoch. A sign-out has something to tell the server. */
function isAbandoned(before: Entry | undefined, after: Entry): boolean {
  if (before?.status !== 'signing-in' || after.epoch !== before.epoch + 1) return false
  if (after.status === 'signed-out') return after.leaving === undefined
  return before.grant !== undefined && after.grant === before.grant
}

/** What a write means; undefined for bookkeeping. */
function stepOf(before: Entry | undefined, after: Entry): LedgerStep | undefined {
  if (isAbandoned(before, after)) return 'login-failed'
  if (after.status === 'signed-out') return before?.status === 'signed-out' ? undefined : 'ended'
  if (after.status === 'signing-in') return before?.epoch === after.epoch ? undefined : 'login'
  if (after.attempt && after.attempt.owner !== before?.attempt?.owner) return 'claim'
  if (before?.epoch !== after.epoch || before.status === 'signing-in') return 'signed-in'
  if (after.generation > before.generation) return 'commit'
  if (after.attempt?.doubt && !before.attempt?.doubt) return 'doubt'
  if (before.attempt && !after.attempt) return 'release'
  return undefined
}

/** The audience of the newest token. An attempt of another tab may stand beside it. */
function obtainedBy({ obtained = {}, generation }: Entry): string | undefined {
  return Object.keys(obtained).find((audience) => obtained[audience] === generation) || undefined
}

/** Later requests of a generation may be for somebody else; and one that is given up has the mark of one that is denied. */
function howLost({ denied, doubt, resend }: Attempt): LostAnswer['how'] {
  if (resend) return 'in doubt'
  return denied ? 'denied' : doubt ? 'no answer' : 'tab gone'
}

/** Tells what a transaction has changed; `loginStatus` is that of the answer to the sign-in that has failed, if it has. */
export function seeChange(before: Entry | undefined, after: Entry, emit: Emit, loginStatus?: number): void {
  const step = stepOf(before, after)
  const { attempt, retry } = after
  // An end by `resendWithin` sends nothing and leaves the attempt.
  const isLost = step === 'claim' ? attempt?.resend : step === 'ended' && attempt && after.reason === 'in-doubt'
  const earlier = isLost ? before?.attempt : undefined
  const how = earlier && howLost(earlier)
  const named = attempt ?? before?.attempt
  if (step)
    emit({
      kind: 'ledger',
      step,
      generation: after.generation,
      audience: step === 'commit' ? obtainedBy(after) : named?.audience,
      attempt: nameAttempt(named?.id),
      isResend: attempt?.resend,
      lost: how && { sentAt: earlier.firstSentAt, how, audience: how === 'in doubt' ? undefined : earlier.audience },
      // A resend that is given up has the same mark.
      isDenial: step === 'doubt' && !attempt?.resend ? attempt?.denied : undefined,
      reason: after.reason,
      isSoft: after.soft,
      status: step === 'login-failed' ? loginStatus : undefined,
    })
  if (retry && retry.at > retry.setAt && retry.setAt !== before?.retry?.setAt)
    emit({ kind: 'pause', step: 'begun', until: retry.at })
}

/** @param loginStatus the status of the answer to a sign-in that has been read in this very task */
export function watchLedger(ledger: Ledger, loginStatus: () => number | undefined, emit: Emit): Cancel {
  return patch(ledger, 'update', (update) => (transition, overwrites) => {
    let before: Entry | undefined
    let after: Entry | undefined
    const status = loginStatus()
    const observed: typeof transition = (entry) => {
      before = entry
      const change = transition(entry)
      after = change.entry
      return change
    }
    return whenSettled(update(observed, overwrites), () => {
      if (after) seeChange(before, after, emit, status)
    })
  })
}
