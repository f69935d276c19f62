/** Sees what the session of this tab becomes, and why a refresh begins. */

import type { SignedOutReason } from '../../core/entry/entry.ts'
import type { Cancel } from '../../core/ports.ts'
import type { Session } from '../../core/protocol/session.ts'
import type { Insides } from '../../insides.ts'
import type { Emit, RefreshCause } from '../observation.ts'
import { denialIn, deniedCode } from './denial.ts'
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

interface Watched extends Pick<Insides, 'refresher'> {
  readonly session: Session
  /** Undefined for the session's own. */
  readonly audience?: string
  /** Whether the page woke up just now. */
  hasWoken(): boolean
}

/** Sees why the refreshes of one audience begin, what they bring, and what they fail with. */
function watchRefreshes({ session, refresher, audience, hasWoken }: Watched, onEnd: () => void, emit: Emit): Cancel[] {
  let isPending = false
  let isRefused = false

  function causeOf(isTimer: boolean): RefreshCause {
    if (isTimer) return hasWoken() ? 'wake-up' : 'timer'
    if (isRefused) return '401'
    return session.held ? 'demand' : 'start'
  }

  return [
    patch(refresher, 'refresh', (refresh) => (isTimer = false) => {
      const wasPending = isPending
      const cause = causeOf(isTimer)
      isRefused = false
      const promise = refresh(isTimer)
      // Several calls join one refresh: the first says why.
      if (!wasPending) {
        isPending = true
        if (session.status !== 'signed-out' && refresher.pause() === undefined)
          emit({ kind: 'refresh', step: 'begun', cause, audience })
        const end = (): void => {
          isPending = false
          onEnd()
        }
        promise.then(end, end)
      }
      return promise
    }),
    patch(session, 'distrust', (distrust) => (held) => {
      isRefused = held !== undefined
      distrust(held)
    }),
    patch(session, 'fail', (fail) => (error) => {
      const denied = denialIn(error) && { isDenial: true, detail: deniedCode(error) }
      emit({ kind: 'session', step: 'refresh-failed', source: 'this-tab', audience, ...denied })
      // Nobody else waits because one audience is denied.
      if (error.retryAt && !denied) emit({ kind: 'pause', step: 'begun', until: error.retryAt })
      fail(error)
    }),
  ]
}

export function watchSession(
  { context, refresher, faces = new Map() }: Pick<Insides, 'context' | 'refresher' | 'faces'>,
  emit: Emit,
): Cancel {
  const { clock, lifecycle, session } = context
  let wokeAt = Number.NEGATIVE_INFINITY

  const hasWoken = (): boolean => clock.elapsed() - wokeAt <= WAKING
  const onEnd = (): void => {
    wokeAt = Number.NEGATIVE_INFINITY
  }

  const undo = [
    ...watchRefreshes({ session, refresher, hasWoken }, onEnd, emit),
    patch(refresher, 'suspectWire', (suspect) => () => {
      wokeAt = clock.elapsed()
      emit({ kind: 'page', step: 'woke' })
      suspect()
    }),
    patch(session, 'adopt', (adopt) => (entry, source, held) => {
      const { status, grant } = session
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
        // A login that begins or fails beside a session raises the epoch, and the session goes on.
        const isNew = status !== 'signed-in' || grant !== session.grant
        if (isNew) emit({ kind: 'session', step: 'signed-in', source, generation })
        else if (session.held !== before) emit({ kind: 'session', step: 'refreshed', source, generation })
      }
    }),
    lifecycle.listen((event) => {
      if (event === 'hide') emit({ kind: 'page', step: 'frozen' })
      if (event === 'show') emit({ kind: 'page', step: 'thawed' })
    }),
  ]
  for (const [audience, face] of faces) {
    let before = face.session.held
    undo.push(
      ...watchRefreshes({ ...face, audience, hasWoken }, () => {}, emit),
      // Its session begins and ends with the session, which tells of it.
      face.session.on('adopted', ({ source }) => {
        const { held, heldMark } = face.session
        if (held && held !== before)
          emit({ kind: 'session', step: 'refreshed', source, generation: heldMark.generation, audience })
        before = held
      }),
    )
  }
  return () => {
    for (const step of undo) step()
  }
}
