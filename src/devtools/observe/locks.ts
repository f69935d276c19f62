/** Sees the lock: asked for, held, released, or given up because the wait was over. Guards of owners are left alone. */

import type { Cancel, Locks } from '../../core/ports.ts'
import { type Emit, nextId } from '../observation.ts'
import { patch } from './patch.ts'

export function watchLocks(locks: Locks, emit: Emit): Cancel {
  return patch(locks, 'request', (request) => (owner) => {
    if (owner !== undefined) return request(owner)
    const id = nextId()
    emit({ kind: 'lock', step: 'asked', id })
    const { granted, cancel } = request()
    const observed = granted.then((release) => {
      emit({ kind: 'lock', step: release ? 'held' : 'given up', id })
      if (!release) return release
      return () => {
        emit({ kind: 'lock', step: 'released', id })
        release()
      }
    })
    return { granted: observed, cancel }
  })
}
