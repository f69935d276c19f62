/** Listeners: told one after another, in order; one that throws harms nobody and is reported. */

import type { Cancel } from './ports.ts'

export interface Emitter<Events> {
  on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): Cancel
  emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void
  clear(): void
}

export function createEmitter<Events>(report: (error: unknown) => void): Emitter<Events> {
  // Wrapped, so that the same function added twice is two listeners.
  const entries = new Set<{ readonly name: keyof Events; readonly listener: (detail: never) => void }>()
  return {
    on(name, listener) {
      const entry = { name, listener }
      entries.add(entry)
      return () => entries.delete(entry)
    },
    emit(name, detail) {
      for (const entry of [...entries]) {
        try {
          if (entry.name === name) entry.listener(detail as never)
        } catch (error) {
          report(error)
        }
      }
    },
    clear: () => entries.clear(),
  }
}
