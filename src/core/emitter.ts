/** Listeners: told one after another, in order; one that throws harms nobody and is reported. */

import type { Cancel } from './ports.ts'

export interface Emitter<Detail> {
  add(listener: (detail: Detail) => void): Cancel
  emit(detail: Detail): void
  clear(): void
}

export function createEmitter<Detail>(report: (error: unknown) => void): Emitter<Detail> {
  // Wrapped, so that the same function added twice is two listeners.
  const listeners = new Set<{ readonly call: (detail: Detail) => void }>()
  return {
    add(listener) {
      const entry = { call: listener }
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    emit(detail) {
      for (const listener of [...listeners]) {
        try {
          listener.call(detail)
        } catch (error) {
          report(error)
        }
      }
    },
    clear: () => listeners.clear(),
  }
}
