/** The lease: how long the owners of attempts in other tabs are left alone, and which of them are gone. */
// Decisions (ARCHITECTURE.md): D15, D16, D17.

import type { Platform } from '../ports.ts'
import type { Guards } from './guards.ts'
import { POLLING, SILENCE } from './limits.ts'
import type { Siblings } from './siblings.ts'

/** What a lease depends on. */
export interface Owned {
  readonly owner: string
  readonly overdue?: boolean | undefined
}

export interface Lease {
  /**
   * Remembers since when the ledger shows these owners, and tells whether one of them is still to be left alone. This tab
   * measures it by itself, on the clock that cannot jump: instants of other tabs prove nothing.
   */
  observe(...owned: readonly Owned[]): boolean
  /** Waits for news, or for a moment. Meanwhile it asks the owners whether they live, and asks for their guards. */
  wait(): Promise<void>
}

/** @param length in milliseconds */
export function createLease(
  { clock, locks }: Pick<Platform, 'clock' | 'locks'>,
  { changed, wake }: Pick<Siblings, 'changed' | 'wake'>,
  { heard }: Pick<Guards, 'heard'>,
  length: number,
): Lease {
  /** The owners, and since when they are seen. */
  let seen = new Map<string, number>()
  /** The owners whose pages are gone, because their guards were free. */
  const gone = new Set<string>()
  /** Since when they have not answered; undefined while they answer. */
  let askedAt: number | undefined
  /** When they were asked last: if nobody asks, their silence means nothing. */
  let polledAt = 0
  /** For how long they are still left alone, when last observed (in milliseconds). */
  let rest = 0

  return {
    observe(...owned) {
      const now = clock.elapsed()
      const before = seen
      const isAsking = now - polledAt < SILENCE / 2
      if (!isAsking || owned.some(({ owner }) => heard.has(owner) || !before.has(owner))) askedAt = undefined
      heard.clear()
      seen = new Map(owned.map(({ owner }) => [owner, before.get(owner) ?? now]))
      const isSilent = now - (askedAt ?? now) >= SILENCE
      rest = Math.max(
        ...owned.map(({ owner, overdue }) => {
          const isGone = !overdue && (isSilent || gone.has(owner))
          // Without a guard there is no grace in its name.
          const [, grace = length] = isGone ? owner.split('~') : []
          return (seen.get(owner) ?? now) + Math.min(length, Number(grace)) - now
        }),
      )
      return rest > 0
    },
    wait() {
      const owners = [...seen.keys()].filter((owner) => !gone.has(owner))
      const ended = changed(Math.min(POLLING, Math.max(1, rest)), undefined, ...owners)
      polledAt = clock.elapsed()
      askedAt ??= polledAt
      for (const owner of owners) {
        const { granted, cancel } = locks.request(owner)
        void granted.then((release) => {
          if (!release) return
          release()
          gone.add(owner)
          wake()
        })
        void ended.then(cancel)
      }
      return ended
    },
  }
}
