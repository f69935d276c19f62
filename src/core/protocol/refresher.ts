/** One refresh of one tab: lock, look, probe, claim, send, write the outcome. Only one is pending at a time. */
// Decisions (ARCHITECTURE.md): D10, D14, D22, D23, D24.

import { type ClaimResult, claim } from '../entry/claim.ts'
import { attemptsOf, type Entry, isNewer } from '../entry/entry.ts'
import { delay, postpone } from '../entry/outcome-transitions.ts'
import { RefreshUnavailableError } from '../errors.ts'
import { createApplyOutcome } from './apply-outcome.ts'
import type { ClaimedOutcome, Context, Step } from './context.ts'
import { createCoolDown } from './cool-down.ts'
import { instantOf, since } from './instant.ts'
import { BRIEF, graceOf, LOCK_WAIT, LOGIN_PAUSE, overdueAfter, SEND_WINDOW } from './limits.ts'
import { pauseAfter } from './schedule.ts'
import type { Held } from './view.ts'

/** The name under which `guards.held` has the lock. */
const LOCK = ''

export interface Refresher {
  /**
   * Joins the pending refresh or starts one; resolves when there are new tokens or the session has ended. If a caller waits,
   * and not only the timer, the refresh waits out a hiccup.
   *
   * Throws a {@link RefreshUnavailableError} when no new token can be had now.
   */
  refresh(isTimer?: boolean): Promise<void>
  /** Takes over what the ledger shows, and asks the siblings for the token that belongs to it. */
  look(): Promise<unknown>
  /** For how much longer the last failure stands (in milliseconds); undefined when there is none, or new tokens have come. */
  pause(): number | undefined
  /** The network was lost or the page slept: the next refresh may come at once, and sends a probe first. */
  suspectWire(): void
  /** Sends nothing more; the promise, if any, settles when the pending refresh is over. */
  stop(): Promise<void> | undefined
}

export function createRefresher(context: Context): Refresher {
  const { clock, guards, lease, ledger, locks, persist, transport, refreshTimeout, resendWithin, session, siblings } =
    context
  const { unsettled } = context
  const coolDown = createCoolDown(clock, session)
  const applyOutcome = createApplyOutcome(context)
  let pending: Promise<void> | undefined
  /** The tokens that the pending refresh is to replace. */
  let replaced: Held | undefined
  let wireIsSuspect = false
  /** How many refreshes in a row have failed before they sent anything. */
  let misses = 0
  /** The owner of the newest claim. */
  let owner = ''
  /** The session that the newest look has shown. */
  let seen: number | undefined
  let isStopped = false
  /** Whether a caller waits, not the timer alone. */
  let isAwaited = false

  const isDone = (): boolean =>
    isStopped || session.status === 'signed-out' || (session.held !== undefined && session.held !== replaced)

  async function run(): Promise<void> {
    session.setRefreshing(true)
    session.flush()
    try {
      let step: Step
      do {
        await lock()
        step = await turn()
          .finally(() => {
            guards.end(LOCK)
            // An answer that is not committed yet still belongs to this tab.
            if (!unsettled.answer) guards.end(owner)
          })
          .catch(waitOut)
        if (step === 'wait') await lease.wait()
      } while (step !== 'done')
      misses = 0
    } catch (cause) {
      // If the session has moved on or ended, the failure does not matter.
      if (isDone()) return
      const failure = cause instanceof RefreshUnavailableError ? cause : missed(cause)
      coolDown.start(failure)
      session.fail(failure)
      throw failure
    } finally {
      pending = undefined
      isAwaited = false
      session.distrust(undefined)
      session.setRefreshing(false)
      void flushAfterCallers()
    }
  }

  /**
   * Tells the listeners after the callers: whoever waits through `getAccessToken` or `authFetch` has gone on within these
   * 20 microtasks, because a few promises lie between, of two or three steps each.
   */
  async function flushAfterCallers(): Promise<void> {
    for (let step = 0; step < 20; step++) await undefined
    session.flush()
  }

  /** Waits for the next try after a hiccup, if a caller waits and the server can be reached. */
  async function waitOut(cause: unknown): Promise<Step> {
    wireIsSuspect = true
    // If the ledger cannot be read now, the callers hear of the failure itself.
    const retry = isAwaited && !isDone() ? (await ledger.read().catch(() => undefined))?.retry : undefined
    const rest = retry?.isBrief ? retry.at - clock.now() : 0
    if (rest > 0 && rest <= BRIEF + 1_000 && (await transport.probe())) {
      wireIsSuspect = false
      await siblings.changed(rest, isDone)
    } else if (session.grant === seen) throw cause
    // If somebody has signed in since, it was the session before that failed. Each session gets one such try.
    seen = session.grant
    return 'again'
  }

  /** Waits a moment for the lock, then goes on without it. It saves work; no promise depends on it. */
  async function lock(): Promise<void> {
    if (isStopped) return
    const { granted, cancel } = locks.request()
    void granted.then(siblings.wake)
    await siblings.changed(LOCK_WAIT)
    cancel()
    guards.held.set(LOCK, await granted)
  }

  async function look(): Promise<Entry | undefined> {
    const entry = await ledger.read()
    if (entry && isNewer(entry, session.mark)) session.adopt(entry, 'other-tab')
    if (session.isBehind || !ledger.shared) await siblings.ask()
    return entry
  }

  /** `refusals`: why the proofs before were refused. */
  async function turn(refusals?: unknown): Promise<Step> {
    const answer = unsettled.answer ?? (await claimAndSend(refusals))
    if (typeof answer === 'string') return answer
    owner = answer.claim.attempt.owner
    // A granted answer is kept until it is committed.
    unsettled.answer = answer.outcome.kind === 'granted' ? answer : undefined
    const step = await applyOutcome(answer)
    if (step !== 'wait') unsettled.answer = undefined
    const { again } = answer.outcome
    if (!again) return step
    // Under the same lock, so that a server that refuses every proof is not asked by each tab.
    guards.end(owner)
    return turn(again)
  }

  async function claimAndSend(refusals: unknown): Promise<Step | ClaimedOutcome> {
    const found = await look()
    seen = session.grant
    const usualWait = found?.usualWait
    const grace = transport.outlivesPage ? graceOf(usualWait) : 0
    if (wireIsSuspect && !isDone()) {
      if (!(await transport.probe())) throw missed()
      wireIsSuspect = false
    }
    if (isDone()) return 'done'
    // Another tab has the refresh token and does not answer. This tab must not end its session.
    if (!ledger.shared && !session.renewable) throw missed()

    const startedAt = instantOf(clock)
    // Before the claim, because no await may come after it. The key of an epoch never changes.
    const proof = await transport.binding?.prepare(found, refusals)
    owner = await guards.begin(grace)
    const result = await ledger.update<ClaimResult>((entry) => {
      // A sibling's answer may come while the guard is asked for.
      if (isDone() || entry?.epoch !== found?.epoch) return { result: 'again' }
      const { mark, status, grant, subject } = session
      return claim(entry, {
        ...context,
        ...transport,
        known: { ...mark, status, grant, subject },
        owner,
        now: clock.now(),
        isFresh: lease.observe(...attemptsOf(entry)),
      })
    })
    // No await from here to `send`: it runs in the task in which the claim became durable.
    if (typeof result === 'string') return result
    if ('ended' in result) {
      // Most logins end before the session's own token expires.
      const { status, epoch } = result.ended
      const isLogin = status === 'signing-in'
      if (isLogin && context.of(undefined)?.isReady(0))
        throw new RefreshUnavailableError('a login is running', { retryAt: clock.now() + LOGIN_PAUSE })
      session.adopt(result.ended, isLogin && epoch !== session.ownLogin ? 'other-tab' : 'this-tab')
      siblings.publish()
      return 'done'
    }
    if ('retry' in result) {
      throw new RefreshUnavailableError('the pause after the last refresh is not over', { retryAt: result.retry.at })
    }
    const { claim: claimed } = result
    // Without its guard, other tabs think that this page is gone.
    if (since(clock, startedAt) > SEND_WINDOW || !guards.held.has(owner) || isDone()) {
      // Nothing was sent, so the token is not in doubt and nobody needs to wait.
      await persist((entry) => postpone(entry, claimed, claimed.retry, { kind: 'refused' }, resendWithin))
      return 'again'
    }
    const sentAt = instantOf(clock)
    const sending = transport.send(claimed, proof)
    const stop = clock.after(grace ? overdueAfter(usualWait) : refreshTimeout, () => {
      persist((entry) => delay(entry, claimed)).catch(() => {
        // A failure of storage is reported when the outcome is written.
      })
    })
    const outcome = await sending
    stop()
    // The answer may have waited while the tab was frozen: then it counts as old as the request.
    const receivedAt = since(clock, sentAt) > refreshTimeout ? sentAt : instantOf(clock)
    return { claim: claimed, outcome, receivedAt, wait: receivedAt.elapsed - sentAt.elapsed }
  }

  /** The failure of a refresh that has sent nothing. */
  function missed(cause?: unknown): RefreshUnavailableError {
    const retryAt = clock.now() + pauseAfter(misses++, context.random())
    return new RefreshUnavailableError(cause ? undefined : 'the server cannot be reached by HEAD', { cause, retryAt })
  }

  return {
    refresh(isTimer = false) {
      const failure = coolDown.failure()
      if (failure) {
        session.distrust(undefined)
        return Promise.reject(failure)
      }
      if (isStopped) return Promise.reject(missed())
      isAwaited ||= !isTimer
      if (!pending) replaced = session.held
      // Started in a microtask of its own, so that a listener that asks for a refresh joins this one.
      pending ??= context.inTurn(run)
      return pending
    },
    look,
    pause: coolDown.rest,
    suspectWire() {
      wireIsSuspect = true
      // A pause because of the network ends when the network is back. A pause that the server asked for is in the ledger.
      coolDown.cutShort()
    },
    stop() {
      isStopped = true
      return pending
    },
  }
}
