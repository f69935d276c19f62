/** The bounded record of what was seen; it may survive a reload in `sessionStorage`. */

import { optional } from '../core/optional.ts'
import type { Observation, Sight } from './observation.ts'

export interface BoundedRecord {
  /** The oldest first. */
  entries(): readonly Observation[]
  add(observation: Observation): void
  save(): void
}

/** How much of it is stored: more than an hour of a tab, less than a share of the quota that anybody notices. */
const STORED = 200

/** Timers that are armed and cancelled say little, and are many. */
const isKept = (sight: Sight): boolean =>
  sight.kind !== 'timer' || (sight.timer === 'refresh' ? sight.step === 'armed' : sight.step === 'fired')

function read(text: string | null): readonly Observation[] {
  const stored: unknown = text && optional(() => JSON.parse(text))
  if (!Array.isArray(stored)) return []
  return stored.filter((one) => typeof one?.at === 'number' && typeof one?.kind === 'string').slice(-STORED)
}

/** @param key where it is stored; undefined when a reload is to forget it */
export function createRecord(limit: number, key: string | undefined): BoundedRecord {
  // Where storage is blocked, reading the global throws.
  const storage = key === undefined ? undefined : optional(() => globalThis.sessionStorage)
  let entries: readonly Observation[] = storage ? read(optional(() => storage.getItem(key as string)) ?? null) : []
  return {
    entries: () => entries,
    add(observation) {
      const last = entries.at(-1)
      // Arming the timer again replaces what was said of it.
      const isRearmed = last?.kind === 'timer' && last.step === 'armed' && observation.kind === 'timer'
      if (isKept(observation)) entries = [...(isRearmed ? entries.slice(0, -1) : entries), observation].slice(-limit)
    },
    save() {
      // A full quota costs the record, not the page.
      optional(() => storage?.setItem(key as string, JSON.stringify(entries.slice(-STORED))))
    },
  }
}
