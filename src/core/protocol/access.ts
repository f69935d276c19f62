/** What a request needs of the session: a token before it is sent, and an answer to a 401. */
// Decisions (ARCHITECTURE.md): D32.

import { RefreshUnavailableError, SessionEndedError } from '../errors.ts'
import type { Context } from './context.ts'
import { since } from './instant.ts'
import type { Refresher } from './refresher.ts'
import { floorOf } from './schedule.ts'
import type { Bearer } from './session.ts'
import type { SignInOut } from './sign-in-out.ts'
import type { Held } from './view.ts'

export interface Access {
  /**
   * Resolves when the tokens last for `minValidity` milliseconds more, or when nobody is signed in. Refreshes too when the
   * token in use was `refused` elsewhere.
   *
   * Throws a {@link RefreshUnavailableError} when no token can be had now, a {@link SessionEndedError} when somebody
   * else has signed in meanwhile.
   */
  ensure(minValidity: number, forceRefresh: boolean, refused?: string): Promise<Bearer>
  /** The token with which a request that got a 401 may be sent again; undefined if it may not be. */
  recover(bearer: Bearer): Promise<Bearer | undefined>
}

export function createAccess({ clock, session }: Context, refresher: Refresher, signInOut: SignInOut): Access {
  const isSameSession = ({ grant, subject }: Bearer): boolean =>
    session.grant === grant || (subject !== undefined && session.subject === subject)

  /** A server that answers 401 to everything gets one refresh, not a storm. */
  const isYoung = (held: Held | undefined): boolean =>
    held !== undefined && !session.isBehind && since(clock, held.receivedAt) < floorOf(held.lifetime)

  const isFresh = (): boolean => session.isReady(0) && isYoung(session.held)

  return {
    async ensure(minValidity, isForced, refused) {
      if (session.status === 'unknown') {
        await signInOut.restore()
        if (session.getState().status === 'unknown') throw new RefreshUnavailableError()
        if (isFresh()) return session.bearer
      }
      if (session.status === 'signed-out') return session.bearer
      const { held } = session
      // As for a 401: only the token in use counts, and a young one stays.
      const isRefused = refused !== undefined && held?.accessToken === refused && !isYoung(held)
      if (isRefused) session.distrust(held)
      const forceRefresh = isForced || isRefused
      if (!forceRefresh && (session.isReady(minValidity) || isFresh())) return session.bearer
      const before = session.bearer
      try {
        await refresher.refresh()
      } catch (error) {
        const isOver = session.getState().status === 'signed-out'
        if (!isOver && (forceRefresh || !session.isReady(0))) throw error
      }
      if (session.status === 'signed-in' && !isSameSession(before)) throw new SessionEndedError('superseded')
      return session.bearer
    },
    async recover(before) {
      const hasMovedOn = (): boolean => session.held !== undefined && session.held !== before.held
      const current = (): Bearer | undefined => (isSameSession(before) ? session.bearer : undefined)
      if (hasMovedOn() && session.isReady(0)) return current()
      if (session.status !== 'signed-in' || isYoung(before.held)) return undefined
      session.distrust(before.held)
      try {
        await refresher.refresh()
      } catch {
        // The caller gets the 401; why there is no new token was told as `refresh-failed`.
        return undefined
      }
      return hasMovedOn() ? current() : undefined
    },
  }
}
