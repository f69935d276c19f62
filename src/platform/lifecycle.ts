/** The events that tell a page that it was hidden, frozen or offline. On a server there are none. */

import type { Lifecycle } from '../core/ports.ts'
import { surroundings } from './page.ts'

export function createLifecycle(): Lifecycle {
  const { document, navigator } = surroundings
  const isHidden = (): boolean => document?.hidden === true
  return {
    isHidden,
    isOnline: () => navigator?.onLine !== false,
    listen(listener) {
      // Chromium gives a frozen page its messages: the ledger it would then read stays locked for the others.
      const listeners: readonly [Partial<EventTarget> | undefined, string, (event: Event) => unknown][] = [
        [globalThis, 'online', () => listener('wake')],
        [globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && listener('show')],
        [globalThis, 'pagehide', () => listener('hide')],
        [document, 'freeze', () => listener('hide')],
        [document, 'resume', () => listener('show')],
        [document, 'visibilitychange', () => isHidden() || listener('wake')],
      ]
      // No signal: some test environments mix the AbortController of one realm with the events of another.
      for (const [target, type, hear] of listeners) target?.addEventListener?.(type, hear)
      return () => {
        for (const [target, type, hear] of listeners) target?.removeEventListener?.(type, hear)
      }
    },
  }
}
