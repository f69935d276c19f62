/** Settling the ledger by the outcome of a request, and telling this tab and the others what came of it. */

import { attemptsOf, type Claim, type Retry } from '../entry/entry.ts'
import { commit, postpone, reject } from '../entry/outcome-transitions.ts'
import { RefreshUnavailableError } from '../errors.ts'
import type { Outcome } from '../responses/outcome.ts'
import type { Tokens } from '../responses/tokens.ts'
import type { Context } from './context.ts'
import type { Instant } from './instant.ts'
import { pauseAfter } from './schedule.ts'

/** What to do after a turn: nothing, another turn, or another turn when another tab's attempt has settled. */
export type Step = 'done' | 'again' | 'wait'

export interface ClaimedOutcome {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly receivedAt: Instant
  /** How long the server took (in milliseconds). */
  readonly wait: number
}

/** Settles an answer; throws a {@link RefreshUnavailableError} when it is no new token and no end. */
export type ApplyOutcome = (answer: ClaimedOutcome) => Promise<Step>

export function createApplyOutcome(context: Context): ApplyOutcome {
  const { clock, random, transport, resendWithin, session, siblings, lease, persist } = context

  async function grant({ claim, receivedAt, wait }: ClaimedOutcome, tokens: Tokens | undefined): Promise<Step> {
    const failures = failuresOf(claim)
    // A body that is lost again and again is asked for ever more slowly.
    const retry = tokens ? undefined : retryAfter(failures, failures && pauseAfter(failures, random()))
    const result = await persist((entry) =>
      commit(entry, claim, { ...tokens, retry, wait }, clock.now(), lease.observe(...attemptsOf(entry))),
    )
    if (result === 'wait') return 'wait'
    // Only of another epoch: to revoke a token of the same one would kill the living grant.
    if (result === 'superseded' && tokens?.refreshToken) {
      transport.revoke(tokens.refreshToken).catch(context.report)
    }
    const entry = typeof result === 'object' ? result : undefined
    const spread = session.status === 'unknown' || claim.generation === 0 || failures > 0
    siblings.tell(entry, entry && tokens && session.hold(tokens, receivedAt, spread))
    return entry && tokens ? 'done' : 'again'
  }

  async function delay(claim: Claim, outcome: Extract<Outcome, { kind: 'refused' | 'doubt' }>): Promise<Step> {
    const isRefused = outcome.kind === 'refused'
    const failures = failuresOf(claim)
    const retry = retryAfter(failures, pauseAfter(failures, random(), isRefused ? outcome.retryAfter : 0))
    const ended = await persist((entry) => postpone(entry, claim, retry, isRefused, resendWithin))
    siblings.tell(ended)
    if (ended) return 'done'
    const message = isRefused ? 'the server refused the refresh for now' : 'the refresh was not answered'
    throw new RefreshUnavailableError(message, { cause: outcome.error, retryAt: retry.at })
  }

  const failuresOf = ({ retry }: Claim): number => retry?.failures ?? 0

  function retryAfter(failures: number, pause: number): Retry {
    const now = clock.now()
    return { at: now + pause, setAt: now, failures: failures + 1 }
  }

  return async (answer) => {
    const { claim, outcome } = answer
    if (outcome.kind === 'granted') return grant(answer, outcome.tokens)
    if (outcome.kind !== 'rejected') return delay(claim, outcome)
    const ended = await persist((entry) => reject(entry, claim, outcome.reason, clock.now()))
    siblings.tell(ended)
    return ended ? 'done' : 'again'
  }
}
