/** Sees the ledger's transactions, in the task in which each became durable. */

import type { Entry } from '../../core/entry/entry.ts'
import type { Cancel, Ledger } from '../../core/ports.ts'
import { type Emit, type LedgerStep, nameAttempt } from '../observation.ts'
import { patch, whenSettled } from './patch.ts'

/** What a write means; undefined for bookkeeping. */
function stepOf(before: Entry | undefined, after: Entry): LedgerStep | undefined {
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

/** Tells what a transaction has changed. */
export function seeChange(before: Entry | undefined, after: Entry, emit: Emit): void {
  const step = stepOf(before, after)
  const { attempt, retry } = after
  const earlier = step === 'claim' && after.attempt?.resend ? before?.attempt : undefined
  const how = earlier?.denied ? 'denied' : earlier?.doubt ? 'no answer' : 'tab gone'
  const named = attempt ?? before?.attempt
  if (step)
    emit({
      kind: 'ledger',
      step,
      generation: after.generation,
      audience: step === 'commit' ? obtainedBy(after) : named?.audience,
      attempt: nameAttempt(named?.id),
      isResend: attempt?.resend,
      lost: earlier && { sentAt: earlier.firstSentAt, how, audience: earlier.audience },
      isDenial: step === 'doubt' ? attempt?.denied : undefined,
      reason: after.reason,
      isSoft: after.soft,
    })
  if (retry && retry.at > retry.setAt && retry.setAt !== before?.retry?.setAt)
    emit({ kind: 'pause', step: 'begun', until: retry.at })
}

export function watchLedger(ledger: Ledger, emit: Emit): Cancel {
  return patch(ledger, 'update', (update) => (transition, overwrites) => {
    let before: Entry | undefined
    let after: Entry | undefined
    const observed: typeof transition = (entry) => {
      before = entry
      const change = transition(entry)
      after = change.entry
      return change
    }
    return whenSettled(update(observed, overwrites), () => {
      if (after) seeChange(before, after, emit)
    })
  })
}
