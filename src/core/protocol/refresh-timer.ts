/** The one timer of a tab. It refreshes before expiry and after failures, and reads the ledger when the page wakes. */

import type { Cancel } from '../ports.ts'
import type { Context } from './context.ts'
import { since } from './instant.ts'
import type { Refresher } from './refresher.ts'
import { floorOf } from './schedule.ts'

/** A throttled timer is later than this only in a page that has slept (in milliseconds). */
const LATE = 65_000

/** Starts the timer, and the channel with it; returns what stops them. */
export function startRefreshTimer(
  { channel, clock, guards, lifecycle, session, siblings }: Context,
  refresher: Refresher,
): Cancel {
  let cancel: Cancel = () => {}
  let isStopped = false

  function dueIn(): number | undefined {
    if (session.status === 'signed-out') return undefined
    const pause = refresher.pause()
    if (pause !== undefined) return pause
    const { held, renewable } = session
    if (!renewable || held?.refreshAfter === undefined) return undefined
    return Math.max(held.refreshAfter, floorOf(held.lifetime)) - since(clock, held.receivedAt)
  }

  function arm(): void {
    cancel()
    const delay = dueIn()
    // A timer is a hint: the clock is asked again when it fires.
    if (delay !== undefined && !isStopped) cancel = clock.after(Math.max(0, Math.ceil(delay)), fire)
  }

  function fire(): void {
    const delay = dueIn()
    if (delay === undefined || delay > 0) {
      arm()
      return
    }
    // A timer this late means that the machine slept.
    if (delay < -LATE) refresher.suspectWire()
    // Armed here too, because some refreshes end without an event: after a clock was set back, the last failure still
    // stands; or the tokens came from another tab and are due already. Listeners hear of errors.
    refresher.refresh(true).then(arm, arm)
  }

  async function wake(): Promise<void> {
    refresher.suspectWire()
    await refresher.look()
    session.flush()
    fire()
  }

  session.on('adopted', arm)
  session.on('refresh-failed', arm)
  const unlisten = lifecycle.listen((event) => {
    if (event === 'hide') {
      // An open channel keeps a page out of the back/forward cache, and a page in there would keep its locks.
      channel.close()
      guards.end()
      return
    }
    if (event === 'show') siblings.open()
    // If storage fails now, the refresh reads it again.
    wake().catch(fire)
  })
  siblings.open()

  return () => {
    isStopped = true
    cancel()
    siblings.close()
    unlisten()
  }
}
