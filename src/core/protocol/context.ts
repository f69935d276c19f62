/** What the parts of the core share: writing the ledger with retries, and telling the tabs about it. */

import type { Claim } from '../entry/entry.ts'
import { RefreshUnavailableError } from '../errors.ts'
import type { Adopt, Ledger, Platform, Transport } from '../ports.ts'
import type { Failure, Outcome } from '../responses/outcome.ts'
import type { Guards } from './guards.ts'
import type { Instant } from './instant.ts'
import type { Lease } from './lease.ts'
import { SETTLING } from './limits.ts'
import type { Session } from './session.ts'
import type { Siblings } from './siblings.ts'

export interface ClaimedOutcome {
  readonly claim: Claim
  readonly outcome: Outcome
  readonly receivedAt: Instant
  /** How long the server took (in milliseconds). */
  readonly wait: number
}

/** What to do after a turn: nothing; another turn; or another turn after the attempt of another tab. */
export type Step = 'done' | 'again' | 'wait'

export interface Context extends Omit<Platform, 'degraded'> {
  readonly transport: Transport
  readonly refreshTimeout: number
  readonly resendWithin: number
  readonly adopt: Adopt | undefined
  readonly session: Session
  readonly siblings: Siblings
  readonly guards: Guards
  /** One for all that this tab waits for: it never waits for two things. */
  readonly lease: Lease
  /** Writes the ledger, and tries again what storage refuses. */
  readonly persist: Ledger['update']
  /** A granted answer of this tab that is not in the ledger yet, for whichever audience. */
  readonly unsettled: { answer?: ClaimedOutcome | undefined }
  /** Whose tokens `session` has, if that is not the session's own audience. */
  readonly audience?: string
  /** What is known of an audience; undefined for one that this client does not have. */
  of(audience: string | undefined): Session | undefined
  /** What `ApplyOutcome` does if the server gives an audience no token; `asker` wanted one, of whichever audience. */
  deny?(claim: Claim, outcome: Failure, asker: Session): Promise<Step>
  /** Starts a task in a microtask of its own, after those of the other audiences: one refresh token, one refresh at a time. */
  inTurn(task: () => Promise<void>): Promise<void>
}

/** The longest pause between two tries to write the ledger (in milliseconds). */
const LONGEST_PAUSE = 2_000

/** Tries for as long as the lease allows for writing; then throws a RefreshUnavailableError. */
export function createPersist({ clock, ledger }: Pick<Platform, 'clock' | 'ledger'>): Ledger['update'] {
  return async (transition, overwrites) => {
    const startedAt = clock.elapsed()
    for (let pause = 30; ; pause *= 4) {
      try {
        return await ledger.update(transition, overwrites)
      } catch (cause) {
        if (pause > LONGEST_PAUSE || clock.elapsed() - startedAt >= SETTLING) {
          // Soon, because an answer may wait to be committed.
          const retryAt = clock.now() + 1_000
          throw new RefreshUnavailableError('IndexedDB cannot be written', { cause, retryAt })
        }
        await new Promise<void>((resolve) => clock.after(pause, resolve))
      }
    }
  }
}
