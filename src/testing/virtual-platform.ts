/** A virtual browser profile for tests: one clock that only moves when told, and what its tabs share. */

import type { Entry } from '../core/entry/entry.ts'
import type { Cancel, LifecycleEvent, Platform } from '../core/ports.ts'

/** The wall clock at which every test begins. */
export const START: number = Date.UTC(2026, 0, 1)

export interface VirtualTab {
  readonly platform: Platform
  /** What listeners have thrown. */
  readonly reports: unknown[]
  /** What a developer was told. */
  readonly warnings: string[]
  /** Every message that this tab has posted. */
  readonly posted: unknown[]
  isHidden: boolean
  isOnline: boolean
  fire(event: LifecycleEvent): Promise<void>
  /** The page is gone: nothing of it runs any more, and its locks are free. */
  crash(): void
  /** What this tab has left open. */
  leftovers(): readonly string[]
  /** When its timers are due (in milliseconds from now). */
  timers(): readonly number[]
}

export interface VirtualBrowser {
  entry: Entry | undefined
  /** How many of the next ledger transactions fail. */
  brokenWrites: number
  /** What `random` gives. */
  random: number
  /** How often the client's lock was asked for, and how many transactions run. */
  readonly counts: { locks: number; transactions: number }
  now(): number
  openTab(): VirtualTab
  /** Lets time pass; timers fire in order, each followed by all that it starts. */
  advance(milliseconds: number): Promise<void>
  /** Sets the wall clock, or sleeps as machines do whose monotonic clock stands still. */
  jump(milliseconds: number): void
  /** Time passes on both clocks while no timer fires; those that are overdue fire at the next `advance`. */
  sleep(milliseconds: number): void
}

interface LockRequest {
  readonly tab: VirtualTab
  grant(): void
}

interface Timer {
  readonly at: number
  readonly callback: () => void
  readonly tab: VirtualTab
}

// Captured, so that a test's fake timers do not hold it; browsers have only the slower one.
const { setImmediate: macrotask = setTimeout } = globalThis as { setImmediate?: (callback: () => void) => unknown }

/** Runs every microtask that is due, however many there are: a task begins only when none is left. */
export function drain(): Promise<void> {
  return new Promise((resolve) => macrotask(() => resolve()))
}

export function createVirtualBrowser(): VirtualBrowser {
  let wall = START
  let elapsed = 0
  let ids = 0
  const timers = new Set<Timer>()
  const queues = new Map<string, LockRequest[]>()
  const ears = new Map<VirtualTab, (message: unknown) => void>()
  const pass = (milliseconds: number): void => {
    wall += milliseconds
    elapsed += milliseconds
  }

  const browser: VirtualBrowser = {
    entry: undefined,
    brokenWrites: 0,
    random: 0.5,
    counts: { locks: 0, transactions: 0 },
    now: () => wall,
    openTab,
    async advance(milliseconds) {
      const end = elapsed + milliseconds
      await drain()
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.at - b.at)
        if (!next || next.at > end) break
        timers.delete(next)
        pass(Math.max(0, next.at - elapsed))
        next.callback()
        await drain()
      }
      pass(Math.max(0, end - elapsed))
    },
    jump(milliseconds) {
      wall += milliseconds
    },
    sleep: pass,
  }

  async function transact<Result>(work: () => Result): Promise<Result> {
    browser.counts.transactions++
    await undefined
    if (browser.brokenWrites > 0) {
      browser.brokenWrites--
      throw new Error('the storage is full')
    }
    return work()
  }

  function openTab(): VirtualTab {
    const listeners = new Set<(event: LifecycleEvent) => void>()
    let isLedgerOpen = false

    function after(delay: number, callback: () => void): Cancel {
      const timer = { at: elapsed + delay, callback, tab }
      timers.add(timer)
      return () => timers.delete(timer)
    }

    function release(request: LockRequest): void {
      for (const locks of queues.values()) {
        const place = locks.indexOf(request)
        if (place < 0) continue
        locks.splice(place, 1)
        if (place === 0) locks[0]?.grant()
      }
    }

    const ownLocks = (): LockRequest[] => [...queues.values()].flat().filter((request) => request.tab === tab)

    const tab: VirtualTab = {
      reports: [],
      warnings: [],
      posted: [],
      isHidden: false,
      isOnline: true,
      fire(event) {
        for (const listener of [...listeners]) listener(event)
        return drain()
      },
      crash() {
        for (const timer of timers) if (timer.tab === tab) timers.delete(timer)
        ears.delete(tab)
        listeners.clear()
        isLedgerOpen = false
        for (const request of ownLocks().reverse()) release(request)
      },
      timers: () => [...timers].filter((timer) => timer.tab === tab).map((timer) => timer.at - elapsed),
      leftovers: () => [
        ...tab.timers().map(() => 'timer'),
        ...[...listeners].map(() => 'listener'),
        ...ownLocks().map(() => 'lock'),
        ...(ears.has(tab) ? ['channel'] : []),
        ...(isLedgerOpen ? ['ledger'] : []),
      ],
      platform: {
        degraded: [],
        random: () => browser.random,
        createId: () => `id-${ids++}`,
        report: (error) => tab.reports.push(error),
        warn: (message) => tab.warnings.push(message),
        clock: { now: () => wall, elapsed: () => elapsed, after },
        locks: {
          request(owner = '') {
            const locks = queues.get(owner) ?? []
            queues.set(owner, locks)
            if (!owner) browser.counts.locks++
            let grant = (_: Cancel | undefined): void => {}
            const granted = new Promise<Cancel | undefined>((resolve) => {
              grant = resolve
            })
            const request = { tab, grant: () => grant(() => release(request)) }
            locks.push(request)
            if (locks[0] === request) request.grant()
            const cancel = (): void => {
              if (locks[0] === request) return
              release(request)
              grant(undefined)
            }
            return { granted, cancel }
          },
        },
        channel: {
          open: (listener) => ears.set(tab, listener),
          close: () => ears.delete(tab),
          post(message) {
            if (!ears.has(tab)) return
            tab.posted.push(structuredClone(message))
            for (const to of ears.keys()) {
              if (to !== tab) macrotask(() => ears.get(to)?.(structuredClone(message)))
            }
          },
        },
        ledger: {
          shared: true,
          read() {
            isLedgerOpen = true
            return transact(() => structuredClone(browser.entry))
          },
          update(transition) {
            isLedgerOpen = true
            return transact(() => {
              const { entry, result } = transition(structuredClone(browser.entry))
              if (entry) browser.entry = structuredClone(entry)
              return result
            })
          },
          close() {
            isLedgerOpen = false
          },
        },
        lifecycle: {
          isHidden: () => tab.isHidden,
          isOnline: () => tab.isOnline,
          listen(listener) {
            listeners.add(listener)
            return () => listeners.delete(listener)
          },
        },
      },
    }
    return tab
  }

  return browser
}
