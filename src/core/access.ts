/** What a request needs of the session: a token before it is sent, and an answer to a 401. */

import type { Context } from './context.ts'
import { RefreshUnavailableError, SessionEndedError } from './errors.ts'
import type { Refresher } from './refresher.ts'
import { floorOf, since } from './schedule.ts'
import type { Held, Session } from './session.ts'
import type { SignOn } from './sign-on.ts'

/** The session a request was made in. */
export type Bearer = Pick<Session, 'subject' | 'held'> & { readonly epoch: number }

export interface Access {
  bearer(): Bearer
  /**
   * Resolves when the tokens last for `minValidity` milliseconds more, or nobody is signed in.
   *
   * Throws a {@link RefreshUnavailableError} when no token can be had now, a {@link SessionEndedError} when somebody
   * else has signed in meanwhile.
   */
  ensure(minValidity: number, forceRefresh: boolean): Promise<void>
  /** Whether a request of this bearer that was answered 401 may be sent again with the current tokens. */
  recover(bearer: Bearer): Promise<boolean>
}

export function createAccess({ clock, session }: Context, refresher: Refresher, signOn: SignOn): Access {
  const isSameSession = ({ epoch, subject }: Bearer): boolean =>
    session.mark.epoch === epoch || (subject !== undefined && session.subject === subject)

  /** A server that answers 401 to everything gets one refresh, not a storm. */
  const isYoung = (held: Held): boolean => !session.isBehind && since(clock, held.receivedAt) < floorOf(held.lifetime)

  const bearer = (): Bearer => ({ epoch: session.mark.epoch, subject: session.subject, held: session.held })

  return {
    bearer,
    async ensure(minValidity, forceRefresh) {
      if (session.status === 'unknown') {
        await signOn.restore()
        if (session.getState().status === 'unknown') throw new RefreshUnavailableError()
        if (session.isReady(0) && session.held && isYoung(session.held)) return
      }
      if (session.status === 'signed-out') return
      const isEnough = session.isReady(minValidity) || (session.isReady(0) && session.held && isYoung(session.held))
      if (isEnough && !forceRefresh) return
      const before = bearer()
      try {
        await refresher.refresh()
      } catch (error) {
        const isOver = session.getState().status === 'signed-out'
        if (!isOver && (forceRefresh || !session.isReady(0))) throw error
      }
      if (session.status === 'signed-in' && !isSameSession(before)) throw new SessionEndedError('requested')
    },
    async recover(before) {
      const isNewer = (): boolean =>
        session.status === 'signed-in' && session.held !== undefined && session.held !== before.held
      if (isNewer() && session.isReady(0)) return isSameSession(before)
      if (session.status !== 'signed-in' || (before.held && isYoung(before.held))) return false
      session.distrust(before.held)
      try {
        await refresher.refresh()
      } catch {
        // The caller gets the 401; why there is no new token was told as `refresh-failed`.
        return false
      }
      return isNewer() && isSameSession(before)
    },
  }
}
