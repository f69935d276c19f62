/** The lock and the guards that this tab holds. The browser releases them when the page is gone. */
// Decisions (ARCHITECTURE.md): D15, D18.

import type { Cancel, Platform } from '../ports.ts'

export interface Guards {
  /** What this tab works on, by owner, and how to release its lock. Empty once the page has been hidden away. */
  readonly held: Map<string, Cancel | undefined>
  /** The owners in other tabs that have answered lately. */
  readonly heard: Set<string>
  /** Names an owner, and holds a guard of that name for as long as the page lives, where the browser grants one. */
  begin(grace: number): Promise<string>
  /** Releases what is held for an owner, or everything, because a page that is hidden away would keep it. */
  end(owner?: string): void
}

export function createGuards({ createId, locks }: Pick<Platform, 'createId' | 'locks'>): Guards {
  const held: Guards['held'] = new Map()
  return {
    held,
    heard: new Set(),
    async begin(grace) {
      const id = createId()
      const guarded = `${id}~${grace}`
      const release = await locks.request(guarded).granted
      const owner = release ? guarded : id
      held.set(owner, release)
      return owner
    },
    end(owner) {
      for (const [name, release] of held) {
        if (owner !== undefined && name !== owner) continue
        release?.()
        held.delete(name)
      }
    },
  }
}
