/** What the server has denied to one audience, for as long as that counts. */

import type { RefreshUnavailableError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import { DENIAL, failureOf } from './answers.ts'
import { AudienceDeniedError } from './denied-error.ts'

export interface Denial {
  /** The denial that counts now. */
  current(): AudienceDeniedError | undefined
  /** The failure of a refresh that need not ask, because the answer is known. */
  failure(): RefreshUnavailableError | undefined
  /** Takes note of a denial, if that is why a refresh has failed. One that counts does not begin anew. */
  note(cause: unknown): void
  forget(): void
}

export function createDenial(clock: Clock): Denial {
  let error: AudienceDeniedError | undefined
  let deniedAt = 0

  const left = (): number => deniedAt + DENIAL - clock.elapsed()
  const current = (): AudienceDeniedError | undefined => (left() > 0 ? error : undefined)

  return {
    current,
    failure() {
      const denied = current()
      return denied && failureOf(denied, clock.now() + left())
    },
    note(cause) {
      if (!(cause instanceof AudienceDeniedError) || cause === current()) return
      error = cause
      deniedAt = clock.elapsed()
    },
    forget() {
      error = undefined
    },
  }
}
