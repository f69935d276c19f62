/** The ledger in IndexedDB, the only store that all tabs read consistently; in memory where there is none. */
// Decisions (ARCHITECTURE.md): D12, D13, D18.

import { promisifyRequest } from 'idb-keyval'
import { type Change, type Entry, readEntry } from '../core/entry/entry.ts'
import { optional } from '../core/optional.ts'
import type { Ledger, Lifecycle } from '../core/ports.ts'

const STORE = 'ledger'
const KEY = 'session'
/** WebKit has had versions in which opening never ends; a debugger may keep a transaction open (in milliseconds). */
export const PATIENCE = 5_000

type Transition<Result> = (entry: Entry | undefined) => Change<Result>

/**
 * Without IndexedDB, this tab is alone with a ledger in memory. `onBlocked` is called if the browser refuses storage later.
 */
export function createLedger(
  factory: IDBFactory | undefined,
  name: string,
  onBlocked: () => void,
  lifecycle?: Lifecycle,
): Ledger {
  let opening: Promise<IDBDatabase> | undefined
  let wasOpen = false
  /** Undefined from the moment when the browser refuses storage. */
  let storage = factory
  let memory: Entry | undefined
  /** Pending while the page is frozen or in the back/forward cache: a transaction that is open then locks out all tabs. */
  let away: Promise<void> | undefined
  let comeBack = (): void => {}
  let absences = 0
  /** Reads that wait for their transaction share it. */
  let nextRead: Promise<Entry | undefined> | undefined
  /** The open transactions, but for those that were given up. */
  const running = new Set<IDBTransaction>()

  const unlisten = lifecycle?.listen((event) => {
    if (event !== 'hide') return comeBack()
    absences++
    away ??= new Promise((resolve) => {
      comeBack = () => {
        away = undefined
        resolve()
      }
    })
    for (const transaction of running) {
      optional(() => {
        // It throws if the transaction is being committed.
        transaction.abort()
        running.delete(transaction)
      })
    }
  })

  const forget = (): void => {
    opening = undefined
  }

  function close(): void {
    opening?.then(
      (database) => database.close(),
      () => {
        // A database that never opened needs no closing.
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
    return inTime(opened, () => void opened.then((database) => database.close(), forget))
  }

  /** Begins again when the page is back, if it went away before anything was written. */
  async function transact<Result>(
    mode: IDBTransactionMode,
    transition: Transition<Result>,
    overwrites = false,
  ): Promise<Result> {
    if (away !== undefined) await away
    const before = absences
    let transaction: IDBTransaction | undefined
    try {
      if (storage) {
        opening ??= open(storage)
        const database = await opening
        if (away !== undefined) return transact(mode, transition, overwrites)
        // Who asks from here on needs another read: this one may miss what is written meanwhile.
        nextRead = undefined
        transaction = database.transaction(STORE, mode, { durability: 'strict' })
        running.add(transaction)
        const store = transaction.objectStore(STORE)
        let change: Change<Result> | undefined
        const reading = store.get(KEY)
        reading.onsuccess = () => {
          const entry = readEntry(reading.result)
          if (entry === null && !overwrites) return
          change = transition(entry ?? undefined)
          if (change.entry) store.put(change.entry, KEY)
          // So the write ends even if the page goes away now.
          transaction?.commit()
        }
        // Resolved by `complete`: only then is the change durable.
        const ended = promisifyRequest(transaction).then(() => {
          if (!change) throw new Error('IndexedDB cannot be read')
          return change.result
        })
        return await inTime(ended, () => transaction?.abort())
      }
    } catch (error) {
      close()
      const isUnwritten = !transaction || !running.has(transaction)
      if (isUnwritten && before !== absences) return transact(mode, transition, overwrites)
      // Storage that fails later is tried again; falling back to memory would make a second ledger.
      if (wasOpen) throw error
      if (storage) onBlocked()
      storage = undefined
    } finally {
      if (transaction) running.delete(transaction)
    }
    const change = transition(memory)
    memory = change.entry ?? memory
    return change.result
  }

  return {
    get shared() {
      return storage !== undefined
    },
    read: () =>
      (nextRead ??= transact('readonly', (entry) => ({ result: entry })).finally(() => {
        nextRead = undefined
      })),
    update: (transition, overwrites) => transact('readwrite', transition, overwrites),
    close() {
      unlisten?.()
      comeBack()
      close()
    },
  }
}

/** Rejects if a transaction takes too long, unless it is being committed already: then `abort` throws. */
function inTime<Value>(promise: Promise<Value>, giveUp: () => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      giveUp()
      reject(new Error('IndexedDB does not answer'))
    }
    const timer = setTimeout(() => optional(late), PATIENCE)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
