/** The ledger in IndexedDB, the one store that tabs see alike; in memory where there is none. */

import { promisifyRequest } from 'idb-keyval'
import type { Entry } from '../core/ledger.ts'
import { optional } from '../core/optional.ts'
import type { Change, Ledger } from '../core/ports.ts'

const STORE = 'ledger'
const KEY = 'session'
/** WebKit has had versions in which opening never ends; a paused page may keep its transaction open (in milliseconds). */
export const PATIENCE = 5_000

type Transition<Result> = (entry: Entry | undefined) => Change<Result>

/**
 * Without a factory, and when the browser turns out to refuse storage, this tab is on its own; of the latter
 * `onBlocked` is told.
 */
export function createLedger(factory: IDBFactory | undefined, name: string, onBlocked: () => void): Ledger {
  let opening: Promise<IDBDatabase> | undefined
  let wasOpen = false
  let isShared = factory !== undefined
  let memory: Entry | undefined

  const forget = (): void => {
    opening = undefined
  }

  function close(): void {
    opening?.then(
      (database) => database.close(),
      () => {
        // What never opened needs no closing.
      },
    )
    forget()
  }

  function open(factory: IDBFactory): Promise<IDBDatabase> {
    const request = factory.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    const opened = promisifyRequest(request).then((database) => {
      wasOpen = true
      // The connection goes when the storage is cleared, and Safari drops some on its own; the next use opens another.
      database.onclose = forget
      database.onversionchange = close
      return database
    })
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('the ledger does not open'))
        void opened.then((database) => database.close(), forget)
      }, PATIENCE)
      opened.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  async function transact<Result>(mode: IDBTransactionMode, transition: Transition<Result>): Promise<Result> {
    try {
      if (factory && isShared) {
        opening ??= open(factory)
        const transaction = (await opening).transaction(STORE, mode, { durability: 'strict' })
        // Its own event tells how it ended: one that is being committed cannot be aborted any more.
        const timer = setTimeout(() => optional(() => transaction.abort()), PATIENCE)
        const store = transaction.objectStore(STORE)
        let result: Result
        const reading = store.get(KEY)
        reading.onsuccess = () => {
          const change = transition(reading.result)
          result = change.result
          if (change.entry) store.put(change.entry, KEY)
        }
        // Resolved by `complete`: only then is the change durable.
        return await promisifyRequest(transaction)
          .then(() => result)
          .finally(() => clearTimeout(timer))
      }
    } catch (error) {
      close()
      // Storage that fails later is tried again, lest two ledgers exist. An abort has no error of its own.
      if (wasOpen) throw error ?? new Error('the ledger does not answer')
      if (isShared) onBlocked()
      isShared = false
    }
    const { entry = memory, result } = transition(memory)
    memory = entry
    return result
  }

  return {
    get shared() {
      return isShared
    },
    read: () => transact('readonly', (entry) => ({ result: entry })),
    update: (transition) => transact('readwrite', transition),
    close,
  }
}
