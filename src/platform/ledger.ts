/** The ledger in IndexedDB, the one store that tabs see alike; and its stand-in where there is none. */

import { get, promisifyRequest, type UseStore } from 'idb-keyval'
import type { Entry } from '../core/ledger.ts'
import type { Change, Ledger } from '../core/ports.ts'

const STORE = 'ledger'
const KEY = 'session'
/** WebKit has had versions in which opening never ends (in milliseconds). */
const OPENING = 5_000

/** `onBlocked` is told when the browser turns out to refuse storage; then this tab is on its own. */
export function createLedger(factory: IDBFactory, name: string, onBlocked: () => void): Ledger {
  let opening: Promise<IDBDatabase> | undefined
  let wasOpen = false
  let standIn: Ledger | undefined

  function open(): Promise<IDBDatabase> {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the ledger does not open')), OPENING)
      const request = factory.open(name)
      request.onupgradeneeded = () => request.result.createObjectStore(STORE)
      promisifyRequest(request)
        .then((database) => {
          wasOpen = true
          // The connection goes when the storage is cleared, and Safari drops some on its own; the next use opens another.
          database.onclose = forget
          database.onversionchange = () => {
            database.close()
            forget()
          }
          resolve(database)
        }, reject)
        .finally(() => clearTimeout(timer))
    })
    opening.catch(forget)
    return opening
  }

  function forget(): void {
    opening = undefined
  }

  const useStore: UseStore = async (mode, callback) => {
    const database = await open()
    let transaction: IDBTransaction
    try {
      transaction = database.transaction(STORE, mode, { durability: 'strict' })
    } catch (error) {
      forget()
      throw error
    }
    return callback(transaction.objectStore(STORE))
  }

  /** Storage that never opened is blocked; storage that fails later is tried again, lest two ledgers exist. */
  async function use<Result>(task: (ledger: Ledger) => Promise<Result>): Promise<Result> {
    try {
      return await task(standIn ?? database)
    } catch (error) {
      if (wasOpen) throw error
      if (!standIn) onBlocked()
      standIn ??= createMemoryLedger()
      return task(standIn)
    }
  }

  const database: Ledger = {
    shared: true,
    read: () => get<Entry>(KEY, useStore),
    update: <Result>(transition: (entry: Entry | undefined) => Change<Result>) =>
      useStore('readwrite', (store) => {
        let result: Result
        const reading = store.get(KEY)
        reading.onsuccess = () => {
          const change = transition(reading.result)
          result = change.result
          if (change.entry) store.put(change.entry, KEY)
        }
        // Resolved by `complete`: only then is the change durable.
        return promisifyRequest(store.transaction).then(() => result)
      }),
    close() {},
  }

  return {
    get shared() {
      return !standIn
    },
    read: () => use((ledger) => ledger.read()),
    update: (transition) => use((ledger) => ledger.update(transition)),
    close() {
      opening?.then(
        (connection) => connection.close(),
        () => {
          // What never opened needs no closing.
        },
      )
      forget()
    },
  }
}

/** Serves one tab alone. */
export function createMemoryLedger(): Ledger {
  let entry: Entry | undefined
  return {
    shared: false,
    read: async () => entry,
    async update(transition) {
      const change = transition(entry)
      entry = change.entry ?? entry
      return change.result
    },
    close() {},
  }
}
