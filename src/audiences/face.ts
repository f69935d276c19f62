/** One further audience of a tab: its access token, and the calls that need it. It shares entry, lock and channel with the others. */
// Decisions (ARCHITECTURE.md): D57.

import { createAllowList } from '../allow-list.ts'
import type { Entry } from '../core/entry/entry.ts'
import { RefreshUnavailableError } from '../core/errors.ts'
import type { Cancel } from '../core/ports.ts'
import { type Access, createAccess } from '../core/protocol/access.ts'
import type { Context } from '../core/protocol/context.ts'
import { ASKING } from '../core/protocol/limits.ts'
import { createRefresher, type Refresher } from '../core/protocol/refresher.ts'
import { type AuthEvents, createSession, type Session, type TabSource } from '../core/protocol/session.ts'
import type { Held } from '../core/protocol/view.ts'
import { DENIAL, failureOf } from './answers.ts'
import { createDenial } from './denial.ts'
import { AudienceDeniedError } from './denied-error.ts'
import type { ClientParts } from './parts.ts'
import { createRenewal } from './renewal.ts'
import type { Router } from './router.ts'
import { createTokenMessages } from './token-messages.ts'

/** The shortest pause after a refresh that could not be tried (in milliseconds). */
const SOON = 1_000

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
  const { clock, ledger, session: own, siblings, transport } = context
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
  const denial = createDenial(clock)
  /** The tokens that came for this audience; false: the server has given one that is not for it. */
  const obtained = new WeakMap<Held, boolean>()

  async function ask(): Promise<void> {
    // The ledger knows whether any tab has obtained a token of this audience.
    if (ledger.shared && session.newest.generation === 0) return
    const { held } = session
    const asked = siblings.ask()
    if (own.getState().degraded.includes('channel')) return asked
    // Each tab answers with what it has, so that the first answer may lack this token.
    return siblings.changed(ASKING, () => session.held !== held)
  }

  const locks: Context['locks'] = {
    request(owner) {
      // Each turn of a refresh begins here. The server may have denied this audience while the refresh waited for its turn.
      const failure = denial.failure()
      if (failure) throw failure
      // The session's own token is good until it expires.
      if (session.status === 'signed-in' && !session.renewable)
        throw new RefreshUnavailableError('there is no refresh token to get a token of another audience with', {
          retryAt: clock.now() + SOON,
        })
      return context.locks.request(owner)
    },
  }
  const mine: Context = { ...context, session, audience: name, siblings: { ...siblings, ask }, locks }
  const refresher = createRefresher(mine)
  const access = createAccess(mine, refresher, signInOut)
  const renewal = createRenewal(mine, refresher, terms.refresher)

  session.adopt = (entry, source, held) => {
    own.adopt(entry, source)
    adopt(entry, source, held)
  }
  session.flush = () => own.flush()
  session.fail = (error) => {
    denial.note(error.cause)
    fail(error)
    renewal.settle(error.cause instanceof AudienceDeniedError ? error.cause : undefined)
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

  const ensure = terms.whileAlive<Parameters<Access['ensure']>, Awaited<ReturnType<Access['ensure']>>>(
    async (minValidity, isForced, ...others) => {
      const before = denial.current()
      if (before && !session.isReady(0)) throw before
      const bearer = await access.ensure(minValidity, isForced, ...others).catch((error) => {
        throw error instanceof RefreshUnavailableError && error.cause instanceof AudienceDeniedError
          ? error.cause
          : error
      })
      renewal.use()
      const denied = denial.current()
      if (denied && session.status === 'signed-in' && (isForced || !session.isReady(0))) throw denied
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
      renewal.use()
      // If the client is disposed of meanwhile, the caller gets its 401.
      return recover(bearer).catch(() => undefined)
    },
    allowedAddress(url) {
      const address = audienceOf(url) === name ? allowList(url) : undefined
      if (address) renewal.use()
      return address
    },
    follow: adopt,
    owns: (held) => obtained.has(held),
    take(entry, held) {
      if (!obtained.get(held)) {
        session.fail(failureOf(new AudienceDeniedError(name), clock.now() + DENIAL))
        return
      }
      denial.forget()
      adopt(entry, 'this-tab', held)
      post(held)
      siblings.wake()
    },
    hear,
    forgive: denial.forget,
    flush,
    on: (event, listener) => session.on(event, (detail) => listener({ ...detail, audience: name })),
    stop() {
      renewal.stop()
      session.clear()
      return refresher.stop()
    },
  }
}
