/** The refresh protocol of one tab: lock, look, probe, claim, send, settle. One refresh is pending at a time. */

import { claim } from './claim.ts'
import { DisposedError, RefreshUnavailableError } from './errors.ts'
import { type Claim, type Entry, isNewer, type Retry } from './ledger.ts'
import { type Lease, lockWaitOf, POLLING, SEND_WINDOW } from './limits.ts'
import type { Outcome } from './outcome.ts'
import type { Cancel, Change, Platform, Transport } from './ports.ts'
import { type Instant, instantOf, pauseAfter, since } from './schedule.ts'
import { type Held, holdTokens, type Session } from './session.ts'
import { commit, doubt, reject, release } from './settle.ts'
import type { Siblings } from './siblings.ts'
import { decodeClaims, lifetimeOf, type Tokens } from './tokens.ts'

export interface Settings {
  readonly refreshTimeout: number
  readonly resendWithin: number
}

/** What the parts of the core share. */
export interface Context {
  readonly platform: Platform
  readonly transport: Transport
  readonly settings: Settings
  readonly session: Session
  readonly siblings: Siblings
  refreshAfterOf(lifetime: number | undefined, spread: boolean): number | undefined
}

export interface Refresher {
  /**
   * Joins the pending refresh or starts one; resolves when the session has moved on or has ended.
   *
   * Throws a {@link RefreshUnavailableError} when no new token can be had now.
   */
  refresh(): Promise<void>
  /** The network was lost or the page slept: look before sending. */
  suspectWire(): void
  /** Sends nothing more; resolves when what is on the wire has been settled. */
  stop(): Promise<void>
}

/** What to do after a turn: nothing, another turn, or another turn when another tab's attempt has settled. */
type Step = 'done' | 'again' | 'wait'

interface Answered {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly receivedAt: Instant
}

/** The pauses (in milliseconds) between tries to write the ledger, well within what the lease allows for settling. */
const PERSISTENCE = [20, 100, 500, 2_000]

/** Tries again what storage refuses, and reports the last refusal as a refresh that is not possible now. */
export async function persist<Result>(
  { clock, ledger }: Pick<Platform, 'clock' | 'ledger'>,
  transition: (entry: Entry | undefined) => Change<Result>,
): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await ledger.update(transition)
    } catch (cause) {
      const pause = PERSISTENCE[tries]
      if (pause === undefined) throw new RefreshUnavailableError('the ledger cannot be written', { cause })
      await new Promise<void>((resolve) => clock.after(pause, resolve))
    }
  }
}

export function createRefresher(context: Context, lease: Lease): Refresher {
  const { platform, transport, settings, session, siblings, refreshAfterOf } = context
  const { clock, ledger, locks } = platform
  session.onAdopt(() => {
    paused = undefined
  })
  let pending: Promise<void> | undefined
  let wireIsSuspect = false
  let misses = 0
  let unsent: string | undefined
  let isStopped = false
  /** A failure that stands for a while, so that callers cost no look at the ledger. */
  let paused: { readonly error: RefreshUnavailableError; readonly from: number; readonly until: number } | undefined
  let cancelLock: Cancel = () => {}
  /** An answer whose commit has still to be made. */
  let answered: Answered | undefined

  const isDone = (from: Held | undefined): boolean =>
    session.status === 'signed-out' || (session.held !== undefined && session.held !== from)

  async function run(): Promise<void> {
    session.setRefreshing(true)
    session.flush()
    try {
      await rotate(session.held)
      misses = 0
    } catch (cause) {
      const error = cause instanceof RefreshUnavailableError ? cause : missed(cause)
      if (error.retryAt) paused = { error, from: clock.now(), until: error.retryAt }
      session.fail(error)
      throw error
    } finally {
      pending = undefined
      session.distrust(undefined)
      session.setRefreshing(false)
      // Callers are resumed by the promise that settles now, listeners after them.
      const flush = (): Promise<void> => Promise.resolve().then(() => session.flush())
      Promise.resolve().then(flush)
    }
  }

  async function rotate(from: Held | undefined): Promise<void> {
    for (;;) {
      const unlock = await lock(from)
      let step: Step
      try {
        step = await turn(from)
      } finally {
        unlock?.()
      }
      if (step === 'done') return
      if (step === 'wait') await siblings.changed(POLLING)
    }
  }

  /** Waits for the lock for a bounded time, then does without it: no promise rests on it. */
  async function lock(from: Held | undefined): Promise<Cancel | undefined> {
    const request = locks.request(false)
    const stopTimer = clock.after(lockWaitOf(settings.refreshTimeout), request.cancel)
    const stopWatch = session.onAdopt(() => {
      if (isDone(from)) request.cancel()
    })
    cancelLock = request.cancel
    const granted = await request.granted
    stopTimer()
    stopWatch()
    if (granted || isDone(from) || isStopped) return granted
    await look()
    return isDone(from) || isStopped ? undefined : locks.request(true).granted
  }

  async function look(): Promise<void> {
    const entry = await ledger.read()
    if (entry && isNewer(entry, session.mark)) session.adopt(entry, undefined, 'other-tab')
    if (session.isBehind || !ledger.shared) await siblings.ask()
  }

  async function turn(from: Held | undefined): Promise<Step> {
    if (answered) return settle(answered)
    await look()
    if (isDone(from)) return 'done'
    if (isStopped) throw new DisposedError()
    if (wireIsSuspect && !(await transport.probe())) throw missed()
    wireIsSuspect = false
    if (isStopped) throw new DisposedError()

    const startedAt = instantOf(clock)
    const owner = platform.createId()
    const result = await ledger.update((entry) =>
      claim(entry, {
        known: { ...session.mark, status: session.status },
        owner,
        now: clock.now(),
        resendWithin: settings.resendWithin,
        holdsRefreshToken: transport.holdsRefreshToken,
        unsent,
        isFresh: lease.isFresh,
      }),
    )
    // No await from here to `send`: it runs in the task in which the claim became durable.
    switch (result.kind) {
      case 'ended':
        return end(result.entry)
      case 'later':
        throw new RefreshUnavailableError('the server asked for a pause', { retryAt: result.retryAt })
      case 'moved':
        return 'again'
      case 'busy':
        return 'wait'
    }
    if (since(clock, startedAt) > SEND_WINDOW) {
      unsent = owner
      return 'again'
    }
    unsent = undefined
    const sentAt = instantOf(clock)
    const { attempt, refreshToken } = result.claim
    const outcome = await transport.send({ refreshToken, idempotencyKey: attempt.id })
    // An answer that lay waiting while the tab was frozen is as old as its request may be.
    const receivedAt = since(clock, sentAt) > settings.refreshTimeout ? sentAt : instantOf(clock)
    return settle({ claim: result.claim, outcome, receivedAt })
  }

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
    answered = answer
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
    answered = undefined
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
    wireIsSuspect = true
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

  /** Nothing was sent. */
  function missed(cause?: unknown): RefreshUnavailableError {
    wireIsSuspect = true
    const retryAt = clock.now() + pauseAfter(misses++, platform.random())
    return new RefreshUnavailableError(cause ? undefined : 'the server cannot be reached', { cause, retryAt })
  }

  return {
    refresh() {
      if (paused && clock.now() < paused.until && clock.now() >= paused.from) return Promise.reject(paused.error)
      // Started in a task of its own: a listener that asks for a refresh joins it.
      pending ??= Promise.resolve().then(run)
      return pending
    },
    suspectWire() {
      wireIsSuspect = true
      paused = undefined
    },
    stop() {
      isStopped = true
      cancelLock()
      return pending?.catch(() => {}) ?? Promise.resolve()
    },
  }
}
