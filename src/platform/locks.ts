/** The Web Lock of one client (https://w3c.github.io/web-locks/); and its stand-in where there is none. */

import type { Cancel, Locks } from '../core/ports.ts'

export function createLocks(manager: LockManager, name: string): Locks {
  return {
    request(steal) {
      const waiting = new AbortController()
      const granted = new Promise<Cancel | undefined>((resolve) => {
        const hold = (): Promise<void> => new Promise((release) => resolve(release))
        // A signal and `steal` exclude each other; a stolen lock is granted at once.
        const options = steal ? { steal } : { signal: waiting.signal }
        // Rejects when cancelled, when stolen from (the holder runs on), and on return from WebKit's page cache.
        manager.request(name, options, hold).catch(() => resolve(undefined))
      })
      return { granted, cancel: () => waiting.abort() }
    },
  }
}

/** Grants at once: then the ledger alone keeps tabs apart. */
export function createNoLocks(): Locks {
  return { request: () => ({ granted: Promise.resolve(undefined), cancel() {} }) }
}
