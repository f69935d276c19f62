/** What the parts of the core share, and writing the ledger with patience. */

import { RefreshUnavailableError } from './errors.ts'
import type { Entry } from './ledger.ts'
import type { Change, Platform, Transport } from './ports.ts'
import type { Session } from './session.ts'
import type { Siblings } from './siblings.ts'

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
