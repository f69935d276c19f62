// Sees the Web Lock: asked for, held, released, or given up because it was stolen or the wait was over.

import { type Emit, nextId } from './observation.ts'

export function observeLocks(isOurs: (name: string) => boolean, emit: Emit): void {
  const manager = navigator.locks
  if (typeof manager?.request !== 'function') return
  type Request = (name: string, ...rest: readonly unknown[]) => Promise<unknown>
  const request = manager.request.bind(manager) as Request

  const observed: Request = (name, ...rest) => {
    if (!isOurs(name)) return request(name, ...rest)
    const hold = rest.at(-1) as LockGrantedCallback<unknown>
    const id = nextId()
    emit({ kind: 'lock', step: 'asked', id })
    const promise = request(name, ...rest.slice(0, -1), async (lock: Lock | null) => {
      emit({ kind: 'lock', step: 'held', id })
      try {
        return await hold(lock)
      } finally {
        emit({ kind: 'lock', step: 'released', id })
      }
    })
    promise.catch(() => emit({ kind: 'lock', step: 'given up', id }))
    return promise
  }

  Object.defineProperty(manager, 'request', { configurable: true, writable: true, value: observed })
}
