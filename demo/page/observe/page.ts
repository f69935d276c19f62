// Sees whether this page is visible, frozen or on its way out.

import type { Emit, PageStep } from './observation.ts'

export function observePage(emit: Emit): void {
  const see = (step: PageStep) => () => emit({ kind: 'page', step })
  document.addEventListener('visibilitychange', () => emit({ kind: 'page', step: document.visibilityState }))
  document.addEventListener('freeze', see('frozen'))
  document.addEventListener('resume', see('thawed'))
  addEventListener('pagehide', see('closed'))
  addEventListener('pageshow', (event) => {
    if (event.persisted) emit({ kind: 'page', step: 'thawed' })
  })
}
