/** A lane is an open tab of this origin, as the others know it. No token is in it, nor in what travels between lanes. */

import type { Observation } from '../observation.ts'

export interface Lane {
  readonly id: string
  /** The lowest that was free when the tab opened. */
  readonly number: number
  /** A frame or a window shares the thread of the page that opened it; a tab has one of its own. */
  readonly kind: 'tab' | 'window' | 'frame'
  /** A small one may be closed by any other tab. */
  readonly isSmall: boolean
  readonly visibility: 'visible' | 'hidden' | 'frozen' | 'closed'
  readonly status: string
  /** Only the demo tells who is signed in, and where the refresh token is. */
  readonly user?: string | undefined
  readonly custody?: string
  /** Of the access token in use. */
  readonly expiresAt?: number | undefined
  readonly refreshAt?: number | undefined
  /** The newest that this tab has committed or heard of. */
  readonly generation?: number | undefined
  /** By which the browser names the page where it tells who holds a lock. */
  readonly clientId?: string | undefined
}

export interface SeenLane extends Lane {
  readonly heardAt: number
  /** It has not answered for a while: frozen, busy or gone. */
  readonly isSilent: boolean
}

export type Parcel =
  | { readonly type: 'who'; readonly wantsHistory: boolean }
  | { readonly type: 'here'; readonly lane: Lane; readonly seen: readonly Observation[] }
  | Command
  | CommandResult

export interface Command {
  readonly type: 'command'
  readonly id: string
  readonly to: string
  readonly name: string
  readonly argument: unknown
}

export interface CommandResult {
  readonly type: 'result'
  readonly id: string
  readonly value?: unknown
  readonly error?: string
}
