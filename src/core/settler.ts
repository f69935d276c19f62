/** Settling the ledger by the outcome of a request, and telling this tab and the others what came of it. */

import { type Context, persist } from './context.ts'
import { RefreshUnavailableError } from './errors.ts'
import type { Claim, Entry, Retry } from './ledger.ts'
import type { Lease } from './limits.ts'
import type { Outcome } from './outcome.ts'
import { type Instant, pauseAfter, since } from './schedule.ts'
import { type Held, holdTokens } from './session.ts'
import { commit, doubt, reject, release } from './settle.ts'
import { decodeClaims, lifetimeOf, type Tokens } from './tokens.ts'

/** What to do after a turn: nothing, another turn, or another turn when another tab's attempt has settled. */
export type Step = 'done' | 'again' | 'wait'

export interface Answered {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly receivedAt: Instant
}

export interface Settler {
  /** An answer whose commit has still to be made. */
  readonly unsettled: Answered | undefined
  /** Throws a {@link RefreshUnavailableError} when the outcome is no new token and no end. */
  settle(answer: Answered): Promise<Step>
  /** Takes over the end of the session. */
  end(entry: Entry): Step
}

export function createSettler(context: Context, lease: Lease): Settler {
  const { platform, transport, settings, session, siblings, refreshAfterOf } = context
  const { clock } = platform
  let unsettled: Answered | undefined

  function settle(answer: Answered): Promise<Step> {
    const { outcome } = answer
    switch (outcome.kind) {
      case 'granted':
        return grant(answer, outcome.tokens, outcome.serverNow)
      case 'lost':
        return grant(answer, undefined, undefined)
      case 'rejected':
        return persist(platform, (entry) => reject(entry, answer.claim, outcome.reason, clock.now())).then((ended) =>
          ended ? end(ended) : overtaken(),
        )
      default:
        return postpone(answer.claim, outcome)
    }
  }

  async function grant(answer: Answered, tokens: Tokens | undefined, serverNow = clock.now()): Promise<Step> {
    unsettled = answer
    const { claim: made, receivedAt } = answer
    const claims = decodeClaims(tokens?.accessToken)
    // A body that is lost again and again is asked for ever more slowly.
    const retry = tokens ? undefined : retryAfter(made, made.failures ? 0 : undefined)
    const result = await persist(platform, (entry) =>
      commit(
        entry,
        made,
        { refreshToken: tokens?.refreshToken, subject: claims?.sub, retry },
        clock.now(),
        lease.isFresh,
      ),
    )
    if (result.kind === 'wait') return 'wait'
    unsettled = undefined
    if (result.kind === 'committed') {
      const spread = session.status === 'unknown' || made.generation === 0 || made.failures > 0
      const held = tokens && hold(tokens, lifetimeOf(tokens, claims, serverNow), receivedAt, spread)
      session.adopt(result.entry, held, 'this-tab')
      siblings.tell()
      return tokens ? 'done' : 'again'
    }
    // Only of another epoch: to revoke a token of the same one would kill the living grant.
    if (result.kind === 'superseded' && tokens?.refreshToken) discard(tokens.refreshToken)
    return overtaken()
  }

  /** Wakes those who wait for this attempt, in this tab too. */
  function overtaken(): Step {
    siblings.tell()
    return 'again'
  }

  function hold(tokens: Tokens, lifetime: number | undefined, receivedAt: Instant, spread: boolean): Held {
    const age = since(clock, receivedAt)
    return holdTokens(clock, tokens.accessToken, lifetime, age, refreshAfterOf(lifetime, spread))
  }

  function discard(refreshToken: string): void {
    transport.revoke({ refreshToken, accessToken: undefined }).catch(platform.report)
  }

  async function postpone(made: Claim, outcome: Extract<Outcome, { kind: 'refused' | 'doubt' }>): Promise<Step> {
    const isRefusal = outcome.kind === 'refused'
    const retry = retryAfter(made, isRefusal ? (outcome.retryAfter ?? 0) : 0)
    const ended = await persist(platform, (entry) =>
      isRefusal ? release(entry, made, retry) : doubt(entry, made, retry, settings.resendWithin),
    )
    if (ended) return end(ended)
    siblings.tell()
    const message = isRefusal ? 'the server refused the refresh for now' : 'the refresh was not answered'
    throw new RefreshUnavailableError(message, { cause: outcome.error, retryAt: retry.at })
  }

  function retryAfter({ failures }: Claim, pause: number | undefined): Retry {
    const now = clock.now()
    const at = pause === undefined ? now : now + pauseAfter(failures, platform.random(), pause)
    return { at, setAt: now, failures: failures + 1 }
  }

  function end(entry: Entry): Step {
    session.adopt(entry, undefined, 'this-tab')
    siblings.tell()
    return 'done'
  }

  return {
    get unsettled() {
      return unsettled
    },
    settle,
    end,
  }
}
