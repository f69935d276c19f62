/** Assembles the platform of one client from what the browser grants. */

import { optional } from '../core/optional.ts'
import type { MissingPart, Platform } from '../core/ports.ts'
import { createChannel } from './channel.ts'
import { createClock } from './clock.ts'
import { createLedger } from './ledger.ts'
import { createLifecycle } from './lifecycle.ts'
import { createLocks } from './locks.ts'

export function createBrowserPlatform(name: string, given: Partial<Platform>): Platform {
  // Node has locks and channels too; a server that renders pages must not share them between its visitors.
  const isBrowser = typeof document !== 'undefined' || 'WorkerGlobalScope' in globalThis
  let degraded: readonly MissingPart[] = []
  const lose = (part: MissingPart): void => {
    degraded = Object.freeze([...degraded, part])
  }

  /** A global that may be missing or, where storage is blocked, may throw when it is read. */
  function find<Value>(part: MissingPart, getter: () => Value): Value | undefined {
    const found = isBrowser ? optional(getter) : undefined
    if (!found && !given[part]) lose(part)
    return found
  }

  const lifecycle = given.lifecycle ?? createLifecycle()
  const platform: Platform = {
    clock: createClock(),
    locks: createLocks(
      find('locks', () => navigator.locks),
      name,
    ),
    channel: createChannel(
      find('channel', () => {
        // Where storage is blocked, Firefox refuses to make one.
        new BroadcastChannel(name).close()
        return BroadcastChannel
      }),
      name,
    ),
    // A ledger that nobody uses would still listen to the page.
    ledger:
      given.ledger ??
      createLedger(
        find('ledger', () => indexedDB ?? undefined),
        name,
        () => lose('ledger'),
        lifecycle,
      ),
    lifecycle,
    // Storage may turn out to be blocked when it is first used.
    get degraded() {
      return degraded
    },
    random: () => Math.random(),
    createId: () => crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join('-'),
    warn: console.error.bind(console, 'authfetch:'),
    report: (error) => {
      setTimeout(() => {
        throw error
      })
    },
  }
  // Descriptors, because a part may be a getter.
  return Object.defineProperties(platform, Object.getOwnPropertyDescriptors(given))
}
