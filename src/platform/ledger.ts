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

  async function open(factory: IDBFactory): Promise<IDBDatabase> {
    const request = factory.open(name)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    const database = await promisifyRequest(request)
    wasOpen = true
    // The connection goes when the storage is cleared, and Safari drops some on its own; the next use opens another.
    database.onclose = forget
    database.onversionchange = close
    return database
  }

  async function transact<Result>(mode: IDBTransactionMode, transition: Transition<Result>): Promise<Result> {
    let transaction: IDBTransaction | undefined
    let isLate = false
    async function run(factory: IDBFactory): Promise<Result> {
      opening ??= open(factory)
      const database = await opening
      if (isLate) throw new Error('the ledger opened too late')
      transaction = database.transaction(STORE, mode, { durability: 'strict' })
      const store = transaction.objectStore(STORE)
      let result: Result
      const reading = store.get(KEY)
      reading.onsuccess = () => {
        const change = transition(reading.result)
        result = change.result
        if (change.entry) store.put(change.entry, KEY)
      }
      // Resolved by `complete`: only then is the change durable.
      return await promisifyRequest(transaction).then(() => result)
    }
    try {
      // What nobody waits for any more must not happen later.
      if (factory && isShared)
        return await inTime(run(factory), () => {
          isLate = true
          transaction?.abort()
        })
    } catch (error) {
      close()
      // Storage that fails later is tried again, lest two ledgers exist.
      if (wasOpen) throw error
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

function inTime<Value>(promise: Promise<Value>, abort: () => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('the ledger does not answer'))
      // It may have ended in this very moment.
      optional(abort)
    }, PATIENCE)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
