/** The ledger in IndexedDB, the one store that tabs see alike; and its stand-in where there is none. */

import { get, promisifyRequest, type UseStore } from 'idb-keyval'
import type { Entry } from '../core/ledger.ts'
import type { Change, Ledger } from '../core/ports.ts'

const STORE = 'ledger'
const KEY = 'session'

export function createLedger(factory: IDBFactory, name: string): Ledger {
  let opening: Promise<IDBDatabase> | undefined

  function open(): Promise<IDBDatabase> {
    if (opening) return opening
    const request = factory.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    opening = promisifyRequest(request)
    opening.then((database) => {
      // The connection goes when the storage is cleared, and Safari drops some on its own; the next use opens another.
      database.onclose = forget
      database.onversionchange = () => {
        database.close()
        forget()
      }
    }, forget)
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

  return {
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
    close() {
      opening?.then(
        (database) => database.close(),
        () => {},
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
