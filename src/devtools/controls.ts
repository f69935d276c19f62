/** What a developer does to a client by hand: its token expires, its next answer is lost, another tab signs out. */

import type { AuthClient } from '../auth-client.ts'
import { tombstone, write } from '../core/entry/entry.ts'
import { since } from '../core/protocol/instant.ts'
import { insides } from '../insides.ts'
import type { Trick } from './observe/wire.ts'
import { type Recorder, wireOf } from './recorder.ts'

export interface Controls {
  readonly name: string
  /** How often the session has been refreshed, as far as this tab knows. */
  readonly generation: number | undefined
  /** Where the refresh token is, as far as this tab can know. */
  readonly custody: 'with the client' | 'in a cookie' | 'none' | '–'
  /** When the timer refreshes (in milliseconds since the epoch). */
  readonly refreshAt: number | undefined
  /** What is done to the next refresh. */
  trick: Trick | undefined
  /** The token in use counts as expired; resolves with false when there is none. */
  expireNow(): Promise<boolean>
  /** Ends the session as another tab does, without telling the server. */
  signOutElsewhere(): Promise<void>
}

export function createControls(auth: AuthClient, recorder: Recorder): Controls | undefined {
  const parts = insides.get(auth)
  const wire = wireOf(recorder)
  if (!parts || !wire) return undefined
  const { checked, context } = parts
  const { clock, session, siblings, transport } = context
  return {
    name: checked.name,
    get custody() {
      const { hasRefreshToken, status } = session
      if (!transport.holdsRefreshToken) return status === 'signed-out' ? 'none' : 'in a cookie'
      return hasRefreshToken === undefined ? '–' : hasRefreshToken ? 'with the client' : 'none'
    },
    get generation() {
      return session.status === 'signed-in' ? session.mark.generation : undefined
    },
    get refreshAt() {
      const { held, renewable } = session
      if (!renewable || held?.refreshAfter === undefined) return undefined
      return held.receivedAt.now + held.refreshAfter
    },
    get trick() {
      return wire.trick
    },
    set trick(trick) {
      wire.trick = trick
    },
    async expireNow() {
      const entry = await context.ledger.read()
      const { held, mark } = session
      // Tokens of this session must not be adopted for another one.
      const isSame = entry?.epoch === mark.epoch && entry.generation === mark.generation
      if (!entry || !isSame || !held) return false
      const lifetime = Math.max(0, since(clock, held.receivedAt) - 1)
      // Of two tokens of one generation the one that came later is used.
      const receivedAt = { ...held.receivedAt, elapsed: held.receivedAt.elapsed + 0.001 }
      session.adopt(entry, 'this-tab', { ...held, receivedAt, lifetime, refreshAfter: lifetime })
      session.flush()
      return true
    },
    async signOutElsewhere() {
      const entry = await context.persist((found) => {
        const epoch = Math.max(found?.epoch ?? 0, session.mark.epoch)
        const ended = tombstone({ epoch, generation: 0 }, 'requested', clock.now())
        return write({ ...ended, attempt: found?.attempt, leaving: found?.leaving })
      }, true)
      session.adopt(entry, 'other-tab')
      session.flush()
      siblings.publish()
    },
  }
}
