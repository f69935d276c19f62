/** The Web Lock of one client (https://w3c.github.io/web-locks/). */

import type { Cancel, Locks } from '../core/ports.ts'

/** Without a manager the lock is granted at once: then the ledger alone keeps tabs apart. */
export function createLocks(manager: LockManager | undefined, name: string): Locks {
  return {
    request(steal) {
      const waiting = new AbortController()
      const granted = new Promise<Cancel | undefined>((resolve) => {
        const hold = (): Promise<void> => new Promise((release) => resolve(release))
        // A signal and `steal` exclude each other; a stolen lock is granted at once.
        const options = steal ? { steal } : { signal: waiting.signal }
        // Rejects when cancelled, when stolen from (the holder runs on), and on return from WebKit's page cache.
        if (manager) manager.request(name, options, hold).catch(() => resolve(undefined))
        else resolve(undefined)
      })
      return { granted, cancel: () => waiting.abort() }
    },
  }
}
