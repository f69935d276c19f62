/** The Web Locks of one client (https://w3c.github.io/web-locks/). */

import type { Cancel, Locks } from '../core/ports.ts'

/** Without a manager the lock is granted at once: then the ledger alone keeps tabs apart. */
export function createLocks(manager: LockManager | undefined, name: string): Locks {
  return {
    request(owner) {
      const waiting = new AbortController()
      const granted = new Promise<Cancel | undefined>((resolve) => {
        const hold = (): Promise<void> => new Promise((release) => resolve(release))
        const { signal } = waiting
        // Rejects when cancelled, when storage is blocked, and on return from WebKit's page cache.
        if (manager)
          manager.request(owner ? `${name}:${owner}` : name, { signal }, hold).catch(() => resolve(undefined))
        else resolve(undefined)
      })
      return { granted, cancel: () => waiting.abort() }
    },
  }
}
