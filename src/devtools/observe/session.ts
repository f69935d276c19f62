/** Sees what the session of this tab becomes, and why a refresh begins. */

import type { SignedOutReason } from '../../core/entry/entry.ts'
import type { Cancel } from '../../core/ports.ts'
import type { Insides } from '../../insides.ts'
import type { Emit, RefreshCause } from '../observation.ts'
import { patch } from './patch.ts'

const REASONS: readonly SignedOutReason[] = [
  'initial',
  'requested',
  'rejected',
  'reuse-detected',
  'in-doubt',
  'no-refresh-token',
  'superseded',
]

/** A wake-up looks at the ledger first, and asks the siblings (in milliseconds). */
const WAKING = 1_000

export function watchSession({ context, refresher }: Pick<Insides, 'context' | 'refresher'>, emit: Emit): Cancel {
  const { clock, lifecycle, session } = context
  let wokeAt = Number.NEGATIVE_INFINITY
  let isRefused = false

  function causeOf(isTimer: boolean): RefreshCause {
    if (isTimer) return clock.elapsed() - wokeAt <= WAKING ? 'wake-up' : 'timer'
    if (isRefused) return '401'
    return session.held ? 'demand' : 'start'
  }

  const undo = [
    patch(refresher, 'refresh', (refresh) => (isTimer = false) => {
      const wasPending = isPending
      const cause = causeOf(isTimer)
      isRefused = false
      const promise = refresh(isTimer)
      // Several calls join one refresh: the first says why.
      if (!wasPending) {
        isPending = true
        if (session.status !== 'signed-out' && refresher.pause() === undefined)
          emit({ kind: 'refresh', step: 'begun', cause })
        const end = (): void => {
          isPending = false
          wokeAt = Number.NEGATIVE_INFINITY
        }
        promise.then(end, end)
      }
      return promise
    }),
    patch(refresher, 'suspectWire', (suspect) => () => {
      wokeAt = clock.elapsed()
      emit({ kind: 'page', step: 'woke' })
      suspect()
    }),
    patch(session, 'distrust', (distrust) => (held) => {
      isRefused = held !== undefined
      distrust(held)
    }),
    patch(session, 'fail', (fail) => (error) => {
      emit({ kind: 'session', step: 'refresh-failed', source: 'this-tab' })
      if (error.retryAt) emit({ kind: 'pause', step: 'begun', until: error.retryAt })
      fail(error)
    }),
    patch(session, 'adopt', (adopt) => (entry, source, held) => {
      const { status, mark } = session
      const before = session.held
      adopt(entry, source, held)
      const { generation } = session.mark
      if (session.status === 'signed-out' && status !== 'signed-out') {
        // A refresh function may report a reason of its own making.
        const detail = REASONS.includes(session.reason) ? session.reason : 'rejected'
        const { wasSignedIn } = session
        const isSignIn = entry.status === 'signing-in'
        emit({ kind: 'session', step: 'signed-out', source, detail, wasSignedIn, isSignIn })
      } else if (session.status === 'signed-in') {
        const isNew = status !== 'signed-in' || mark.epoch !== session.mark.epoch
        if (isNew) emit({ kind: 'session', step: 'signed-in', source, generation })
        else if (session.held !== before) emit({ kind: 'session', step: 'refreshed', source, generation })
      }
    }),
    lifecycle.listen((event) => {
      if (event === 'hide') emit({ kind: 'page', step: 'frozen' })
      if (event === 'show') emit({ kind: 'page', step: 'thawed' })
    }),
  ]
  let isPending = false
  return () => {
    for (const step of undo) step()
  }
}
