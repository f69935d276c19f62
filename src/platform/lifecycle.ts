/** The events by which a page learns that time has passed without it. */

import type { Lifecycle, LifecycleEvent } from '../core/ports.ts'

export function createLifecycle(): Lifecycle {
  return {
    isHidden: () => typeof document !== 'undefined' && document.visibilityState === 'hidden',
    isOnline: () => navigator.onLine !== false,
    listen(listener) {
      const subscriptions = new AbortController()
      const on = (target: EventTarget, type: string, event: (event: Event) => LifecycleEvent | undefined): void =>
        target.addEventListener(
          type,
          (fired) => {
            const what = event(fired)
            if (what) listener(what)
          },
          { signal: subscriptions.signal },
        )
      on(globalThis as unknown as EventTarget, 'online', () => 'wake')
      on(globalThis as unknown as EventTarget, 'pageshow', (event) =>
        (event as PageTransitionEvent).persisted ? 'show' : undefined,
      )
      on(globalThis as unknown as EventTarget, 'pagehide', () => 'hide')
      if (typeof document !== 'undefined') {
        // Chromium gives a frozen page its messages: the ledger it would then read stays locked for the others.
        on(document, 'freeze', () => 'hide')
        on(document, 'resume', () => 'show')
        on(document, 'visibilitychange', () => (document.visibilityState === 'visible' ? 'wake' : undefined))
      }
      return () => subscriptions.abort()
    },
  }
}

/** Of a page that nobody leaves: a server's. */
export function createNoLifecycle(): Lifecycle {
  return { isHidden: () => false, isOnline: () => true, listen: () => () => {} }
}
