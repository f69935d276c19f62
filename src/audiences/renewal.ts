/** When the token of an audience is renewed though nobody waits for it. */
// Decisions (ARCHITECTURE.md): D57.

import type { Cancel } from '../core/ports.ts'
import type { Context } from '../core/protocol/context.ts'
import { since } from '../core/protocol/instant.ts'
import type { Refresher } from '../core/protocol/refresher.ts'
import { floorOf } from '../core/protocol/schedule.ts'
import type { Held } from '../core/protocol/view.ts'
import { isByStatus } from './answers.ts'
import type { AudienceDeniedError } from './denied-error.ts'

/** How soon a doubt is settled that a denial leaves (in milliseconds). */
const SOON = 2_000

export interface Renewal {
  /** This tab uses the token: it is renewed before it expires. Others expire, and are renewed when they are asked for. */
  use(): void
  /**
   * A refresh has failed, because the audience is `denied` or otherwise. What may have spent the refresh token is tried
   * again even if nobody asks: a server that forgives a resend does so for a short time, and a granted answer that is not
   * in the ledger yet is the only one with the new refresh token.
   */
  settle(denied: AudienceDeniedError | undefined): void
  stop(): void
}

/** @param own refreshes the session's own token */
export function createRenewal(
  { clock, ledger, of, resendWithin, session, unsettled }: Context,
  refresher: Refresher,
  own: Refresher,
): Renewal {
  let isUsed = false
  let isStopped = false
  let usedToken: Held | undefined
  let cancelRenewal: Cancel = () => {}
  let cancelSettling: Cancel = () => {}

  /** A failure is told as an event. */
  function wait(delay: number, task: () => unknown): Cancel {
    if (isStopped) return () => {}
    return clock.after(Math.max(0, Math.ceil(delay)), () => {
      Promise.resolve(task()).catch(() => undefined)
    })
  }

  function arm(): void {
    cancelRenewal()
    const { held } = session
    if (!isUsed || held?.refreshAfter === undefined || !session.renewable) return
    const age = since(clock, held.receivedAt)
    // One that has expired is renewed when it is asked for.
    if (age >= (held.lifetime as number)) return
    // A renewal that has failed is tried again after its pause.
    const delay = Math.max(held.refreshAfter - age, floorOf(held.lifetime) - age, refresher.pause() ?? 0)
    cancelRenewal = wait(delay, () => (session.held === held ? refresher.refresh(true) : arm()))
  }

  function settleLater(): void {
    cancelSettling()
    const pause = refresher.pause() ?? 0
    cancelSettling = wait(pause, () => ((refresher.pause() ?? 0) > 0 ? settleLater() : settleNow()))
  }

  async function settleNow(denial?: AudienceDeniedError): Promise<void> {
    // The session's own request tells whether the session is over.
    const { held } = of(undefined) ?? {}
    const isOld = held !== undefined && since(clock, held.receivedAt) >= floorOf(held.lifetime)
    if (denial && isByStatus(denial) && isOld) await own.refresh(true)
    const entry = await ledger.read().catch(() => undefined)
    const { doubt, denied, audience } = entry?.attempt ?? {}
    // A denied request is not repeated; without a grace period, there is no hurry to ask for the next token.
    if (denied && resendWithin < Infinity) await own.refresh(true)
    // The timer of the session's own audience sees to the attempts for it.
    const isInDoubt = doubt && !denied && audience !== undefined
    if (unsettled.answer || isInDoubt) await refresher.refresh(true)
  }

  session.on('adopted', () => {
    if (session.held === usedToken) return
    usedToken = session.held
    isUsed = false
    cancelRenewal()
  })

  return {
    use() {
      if (isUsed) return
      isUsed = true
      arm()
    },
    settle(denied) {
      arm()
      if (!denied) return settleLater()
      // Not at once: another audience may settle it, and the session's own may have been refreshed just now.
      cancelSettling()
      cancelSettling = wait(Math.min(resendWithin / 2, SOON), () => settleNow(denied))
    },
    stop() {
      cancelRenewal()
      cancelSettling()
      isStopped = true
    },
  }
}
