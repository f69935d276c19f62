/** The events that tell a page that it was hidden, frozen or offline. On a server there are none. */

import type { Cancel, Lifecycle, LifecycleEvent } from '../core/ports.ts'
import { surroundings } from './page.ts'

export function createLifecycle(): Lifecycle {
  const { document, navigator } = surroundings
  return {
    isHidden: () => document?.visibilityState === 'hidden',
    isOnline: () => navigator?.onLine !== false,
    listen(listener) {
      // No signal: some test environments mix the AbortController of one realm with the events of another.
      const on = (
        target: Partial<EventTarget> | undefined,
        type: string,
        event: LifecycleEvent,
        isMeant: (event: PageTransitionEvent) => boolean = () => true,
      ): Cancel => {
        const hear = (fired: Event): unknown => isMeant(fired as PageTransitionEvent) && listener(event)
        target?.addEventListener?.(type, hear)
        return () => target?.removeEventListener?.(type, hear)
      }
      const cancels = [
        on(globalThis, 'online', 'wake'),
        on(globalThis, 'pageshow', 'show', ({ persisted }) => persisted),
        on(globalThis, 'pagehide', 'hide'),
        // Chromium gives a frozen page its messages: the ledger it would then read stays locked for the others.
        on(document, 'freeze', 'hide'),
        on(document, 'resume', 'show'),
        on(document, 'visibilitychange', 'wake', () => document?.visibilityState === 'visible'),
      ]
      return () => {
        for (const cancel of cancels) cancel()
      }
    },
  }
}
