/** One further audience of a tab: its access token, and the calls that need it. It shares entry, lock and channel with the others. */
// Decisions (ARCHITECTURE.md): D57.

import { createAllowList } from '../allow-list.ts'
import type { Entry } from '../core/entry/entry.ts'
import { RefreshUnavailableError } from '../core/errors.ts'
import type { Cancel } from '../core/ports.ts'
import { type Access, createAccess } from '../core/protocol/access.ts'
import type { Context } from '../core/protocol/context.ts'
import { since } from '../core/protocol/instant.ts'
import { ASKING } from '../core/protocol/limits.ts'
import { createRefresher, type Refresher } from '../core/protocol/refresher.ts'
import { floorOf } from '../core/protocol/schedule.ts'
import { type AuthEvents, createSession, type Session, type TabSource } from '../core/protocol/session.ts'
import type { Held } from '../core/protocol/view.ts'
import { DENIAL, failureOf } from './answers.ts'
import { AudienceDeniedError } from './denied-error.ts'
import type { ClientParts } from './parts.ts'
import type { Router } from './router.ts'
import { createTokenMessages } from './token-messages.ts'

/** How soon a doubt is settled that a denial leaves (in milliseconds). */
const SOON = 2_000

export interface FaceTerms extends ClientParts {
  readonly name: string
  readonly urls: readonly (string | URL)[]
  readonly expect: string | undefined
  readonly audienceOf: Router
  tokensOfOthers(): readonly (string | undefined)[]
}

export interface Face extends Access {
  readonly name: string
  readonly session: Session
  readonly refresher: Refresher
  /** The absolute address, if it may carry the token. */
  allowedAddress(url: string): string | undefined
  /** Takes over what the ledger shows, after the session's own audience has. */
  follow(entry: Entry, source: TabSource): void
  /** Takes over a token that this tab has obtained, and tells the other tabs. */
  take(entry: Entry, held: Held): void
  /** Whether this token was obtained for this audience. */
  owns(held: Held): boolean
  hear(message: unknown): void
  /** A new session may be given what the last one was not. */
  forgive(): void
  flush(): void
  on<Name extends 'refreshed' | 'refresh-failed'>(name: Name, listener: (detail: AuthEvents[Name]) => void): Cancel
  stop(): Promise<void> | undefined
}

export function createFace(terms: FaceTerms): Face {
  const { name, urls, expect, checked, context, signInOut, audienceOf } = terms
  const { clock, ledger, resendWithin, session: own, siblings, transport } = context
  const allowList = createAllowList(
    urls.map((url) => new URL(url).origin),
    checked.refresh.endpoint,
  )
  const session = createSession(
    { ...context, degraded: [] },
    transport.holdsRefreshToken,
    checked.refreshLead,
    checked.scheme,
    name,
  )
  const { adopt, fail, flush, hold } = session
  const { post, hear } = createTokenMessages(name, session, hold, context)
  /** The tokens that came for this audience; false: the server has given one that is not for it. */
  const obtained = new WeakMap<Held, boolean>()
  let denial: { readonly error: AudienceDeniedError; readonly at: number } | undefined
  let isUsed = false
  let isStopped = false
  let cancelTimer: Cancel = () => {}

  /** The one timer of this audience; a failure is told as an event. */
  function wait(delay: number, task: () => unknown): void {
    cancelTimer()
    if (isStopped) return
    cancelTimer = clock.after(Math.max(0, Math.ceil(delay)), () => {
      Promise.resolve(task()).catch(() => undefined)
    })
  }

  session.adopt = (entry, source, held) => {
    own.adopt(entry, source)
    adopt(entry, source, held)
  }
  session.flush = () => own.flush()
  session.fail = (error) => {
    // A denial that stands does not begin anew.
    if (error.cause instanceof AudienceDeniedError && error.cause !== currentDenial())
      denial = { error: error.cause, at: clock.elapsed() }
    fail(error)
    // Not at once: another audience may settle it, and the session's own may have been refreshed just now.
    if (currentDenial()) wait(Math.min(resendWithin / 2, SOON), settleNow)
    else settle()
  }
  session.hold = (tokens, ...others) => {
    const held = hold(tokens, ...others)
    obtained.set(held, isMeant(held))
    return held
  }

  function isMeant({ claims, accessToken }: Held): boolean {
    const { aud } = claims ?? {}
    const isNamed = expect === undefined || aud === undefined || [aud].flat().includes(expect)
    return isNamed && !(accessToken && terms.tokensOfOthers().includes(accessToken))
  }

  const currentDenial = (): AudienceDeniedError | undefined =>
    denial && clock.elapsed() - denial.at < DENIAL ? denial.error : undefined

  async function ask(): Promise<void> {
    const { held } = session
    const asked = siblings.ask()
    if (own.getState().degraded.includes('channel')) return asked
    // Each tab answers with what it has, so that the first answer may lack this token.
    return siblings.changed(ASKING, () => session.held !== held)
  }

  const barred = (): RefreshUnavailableError | undefined => {
    const denied = currentDenial()
    return denied && denial && failureOf(denied, clock.now() + denial.at + DENIAL - clock.elapsed())
  }
  const locks: Context['locks'] = {
    request(owner) {
      // Each turn of a refresh begins here. The server may have denied this audience while the refresh waited for its turn.
      const failure = barred()
      if (failure) throw failure
      return context.locks.request(owner)
    },
  }
  const mine: Context = { ...context, session, audience: name, siblings: { ...siblings, ask }, locks }
  const refresher = createRefresher(mine)
  const access = createAccess(mine, refresher, signInOut)

  /** The timer of a token that this tab has used: others expire, and are renewed when they are asked for. */
  function arm(): void {
    cancelTimer()
    const { held } = session
    if (!isUsed || held?.refreshAfter === undefined || !session.renewable) return
    const delay = Math.max(held.refreshAfter, floorOf(held.lifetime)) - since(clock, held.receivedAt)
    wait(delay, () => (session.held === held ? refresher.refresh(true) : arm()))
  }

  /**
   * Tries again after a failure, even if nobody asks, what may have spent the refresh token: a server that forgives a resend
   * does so for a short time, and an answer that is not in the ledger yet is the only one with the new refresh token.
   */
  function settle(): void {
    wait(refresher.pause() ?? 0, () => ((refresher.pause() ?? 0) > 0 ? settle() : settleNow()))
  }

  async function settleNow(): Promise<void> {
    const entry = await ledger.read().catch(() => undefined)
    const { doubt, denied, audience } = entry?.attempt ?? {}
    // A denied request is not repeated; without a grace period, there is no hurry to ask for the next token.
    if (denied && resendWithin < Infinity) await terms.refresher.refresh(true)
    // The timer of the session's own audience sees to the attempts for it.
    const isInDoubt = doubt && !denied && audience !== undefined
    if (context.unsettled.answer || isInDoubt) await refresher.refresh(true)
  }

  function use(): void {
    if (isUsed) return
    isUsed = true
    arm()
  }

  let armedFor: Held | undefined
  session.on('adopted', () => {
    if (session.held === armedFor) return
    armedFor = session.held
    isUsed = false
    cancelTimer()
  })

  const ensure = terms.whileAlive<Parameters<Access['ensure']>, Awaited<ReturnType<Access['ensure']>>>(
    async (minValidity, ...others) => {
      const before = currentDenial()
      if (before && !session.isReady(0)) throw before
      const bearer = await access.ensure(minValidity, ...others).catch((error) => {
        throw error instanceof RefreshUnavailableError && error.cause instanceof AudienceDeniedError
          ? error.cause
          : error
      })
      use()
      const denied = currentDenial()
      if (denied && session.status === 'signed-in' && !session.isReady(0)) throw denied
      return bearer
    },
  )
  const recover = terms.whileAlive(access.recover)

  return {
    name,
    session,
    refresher,
    ensure,
    recover: (bearer) => {
      use()
      // If the client is disposed of meanwhile, the caller gets its 401.
      return recover(bearer).catch(() => undefined)
    },
    allowedAddress(url) {
      const address = audienceOf(url) === name ? allowList(url) : undefined
      if (address) use()
      return address
    },
    follow: adopt,
    owns: (held) => obtained.has(held),
    take(entry, held) {
      if (!obtained.get(held)) {
        session.fail(failureOf(new AudienceDeniedError(name), clock.now() + DENIAL))
        return
      }
      denial = undefined
      adopt(entry, 'this-tab', held)
      post(held)
      siblings.wake()
    },
    hear,
    forgive() {
      denial = undefined
    },
    flush,
    on: (event, listener) => session.on(event, (detail) => listener({ ...detail, audience: name })),
    stop() {
      cancelTimer()
      isStopped = true
      session.clear()
      return refresher.stop()
    },
  }
}
