/** The pause after a failed refresh: until it is over, callers get the same failure at once, without a look at the ledger. */
// Decisions (ARCHITECTURE.md): D22.

import type { RefreshUnavailableError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import { type Instant, instantOf, since } from './instant.ts'
import type { Session } from './session.ts'

export interface CoolDown {
  /** The failure, while its pause lasts. */
  failure(): RefreshUnavailableError | undefined
  /** How much of the pause is left (in milliseconds), 0 or less when it is over; undefined when there was no failure. */
  rest(): number | undefined
  start(error: RefreshUnavailableError): void
  /** Ends the pause: the next refresh is due now. */
  cutShort(): void
}

export function createCoolDown(clock: Clock, session: Session): CoolDown {
  let failure: RefreshUnavailableError | undefined
  let failedAt: Instant
  let pause = 0

  const rest = (): number | undefined => failure && pause - since(clock, failedAt)
  const cutShort = (): void => {
    pause = 0
  }

  session.on('adopted', () => {
    // Without tokens, only the failure says when the next refresh is due.
    if (session.status === 'signed-in' && !session.held) cutShort()
    else failure = undefined
  })

  return {
    failure: () => ((rest() ?? 0) > 0 ? failure : undefined),
    rest,
    start(error) {
      failure = error
      failedAt = instantOf(clock)
      // Every failure of a refresh says when to try again.
      pause = (error.retryAt as number) - failedAt.now
    },
    cutShort,
  }
}
