/** When a refresh was committed, and when a tab had heard of it. */

import { now } from './clock.ts'
import type { Session } from './session.ts'

/** All times since the epoch (in milliseconds). */
export interface Watched {
  /** When the last transaction that wrote another generation was complete. */
  committedAt: number
  refreshedAt: number
  refreshes: number
}

export const watched: Watched = { committedAt: 0, refreshedAt: 0, refreshes: 0 }

/** Observes the ledger from outside, by what is put into it. */
export function observe(session: Session): void {
  const { transaction } = IDBDatabase.prototype
  const { put } = IDBObjectStore.prototype
  const commits = new WeakSet<IDBTransaction>()
  let last: number | undefined
  // Before the client listens itself: all that it does at once would come first.
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...terms) {
    const created = transaction.apply(this, terms)
    created.addEventListener('complete', () => {
      if (commits.has(created)) watched.committedAt = now()
    })
    return created
  }
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, value, key) {
    if (value.generation !== last) commits.add(this.transaction)
    last = value.generation
    return put.call(this, value, key)
  }
  session.onRefreshed?.(() => {
    watched.refreshedAt = now()
    watched.refreshes++
  })
}
