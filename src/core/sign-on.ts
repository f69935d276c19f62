/** Signing in, signing out and finding the session again, across all tabs. */

import { type Context, persist } from './context.ts'
import { RefreshUnavailableError, SessionEndedError, TokenResponseError } from './errors.ts'
import type { Entry } from './ledger.ts'
import { createLease, leaseOf, POLLING, SEND_WINDOW } from './limits.ts'
import type { Refresher } from './refresher.ts'
import { instantOf, since } from './schedule.ts'
import { type AuthState, type Held, holdTokens } from './session.ts'
import { renew } from './settle.ts'
import { abandon, begin, confirm, leave, type NewSession, prepare, proceed } from './sign-in.ts'
import { decodeClaims, lifetimeOf, readTokenResponse, type TokenResponse, type Tokens } from './tokens.ts'

export interface SignOn {
  signIn(source: TokenResponse | (() => Promise<TokenResponse>)): Promise<void>
  signOut(): Promise<void>
  restore(): Promise<AuthState>
  /** Takes over tokens that came with an ordinary response to a request of this epoch. */
  renew(tokens: TokenResponse, epoch: number): Promise<void>
}

export function createSignOn(context: Context, refresher: Refresher): SignOn {
  const { platform, transport, settings, session, siblings, refreshAfterOf } = context
  const { clock, ledger } = platform
  const lease = createLease(clock, leaseOf(settings.refreshTimeout))
  let restoring: Promise<void> | undefined

  function adopt(entry: Entry, held: Held | undefined): void {
    session.adopt(entry, held, 'this-tab')
    siblings.tell()
    session.flush()
  }

  function read(value: unknown): Tokens {
    const tokens = readTokenResponse(value)
    if (transport.holdsRefreshToken && !tokens.accessToken && !tokens.refreshToken) {
      throw new TokenResponseError('"access_token" is missing')
    }
    return tokens
  }

  const toSession = (tokens: Tokens): NewSession => ({
    refreshToken: tokens.refreshToken,
    subject: decodeClaims(tokens.accessToken)?.sub,
  })

  /** Nothing to hold yet when a cookie session starts without a word on its tokens. */
  function toHeld(tokens: Tokens): Held | undefined {
    const { accessToken, expiresIn } = tokens
    if (accessToken === undefined && expiresIn === undefined) return undefined
    const lifetime = lifetimeOf(tokens, decodeClaims(accessToken), clock.now())
    return holdTokens(clock, accessToken, lifetime, 0, refreshAfterOf(lifetime, true))
  }

  /** Waits until nothing of an older epoch can still change the cookie jar; false if a newer epoch has come. */
  async function settled(epoch: number, waitsForSignOut: boolean): Promise<boolean> {
    for (;;) {
      const startedAt = instantOf(clock)
      const entry = await ledger.read()
      // What a tab read before it slept says nothing of now.
      if (since(clock, startedAt) > SEND_WINDOW) continue
      if (entry?.epoch !== epoch) return false
      const { attempt, leaving } = entry
      const owner = attempt && !attempt.doubt ? attempt.owner : waitsForSignOut ? leaving?.join() : undefined
      if (!owner || !lease.isFresh(owner)) return true
      await siblings.changed(POLLING)
    }
  }

  async function signInBy(login: () => Promise<TokenResponse>): Promise<void> {
    const { epoch } = await persist(platform, (entry) => prepare(entry, session.mark, clock.now())).then((entry) => {
      adopt(entry, undefined)
      return entry
    })
    // A login that runs all the same would overwrite the cookie of whoever came since.
    if (!(await settled(epoch, true))) throw new SessionEndedError('requested')
    let tokens: Tokens
    try {
      tokens = read(await login())
    } catch (error) {
      const entry = await persist(platform, (found) => abandon(found, epoch))
      if (entry) adopt(entry, undefined)
      throw error
    }
    const entry = await persist(platform, (found) => confirm(found, epoch, toSession(tokens)))
    if (entry) return adopt(entry, toHeld(tokens))
    const { refreshToken } = tokens
    if (refreshToken) transport.revoke({ refreshToken, accessToken: undefined }).catch(platform.report)
    throw new SessionEndedError('requested')
  }

  async function restoreOnce(): Promise<void> {
    const entry = await ledger.read()
    if (entry?.status === 'signed-out' && entry.reason === 'initial' && !transport.holdsRefreshToken) {
      session.doubtEntry(entry)
    } else if (entry) {
      session.adopt(entry, undefined, 'other-tab')
    } else if (transport.holdsRefreshToken && ledger.shared) {
      session.adopt({ epoch: 0, generation: 0, status: 'signed-out', reason: 'initial' }, undefined, 'this-tab')
    }
    session.flush()
    if (entry || !ledger.shared) await siblings.ask()
    if (session.status !== 'signed-out' && !session.held) await refresher.refresh()
  }

  return {
    async signIn(source) {
      if (typeof source === 'function') return signInBy(source)
      const tokens = read(source)
      adopt(
        await persist(platform, (found) => begin(found, session.mark, toSession(tokens), clock.now())),
        toHeld(tokens),
      )
    },

    async signOut() {
      const accessToken = session.held?.accessToken
      const first = platform.createId()
      const { entry, refreshToken } = await persist(platform, (found) => leave(found, session.mark, first, clock.now()))
      adopt(entry, undefined)
      await settled(entry.epoch, false)
      const second = platform.createId()
      const startedAt = instantOf(clock)
      const isNewest = await persist(platform, (found) => proceed(found, entry.epoch, first, [second]))
      try {
        // Told late, a cookie sign-out would end the next user's session; a token's revocation ends only its own.
        const isInTime = isNewest && since(clock, startedAt) <= SEND_WINDOW
        if (isInTime || refreshToken) await transport.revoke({ refreshToken, accessToken })
      } finally {
        await persist(platform, (found) => proceed(found, entry.epoch, second, []))
        siblings.tell()
      }
    },

    async renew(source, epoch) {
      const tokens = readTokenResponse(source)
      const entry = await persist(platform, (found) => renew(found, epoch, toSession(tokens)))
      if (entry) adopt(entry, toHeld(tokens))
    },

    async restore() {
      if (session.status === 'unknown') {
        restoring ??= restoreOnce().finally(() => {
          restoring = undefined
        })
        // Not being able to tell is no error: the state says so, and the timer goes on trying.
        await restoring.catch((error) => {
          if (!(error instanceof RefreshUnavailableError)) platform.report(error)
        })
      }
      return session.getState()
    },
  }
}
