/** What each lane was seen to do in the last minutes. */

import type { Observation } from '../observation.ts'
import { now } from '../time.ts'

/** How long what was seen is kept (in milliseconds). */
export const KEPT = 180_000
/** How much of it, for each lane. */
const MOST = 1_200

export interface History {
  of(id: string): readonly Observation[]
  /** Keeps what is new, and returns it. */
  add(id: string, seen: readonly Observation[]): readonly Observation[]
}

export function createHistory(): History {
  const lanes = new Map<string, readonly Observation[]>()
  return {
    of: (id) => lanes.get(id) ?? [],
    add(id, seen) {
      const kept = lanes.get(id) ?? []
      const newest = kept.at(-1)?.at ?? 0
      const fresh = seen.filter(({ at }) => at > newest)
      const oldest = now() - KEPT
      lanes.set(id, [...kept, ...fresh].filter(({ at }) => at > oldest).slice(-MOST))
      return fresh
    },
  }
}
