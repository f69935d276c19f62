/** Assembles the platform of one client from what the browser grants. */

import type { MissingPart, Platform } from '../core/ports.ts'
import { createChannel, createNoChannel } from './channel.ts'
import { createClock } from './clock.ts'
import { createLedger, createMemoryLedger } from './ledger.ts'
import { createLifecycle, createNoLifecycle } from './lifecycle.ts'
import { createLocks, createNoLocks } from './locks.ts'

/** A global that may be missing or, where storage is blocked, may throw when it is read. */
function read<Value>(getter: () => Value | null | undefined): Value | undefined {
  try {
    return getter() ?? undefined
  } catch {
    // Refused is the same as missing, and `degraded` says so.
    return undefined
  }
}

export function createBrowserPlatform(name: string, given: Partial<Platform> = {}): Platform {
  // Node has locks and channels too; a server that renders pages must not share them between its visitors.
  const isBrowser = typeof document !== 'undefined' || 'WorkerGlobalScope' in globalThis
  const lockManager = isBrowser ? read(() => navigator.locks) : undefined
  const hasLocks = typeof lockManager?.request === 'function'
  const Broadcast = isBrowser ? read(() => BroadcastChannel) : undefined
  const factory = isBrowser ? read(() => indexedDB) : undefined
  let degraded: readonly MissingPart[] = []
  const lose = (part: MissingPart): void => {
    degraded = Object.freeze([...degraded, part])
  }
  if (!hasLocks && !given.locks) lose('locks')
  if (!Broadcast && !given.channel) lose('channel')
  if (!factory && !given.ledger) lose('ledger')
  const platform: Platform = {
    clock: createClock(),
    locks: hasLocks ? createLocks(lockManager, name) : createNoLocks(),
    channel: Broadcast ? createChannel(Broadcast, name) : createNoChannel(),
    ledger: factory ? createLedger(factory, name, () => lose('ledger')) : createMemoryLedger(),
    lifecycle: isBrowser ? createLifecycle() : createNoLifecycle(),
    // Storage may turn out to be blocked when it is first used.
    get degraded() {
      return degraded
    },
    random: () => Math.random(),
    createId: () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-'),
    report: (error) =>
      typeof reportError === 'function'
        ? reportError(error)
        : setTimeout(() => {
            throw error
          }),
  }
  // Descriptors, because a part may be a getter.
  return Object.defineProperties(platform, Object.getOwnPropertyDescriptors(given))
}
