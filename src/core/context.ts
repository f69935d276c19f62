/** What the parts of the core share, and writing the ledger with patience. */

import { RefreshUnavailableError } from './errors.ts'
import type { Ledger, Platform, Transport } from './ports.ts'
import type { Session } from './session.ts'
import type { Siblings } from './siblings.ts'

/** What the parts of the core share. */
export interface Context extends Omit<Platform, 'degraded'> {
  readonly transport: Transport
  readonly refreshTimeout: number
  readonly resendWithin: number
  readonly session: Session
  readonly siblings: Siblings
  /** Writes the ledger, and tries again what storage refuses. */
  readonly persist: Ledger['update']
}

/** The pauses (in milliseconds) between tries to write the ledger, well within what the lease allows for settling. */
const PERSISTENCE = [20, 100, 500, 2_000]

/** Reports the last refusal as a refresh that is not possible now. */
export function createPersist({ clock, ledger }: Pick<Platform, 'clock' | 'ledger'>): Ledger['update'] {
  return async (transition) => {
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
}
