/** The lease: how long the owners of attempts in other tabs are left alone, and which of them are gone. */

import type { Platform } from '../ports.ts'
import type { Guards } from './guards.ts'
import { POLLING, SILENCE } from './limits.ts'
import type { Siblings } from './siblings.ts'

/** What a lease depends on. */
export interface Owned {
  readonly owner: string
  readonly overdue?: boolean | undefined
}

interface Observation {
  readonly since: number
  /** When it was first asked whether it lives, of those times that it has not answered. */
  askedAt: number
  /** Its guard was free. */
  isGone: boolean
}

export interface Lease {
  /**
   * Remembers since when the ledger shows these owners, and tells whether one of them is still to be left alone. This tab
   * measures it by itself, on the clock that cannot jump: instants of other tabs prove nothing.
   */
  observe(...owned: readonly Owned[]): boolean
  /** Waits for news, or for a moment: meanwhile it asks whether the owners live, and waits for their guards. */
  wait(): Promise<void>
}

/** @param length in milliseconds */
export function createLease(
  { clock, locks }: Pick<Platform, 'clock' | 'locks'>,
  siblings: Pick<Siblings, 'changed' | 'wake' | 'askWhetherAlive'>,
  { heard }: Pick<Guards, 'heard'>,
  length: number,
): Lease {
  let observed = new Map<string, Observation>()
  let endsAt = 0

  return {
    observe(...owned) {
      const now = clock.elapsed()
      const before = observed
      observed = new Map()
      endsAt = Math.max(
        ...owned.map(({ owner, overdue }) => {
          const seen = before.get(owner) ?? { since: now, askedAt: Number.POSITIVE_INFINITY, isGone: false }
          observed.set(owner, seen)
          if (heard.delete(owner)) seen.askedAt = Number.POSITIVE_INFINITY
          const isGone = !overdue && (seen.isGone || now - seen.askedAt >= SILENCE)
          // Without a guard there is no grace in its name.
          return seen.since + Math.min(length, isGone ? Number(owner.split('~')[1] ?? length) : length)
        }),
      )
      return endsAt > now
    },
    wait() {
      const now = clock.elapsed()
      const ended = siblings.changed(Math.min(POLLING, Math.max(1, Math.ceil(endsAt - now))))
      for (const [owner, seen] of observed) {
        if (seen.isGone) continue
        seen.askedAt = Math.min(seen.askedAt, now)
        siblings.askWhetherAlive(owner)
        const { granted, cancel } = locks.request(owner)
        void granted.then((release) => {
          if (!release) return
          release()
          seen.isGone = true
          siblings.wake()
        })
        void ended.then(cancel)
      }
      return ended
    },
  }
}
