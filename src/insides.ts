/** What `authfetch/devtools` and `authfetch/login` may look at: the parts of each living client. Nothing else exports it. */
// Decisions (ARCHITECTURE.md): D49, D55, D61.

import type { Context } from './core/protocol/context.ts'
import type { Refresher } from './core/protocol/refresher.ts'
import type { CheckedOptions } from './options.ts'

/** The parts of a client; methods that are replaced here are called instead. */
export interface Insides {
  readonly checked: CheckedOptions
  readonly context: Context
  readonly refresher: Refresher
  /** Further audiences, by their names: each has a session of its own over the same ledger, lock and channel. */
  readonly faces?: ReadonlyMap<string, Pick<Insides, 'refresher'> & Pick<Context, 'session'>>
}

export const insides: WeakMap<object, Insides> = /* @__PURE__ */ new WeakMap()
