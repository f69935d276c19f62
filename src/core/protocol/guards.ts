/** What this tab has in hand: the lock, and a guard for each of its claims, which the browser gives up with the page. */

import type { Cancel, Platform } from '../ports.ts'

export interface Guards {
  /** Owners in other tabs that have said that they live. */
  readonly heard: Set<string>
  /** Names an owner, and holds a guard of that name for as long as the page lives, where the browser grants one. */
  begin(grace: number): Promise<string>
  hold(owner: string, release: Cancel | undefined): void
  /** Whether this tab is at work for the owner, and the page has not been hidden away since. */
  has(owner: string): boolean
  end(owner: string): void
  /** Gives everything up: a page that is hidden away would keep it for as long. */
  endAll(): void
}

export function createGuards({ createId, locks }: Pick<Platform, 'createId' | 'locks'>): Guards {
  const held = new Map<string, Cancel | undefined>()
  const end = (owner: string): void => {
    held.get(owner)?.()
    held.delete(owner)
  }
  return {
    heard: new Set(),
    async begin(grace) {
      const id = createId()
      const guarded = `${id}~${grace}`
      const release = await locks.request(guarded).granted
      const owner = release ? guarded : id
      held.set(owner, release)
      return owner
    },
    hold: (owner, release) => void held.set(owner, release),
    has: (owner) => held.has(owner),
    end,
    endAll() {
      for (const owner of held.keys()) end(owner)
    },
  }
}
