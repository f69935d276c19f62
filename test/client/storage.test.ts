// The ledger in IndexedDB, over a storage that the test controls.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Entry } from '../../src/core/entry/entry.ts'
import type { LifecycleEvent } from '../../src/core/ports.ts'
import { createLedger, PATIENCE } from '../../src/platform/ledger.ts'
import { outcome } from './harness.ts'

const ENTRY: Entry = { epoch: 1, generation: 0, status: 'signed-in' }

interface Wish {
  onsuccess?: () => unknown
  onerror?: () => void
  readonly result?: unknown
}

interface Transaction {
  oncomplete?: () => void
  onabort?: () => void
  isAborted?: boolean
  error?: Error
  readonly abort: () => void
  readonly commit: () => void
}

/**
 * A database that opens and ends transactions when told. As in browsers, a transaction that is committing cannot be
 * aborted, and the event of an abort may wait for the transaction before it, or for the page to come back.
 */
function createStorage() {
  const openings: Wish[] = []
  const transactions: Transaction[] = []
  const closed = vi.fn()
  const aborted = vi.fn()
  const written: unknown[] = []
  const readings: Wish[] = []
  const storage = {
    /** What the store holds. */
    record: undefined as unknown,
    /** Whether a reading waits until `answer` is called. */
    isSlow: false,
    written,
    closed,
    aborted,
    transactions,
    open() {
      for (const opening of openings.splice(0)) opening.onsuccess?.()
    },
    answer() {
      for (const reading of readings.splice(0)) reading.onsuccess?.()
    },
    complete() {
      for (const { oncomplete, onabort, isAborted } of transactions) (isAborted ? onabort : oncomplete)?.()
    },
    fail() {
      for (const transaction of transactions) {
        transaction.error = new Error('the disk is full')
        transaction.onabort?.()
      }
    },
    factory: { open } as unknown as IDBFactory,
  }

  function open(): Wish {
    const opening: Wish = { result: { close: closed, transaction } }
    openings.push(opening)
    return opening
  }

  function transaction(): object {
    const one: Transaction = {
      abort() {
        if (isCommitting) throw new DOMException('it is committing', 'InvalidStateError')
        one.isAborted = true
        aborted()
      },
      commit() {
        isCommitting = true
      },
    }
    let isCommitting = false
    transactions.push(one)
    const get = (): Wish => {
      const reading: Wish = { result: storage.record }
      readings.push({ onsuccess: () => one.isAborted || reading.onsuccess?.() })
      if (!storage.isSlow) queueMicrotask(storage.answer)
      return reading
    }
    return Object.assign(one, { objectStore: () => ({ get, put: (entry: unknown) => written.push(entry) }) })
  }

  return storage
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const write = { entry: ENTRY, result: 'written' }

describe('a database that does not open in time', () => {
  test('leaves every caller to the memory of the tab, and is closed when it opens late', async () => {
    const { factory, open, closed, transactions } = createStorage()
    const blocked = vi.fn()
    const ledger = createLedger(factory, 'x', blocked)
    const first = ledger.read()
    await vi.advanceTimersByTimeAsync(PATIENCE - 1)
    const second = ledger.update(() => write)
    await vi.advanceTimersByTimeAsync(1)
    open()
    expect([await outcome(first), await outcome(second)]).toEqual([undefined, 'written'])
    expect([ledger.shared, blocked.mock.calls.length, closed.mock.calls.length]).toEqual([false, 1, 1])
    expect(await outcome(ledger.read())).toBe(ENTRY)
    expect(transactions).toHaveLength(0)
  })
})

describe('reads', () => {
  test('that wait for the database share a transaction', async () => {
    const { complete, factory, open, transactions } = createStorage()
    const ledger = createLedger(factory, 'x', () => {})
    const reads = [ledger.read(), ledger.read(), ledger.read()]
    open()
    await vi.advanceTimersByTimeAsync(0)
    complete()
    expect(await Promise.all(reads)).toEqual([undefined, undefined, undefined])
    expect(transactions).toHaveLength(1)
  })

  test('that are asked for after one has begun are a transaction of their own', async () => {
    const storage = createStorage()
    const ledger = createLedger(storage.factory, 'x', () => {})
    const first = ledger.read()
    storage.open()
    await vi.advanceTimersByTimeAsync(0)
    storage.record = ENTRY
    const second = ledger.read()
    await vi.advanceTimersByTimeAsync(0)
    storage.complete()
    expect([await first, await second]).toEqual([undefined, ENTRY])
  })
})

describe('a transaction that does not end in time', () => {
  async function begin() {
    const storage = createStorage()
    storage.isSlow = true
    const ledger = createLedger(storage.factory, 'x', () => {})
    const written = ledger.update(() => write)
    storage.open()
    await vi.advanceTimersByTimeAsync(PATIENCE - 1)
    expect(await outcome(written)).toBe('pending')
    return { ...storage, ledger, written }
  }

  test('is aborted, and reported as an error', async () => {
    const { aborted, ledger, written } = await begin()
    written.catch(() => {})
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome(written)).toEqual(new Error('IndexedDB does not answer'))
    expect([ledger.shared, aborted.mock.calls.length]).toEqual([true, 1])
  })

  test('has written all the same if it is being committed', async () => {
    const { answer, complete, written } = await begin()
    answer()
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome(written)).toBe('pending')
    complete()
    expect(await outcome(written)).toBe('written')
  })

  test('costs no timer once it has ended', async () => {
    const { answer, complete, written } = await begin()
    answer()
    complete()
    expect(await outcome(written)).toBe('written')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a page that is frozen or goes into the back/forward cache', () => {
  function open() {
    const storage = createStorage()
    const listeners = new Set<(event: LifecycleEvent) => void>()
    const lifecycle = {
      isHidden: () => false,
      isOnline: () => true,
      listen(listener: (event: LifecycleEvent) => void) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
    const ledger = createLedger(storage.factory, 'x', () => {}, lifecycle)
    const tell = (event: LifecycleEvent): void => {
      for (const listener of listeners) listener(event)
    }
    const pass = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
    storage.isSlow = true
    const transition = vi.fn(() => write)
    const written = ledger.update(transition)
    return { ...storage, ledger, lifecycle, listeners, tell, pass, transition, written }
  }

  async function begin() {
    const scene = open()
    scene.open()
    await scene.pass()
    return scene
  }

  test('leaves no transaction open, and makes it again when it is back', async () => {
    const { aborted, answer, complete, open: openAll, pass, tell, transactions, transition, written } = await begin()
    tell('hide')
    tell('hide')
    expect(aborted).toHaveBeenCalledTimes(1)
    tell('show')
    complete()
    await pass()
    openAll()
    await pass()
    expect([await outcome(written), transactions.length]).toEqual(['pending', 2])
    answer()
    complete()
    expect([await outcome(written), transition.mock.calls.length]).toEqual(['written', 1])
  })

  test.each(['show', 'wake'] as const)('opens none before it is back: %s', async (event) => {
    const { answer, complete, ledger, pass, tell, transactions, transition } = await begin()
    answer()
    tell('hide')
    const updated = ledger.update(transition)
    await pass()
    expect(transactions).toHaveLength(1)
    tell(event)
    await pass()
    answer()
    complete()
    expect([await outcome(updated), transition.mock.calls.length]).toEqual(['written', 2])
  })

  test('does not begin to open the database', async () => {
    const { factory, lifecycle, tell } = open()
    const opened = vi.spyOn(factory, 'open')
    const ledger = createLedger(factory, 'x', () => {}, lifecycle)
    tell('hide')
    ledger.read().catch(() => {})
    expect(opened).not.toHaveBeenCalled()
    tell('show')
    await vi.advanceTimersByTimeAsync(0)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  test('begins nothing in a database that opens meanwhile', async () => {
    const { answer, complete, open: openAll, pass, tell, transactions, written } = open()
    tell('hide')
    openAll()
    await pass()
    expect(transactions).toHaveLength(0)
    tell('show')
    await pass()
    answer()
    complete()
    expect(await outcome(written)).toBe('written')
  })

  test('that freezes while the database opens does not fall back to memory', async () => {
    const { answer, complete, ledger, open: openAll, pass, tell, written } = open()
    tell('hide')
    await vi.advanceTimersByTimeAsync(PATIENCE)
    tell('show')
    openAll()
    await pass()
    openAll()
    await pass()
    answer()
    complete()
    expect([await outcome(written), ledger.shared]).toEqual(['written', true])
  })

  test('does not give up what it has written, nor writes it twice', async () => {
    const { aborted, answer, fail, tell, transactions, transition, written } = await begin()
    answer()
    tell('hide')
    expect(aborted).not.toHaveBeenCalled()
    tell('show')
    fail()
    expect(await outcome(written)).toEqual(new Error('the disk is full'))
    expect([transactions.length, transition.mock.calls.length]).toEqual([1, 1])
  })

  test('gives nobody up where the ledger is closed meanwhile', async () => {
    const { answer, complete, ledger, pass, tell, transition, open: openAll } = await begin()
    answer()
    tell('hide')
    const updated = ledger.update(transition)
    ledger.close()
    await pass()
    openAll()
    await pass()
    answer()
    complete()
    expect(await outcome(updated)).toBe('written')
  })

  test('is listened to until the ledger is closed', async () => {
    const { ledger, listeners } = await begin()
    expect(listeners.size).toBe(1)
    ledger.close()
    expect(listeners.size).toBe(0)
  })
})

describe('a record that cannot be read', () => {
  const NEWER = { ...ENTRY, version: 2 }
  const records = [null, 'text', {}, { ...ENTRY, epoch: 'x' }, { epoch: 1, status: 'signed-in' }, NEWER]

  function begin(record: unknown) {
    const storage = createStorage()
    storage.record = record
    const ledger = createLedger(storage.factory, 'x', () => {})
    const end = async (): Promise<void> => {
      storage.open()
      await vi.advanceTimersByTimeAsync(0)
      storage.complete()
    }
    return { ...storage, ledger, end }
  }

  test.each(records)('is not taken for an empty ledger: %j', async (record) => {
    const { ledger, end, written } = begin(record)
    const transition = vi.fn(() => write)
    const updated = ledger.update(transition)
    const read = ledger.read()
    updated.catch(() => {})
    read.catch(() => {})
    await end()
    const error = new Error('IndexedDB cannot be read')
    expect([await outcome(updated), await outcome(read)]).toEqual([error, error])
    expect([written, transition.mock.calls, ledger.shared]).toEqual([[], [], true])
  })

  test.each(records)('gives way to a sign-in or a sign-out: %j', async (record) => {
    const { ledger, end, written } = begin(record)
    const transition = vi.fn(() => write)
    const updated = ledger.update(transition, true)
    await end()
    expect(await outcome(updated)).toBe('written')
    expect([written, transition.mock.calls]).toEqual([[ENTRY], [[undefined]]])
  })
})
