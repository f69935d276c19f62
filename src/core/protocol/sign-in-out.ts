/** Signing in, signing out and finding the session again, across all tabs. */
// Decisions (ARCHITECTURE.md): D26, D27, D28, D30, D44, D56.

import { attemptsOf, type Entry, grantOf, isAskedAgain } from '../entry/entry.ts'
import {
  abandonSignIn,
  advanceSignOut,
  beginSession,
  beginSignIn,
  beginSignOut,
  confirmSignIn,
} from '../entry/session-transitions.ts'
import { RefreshUnavailableError, SessionEndedError, TokenResponseError } from '../errors.ts'
import type { LoginKit } from '../ports.ts'
import { keep, readTokenResponse, type TokenResponse, type Tokens } from '../responses/tokens.ts'
import type { Context } from './context.ts'
import { type Instant, instantOf, since } from './instant.ts'
import { graceOf, SEND_WINDOW } from './limits.ts'
import type { Refresher } from './refresher.ts'
import type { AuthState } from './view.ts'

export interface SignInOut {
  signIn(source: TokenResponse | ((kit: never) => Promise<unknown>)): Promise<void>
  signOut(): Promise<void>
  restore(): Promise<AuthState>
  /** Reads a token response that has just come. */
  readTokens(value: unknown): ReceivedTokens
  /** Adopts what the ledger shows now, with tokens of this tab, and tells everybody. */
  publishSession(entry: Entry, tokens?: ReceivedTokens): void
}

/** Tokens and when they came: the tab may sleep before they are in the ledger, and other tabs may have newer ones then. */
interface ReceivedTokens extends Tokens {
  readonly receivedAt: Instant
}

interface Begun extends Pick<Tokens, 'refreshToken' | 'accessToken'> {
  readonly done: Promise<void>
  /** Set when the session is in the ledger. */
  grant?: number
}

export function createSignInOut(context: Context, refresher: Refresher): SignInOut {
  const { clock, guards, lease, ledger, report, transport, session, siblings, persist, warn } = context
  let restoring: Promise<void> | undefined
  /** The last sign-in, if it was with tokens at hand. */
  let begun: Begun | undefined

  function publishSession(entry: Entry, tokens?: ReceivedTokens): void {
    // A cookie session may start without any token or lifetime: then there is nothing to hold yet.
    const isHeld = tokens?.accessToken || tokens?.lifetime
    siblings.publish(entry, isHeld ? session.hold(tokens, tokens.receivedAt, true) : undefined)
    session.flush()
  }

  const { binding } = transport
  const readTokens = (value: unknown): ReceivedTokens => ({
    ...keep(readTokenResponse(value, clock.now(), binding), transport),
    receivedAt: instantOf(clock),
  })

  function read(value: unknown, kit?: LoginKit): ReceivedTokens {
    const tokens = { ...readTokens(value), bound: binding?.bind(value as TokenResponse, kit) }
    if (transport.holdsRefreshToken && !tokens.refreshToken) {
      if (!tokens.accessToken) throw new TokenResponseError('"access_token" is missing')
      warn('no refresh token: a reload ends this session')
    }
    return tokens
  }

  /** Waits until nothing of an older epoch can still change the cookie jar; false if a newer epoch has come. */
  async function settled(epoch: number, waitsForSignOut: boolean): Promise<boolean> {
    for (;;) {
      const startedAt = instantOf(clock)
      const entry = await persist((found) => ({ result: found }))
      // The tab slept since it read the ledger: read again.
      if (since(clock, startedAt) > SEND_WINDOW) continue
      if (entry?.epoch !== epoch) return false
      const { leaving = [] } = waitsForSignOut ? entry : {}
      const isFresh = lease.observe(
        ...attemptsOf(entry).map(({ owner, overdue }) => ({
          owner,
          // A late cookie would be the session of whoever signs in, so that no grace is enough.
          overdue: overdue || (waitsForSignOut && !transport.holdsRefreshToken),
        })),
        ...leaving.map((owner) => ({ owner })),
      )
      if (!isFresh) return true
      await lease.wait()
    }
  }

  async function signInBy(login: (kit: never) => Promise<unknown>): Promise<void> {
    const kit = binding && (await binding.begin())
    const prepared = await persist((found) => beginSignIn(found, session.mark, clock.now()), true)
    publishSession(prepared)
    const { epoch } = prepared
    session.ownLogin = epoch
    let tokens: ReceivedTokens
    try {
      // A newer login came: running this one would overwrite the newer user's cookie.
      if (!(await settled(epoch, true))) throw new SessionEndedError('superseded')
      tokens = read(await transport.read(await login((kit ?? {}) as never)), kit)
    } catch (error) {
      const entry = await persist((found) => abandonSignIn(found, epoch))
      if (entry) publishSession(entry)
      throw error
    }
    const entry = await persist((found) => confirmSignIn(found, epoch, tokens))
    if (entry) return publishSession(entry, tokens)
    if (tokens.refreshToken) transport.revoke(tokens).catch(report)
    throw new SessionEndedError('superseded')
  }

  /** Tokens that come again, as from a component that is mounted twice, begin no other session: they may be spent by now. */
  function beginOnce(tokens: ReceivedTokens): Promise<void> {
    const { refreshToken, accessToken } = tokens
    const isKnown = refreshToken && refreshToken === begun?.refreshToken && accessToken === begun.accessToken
    if (begun && isKnown && (begun.grant ?? session.grant) === session.grant) return begun.done
    const mine: Begun = { refreshToken, accessToken, done: begin() }
    begun = mine
    return mine.done

    async function begin(): Promise<void> {
      try {
        const entry = await persist((found) => beginSession(found, session.mark, tokens, clock.now()), true)
        mine.grant = grantOf(entry)
        publishSession(entry, tokens)
      } catch (error) {
        if (begun === mine) begun = undefined
        throw error
      }
    }
  }

  async function restoreOnce(): Promise<void> {
    await context.adopt?.(context)
    // Asked while the ledger opens, which saves time. An answer counts only if the ledger agrees.
    void siblings.ask()
    const entry = await ledger.read().catch(() => persist((found) => ({ result: found })))
    if (entry) {
      // Nobody was signed in when a tab last asked, but the cookie jar may hold a session now. If another tab has just
      // told of a session, the ledger says that this one is over.
      const isDoubtful =
        session.status === 'unknown' && isAskedAgain(entry) && (entry.refreshToken || !transport.holdsRefreshToken)
      session.adopt(isDoubtful ? { ...entry, status: 'unknown' } : entry, 'other-tab')
    }
    session.flush()
    // Once more, with the mark that the ledger shows: it leads the other tabs to look, if they do not know it yet.
    if ((entry && !session.held) || !ledger.shared) await siblings.ask()
    if (!entry && transport.holdsRefreshToken && session.status === 'unknown') {
      session.adopt({ epoch: 0, generation: 0, status: 'signed-out', reason: 'initial' }, 'this-tab')
      session.flush()
    }
    if (session.status !== 'signed-out' && !session.held) await refresher.refresh()
  }

  async function restore(): Promise<AuthState> {
    if (session.status !== 'signed-out' && !session.held) {
      restoring ??= (session.status === 'unknown' ? restoreOnce() : refresher.refresh()).finally(() => {
        restoring = undefined
      })
      // Not being able to tell is no error: the state says so, and the timer goes on trying.
      await restoring.catch((error) => {
        if (!(error instanceof RefreshUnavailableError)) report(error)
      })
    }
    return session.getState()
  }

  return {
    async signIn(source) {
      if (typeof source === 'function') {
        begun = undefined
        await signInBy(source)
      } else await beginOnce(read(source))
      // `restore` never rejects.
      if (!session.held) void restore()
    },

    async signOut() {
      begun = undefined
      const accessToken = session.held?.accessToken
      const first = await guards.begin(0)
      const { entry, left } = await persist((found) => beginSignOut(found, session.mark, first, clock.now()), true)
      publishSession(entry)
      await settled(entry.epoch, false)
      const startedAt = instantOf(clock)
      const second = await guards.begin(transport.outlivesPage ? graceOf() : 0)
      const isNewest = await persist((found) => advanceSignOut(found, entry.epoch, first, [second]))
      guards.end(first)
      try {
        // A late sign-out by cookie would end the next user's session. Revoking a token ends only that token's session.
        const isInTime = isNewest && since(clock, startedAt) <= SEND_WINDOW
        if (isInTime || left?.refreshToken) await transport.revoke(left, accessToken)
      } finally {
        await persist((found) => advanceSignOut(found, entry.epoch, second, []))
        guards.end(second)
        siblings.publish()
      }
    },

    readTokens,
    publishSession,
    restore,
  }
}
