// A gate in front of a refresh endpoint: open until a scenario holds it.

import type { Hold } from './backend.ts'

export interface Gate {
  /** Resolves when the gate is open. */
  pass(): Promise<void>
  hold(): Hold
}

export function createGate(): Gate {
  let closed: { readonly knock: () => void; readonly open: Promise<void> } | undefined
  return {
    async pass() {
      closed?.knock()
      await closed?.open
    },
    hold() {
      const knocked = promised()
      const opened = promised()
      const held = { knock: knocked.resolve, open: opened.promise }
      closed = held
      return {
        arrived: () => knocked.promise,
        release() {
          // Whoever comes from now on stands before the next one, if there is one.
          if (closed === held) closed = undefined
          opened.resolve()
        },
      }
    },
  }
}

function promised(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
