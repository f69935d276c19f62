/** The one timer of a tab: it refreshes before expiry, after failures, and looks around when the page wakes. */

import type { Context } from './context.ts'
import type { Cancel } from './ports.ts'
import type { Refresher } from './refresher.ts'
import { floorOf, type Instant, instantOf, since } from './schedule.ts'

/** What a tab waits when a failure does not say how long (in milliseconds). */
const RETRY = 30_000
/** A throttled timer is later than this only in a page that has slept (in milliseconds). */
const LATE = 65_000

/** Starts the timer, and the channel with it; returns what stops them. */
export function startRenewal({ clock, lifecycle, session, siblings }: Context, refresher: Refresher): Cancel {
  let cancel: Cancel = () => {}
  let isStopped = false
  let retry: (Instant & { readonly delay: number }) | undefined

  function dueIn(): number | undefined {
    if (session.status === 'signed-out') return undefined
    if (retry) return retry.delay - since(clock, retry)
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
    // So late a timer means that the machine slept.
    if (delay < -LATE) refresher.suspectWire()
    retry = undefined
    refresher.refresh().catch(() => {
      // As new tokens do, the failure itself armed the timer; it was told to listeners.
    })
  }

  async function wake(): Promise<void> {
    refresher.suspectWire()
    // The pause of a dead wire is over when it lives; that of a server stands in the ledger.
    retry &&= { ...retry, delay: 0 }
    await refresher.look()
    session.flush()
    fire()
  }

  const subscriptions = [
    session.on('adopted', () => {
      retry = undefined
      arm()
    }),
    session.on('refresh-failed', ({ error }) => {
      const instant = instantOf(clock)
      retry = { ...instant, delay: error.retryAt === undefined ? RETRY : error.retryAt - instant.now }
      arm()
    }),
    lifecycle.listen((event) => {
      if (event === 'hide') {
        siblings.close()
        return
      }
      if (event === 'show') siblings.open()
      // Storage that fails now is read again by the refresh itself.
      wake().catch(fire)
    }),
  ]
  siblings.open()

  return () => {
    isStopped = true
    cancel()
    siblings.close()
    for (const unsubscribe of subscriptions) unsubscribe()
  }
}
