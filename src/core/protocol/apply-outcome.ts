/** Writes the outcome of a request to the ledger, then tells this tab and the others. */
// Decisions (ARCHITECTURE.md): D23.

import { attemptsOf, type Claim, type Retry } from '../entry/entry.ts'
import { commit, postpone, reject } from '../entry/outcome-transitions.ts'
import { AuthError, RefreshUnavailableError } from '../errors.ts'
import type { Outcome } from '../responses/outcome.ts'
import { keep } from '../responses/tokens.ts'
import type { ClaimedOutcome, Context, Step } from './context.ts'
import { BRIEF } from './limits.ts'
import { pauseAfter } from './schedule.ts'

/** Writes an outcome; throws a {@link RefreshUnavailableError} if it brings no new token and does not end the session. */
export type ApplyOutcome = (answer: ClaimedOutcome) => Promise<Step>

export function createApplyOutcome(context: Context): ApplyOutcome {
  const { clock, random, transport, resendWithin, session, siblings, lease, persist } = context
  let isWarned = false

  /** Once: whoever sets a server up looks at the console first. */
  function warn(message: string): void {
    if (!isWarned) context.warn(message)
    isWarned = true
  }

  async function grant(
    { claim, receivedAt, wait }: ClaimedOutcome,
    { tokens, bound }: Extract<Outcome, { kind: 'granted' }>,
    failures: number,
  ): Promise<Step> {
    if (!tokens && failures) warn('the body of the answer was lost, or had been read: there is no access token')
    // If the body is lost again and again, the pauses grow.
    const retry = tokens ? undefined : retryAfter(failures, failures && pauseAfter(failures, random()))
    const result = await persist((entry) =>
      commit(
        entry,
        claim,
        { ...(tokens && keep(tokens, transport)), bound, retry, wait },
        clock.now(),
        lease.observe(...attemptsOf(entry)),
      ),
    )
    if (result === 'wait') return 'wait'
    // Only a token of another epoch is revoked. Revoking one of the same epoch would end the living grant.
    if (result === 'superseded' && tokens?.refreshToken) {
      transport.revoke({ ...claim, ...tokens }).catch(context.report)
    }
    if (typeof result === 'string') {
      siblings.publish()
      return 'again'
    }
    const spread = session.status === 'unknown' || claim.generation === 0 || failures > 0
    // A takeover repeats the request of another audience.
    const whose = context.of(claim.attempt.audience)
    siblings.publish(result, tokens && whose?.hold(tokens, receivedAt, spread))
    return tokens && whose === session ? 'done' : 'again'
  }

  async function delay(
    claim: Claim,
    outcome: Extract<Outcome, { kind: 'refused' | 'doubt' }>,
    failures: number,
  ): Promise<Step> {
    const { error: cause, isMistake, again } = outcome
    const { retryAfter: asked } = outcome
    const pause = pauseAfter(failures, random(), asked)
    // The connection died, or the server asks for a short pause; twice in a row at most, because each failure takes half of
    // what may be waited.
    const isHiccup = outcome.kind === 'refused' ? (asked ?? 0) > 0 : cause instanceof TypeError
    const retry = retryAfter(failures, pause, isHiccup && (asked || pause) + failures * 1_500 <= BRIEF)
    const ended = await persist((entry) => postpone(entry, claim, again ? claim.retry : retry, outcome, resendWithin))
    if (ended === 'again' || again) return 'again'
    const isOwn = cause instanceof AuthError
    const others = cause instanceof TypeError ? 'CORS' : 'the refresh function, which threw'
    const suspect = isOwn ? 'the address, its slash at the end, and "read"' : others
    // Foreign error messages may quote a token, so they are not repeated.
    const message = (isOwn ? cause.message : 'the refresh has failed') + (isMistake ? `: check ${suspect}` : '')
    if (isMistake) warn(message)
    siblings.publish(ended)
    if (ended) return 'done'
    throw new RefreshUnavailableError(message, { cause, retryAt: retry.at })
  }

  function retryAfter(failures: number, pause: number, isBrief?: boolean): Retry {
    const now = clock.now()
    return { at: now + pause, setAt: now, failures: failures + 1, isBrief }
  }

  return async (answer) => {
    const { claim, outcome } = answer
    const failures = claim.retry?.failures ?? 0
    if (outcome.kind === 'granted') return grant(answer, outcome, failures)
    if (outcome.kind !== 'rejected')
      return outcome.isDenial && context.deny ? context.deny(claim, outcome, session) : delay(claim, outcome, failures)
    const ended = await persist((entry) => reject(entry, claim, outcome.reason, clock.now()))
    siblings.publish(ended)
    return ended ? 'done' : 'again'
  }
}
