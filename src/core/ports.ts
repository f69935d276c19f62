/** What the core asks of its surroundings. Each port has one adapter for browsers and one for the simulation. */

import type { Entry } from './ledger.ts'
import type { Outcome } from './outcome.ts'

/** Undoes what returned it; calling it twice does no harm. */
export type Cancel = () => void

export interface Clock {
  /** The wall clock (in milliseconds since the epoch); it may jump. */
  now(): number
  /** A clock that never goes back (in milliseconds); it may stand still while the machine sleeps. */
  elapsed(): number
  /** Calls back once, after `delay` milliseconds of whatever length; late when the page is throttled. */
  after(delay: number, callback: () => void): Cancel
}

export interface LockRequest {
  /** Resolves with the release function, or with undefined when the request was cancelled or the lock is not to be had. */
  readonly granted: Promise<Cancel | undefined>
  /** Ends the waiting; of no effect once granted. */
  cancel(): void
}

export interface Locks {
  /** Asks for the exclusive lock of this client's name; `steal` takes it from its holder, who runs on. */
  request(steal: boolean): LockRequest
}

export interface Channel {
  open(listener: (message: unknown) => void): void
  /** Posts to every other tab; of no effect while closed. */
  post(message: unknown): void
  close(): void
}

/** What a transition leaves behind: `entry` is written unless undefined. */
export interface Change<Result> {
  readonly entry?: Entry
  readonly result: Result
}

export interface Ledger {
  /** False when other tabs cannot see it: then what they say is believed. */
  readonly shared: boolean
  read(): Promise<Entry | undefined>
  /**
   * Reads, applies the pure `transition` and writes, in one durable transaction. Resolves in the very task in which the
   * transaction completed.
   */
  update<Result>(transition: (entry: Entry | undefined) => Change<Result>): Promise<Result>
  close(): void
}

/**
 * `wake`: the page is visible or back on line; `hide` and `show`: it was frozen or entered the back/forward cache, and
 * is back.
 */
export type LifecycleEvent = 'wake' | 'show' | 'hide'

export interface Lifecycle {
  isHidden(): boolean
  isOnline(): boolean
  listen(listener: (event: LifecycleEvent) => void): Cancel
}

export type MissingPart = 'locks' | 'channel' | 'ledger'

/** The surroundings of one client. */
export interface Platform {
  readonly clock: Clock
  readonly locks: Locks
  readonly channel: Channel
  readonly ledger: Ledger
  readonly lifecycle: Lifecycle
  /** The parts that the browser refuses, so that tabs agree less well. */
  readonly degraded: readonly MissingPart[]
  /** A number in [0, 1). */
  random(): number
  /** An unguessable identifier. */
  createId(): string
  /** Hands an error of a listener to whoever watches for uncaught ones. */
  report(error: unknown): void
}

/** The requests to the authorization server. */
export interface Transport {
  /** Whether the client holds the refresh token; otherwise the cookie jar does. */
  readonly holdsRefreshToken: boolean
  /** Calls `fetch` before it returns, and never rejects. */
  send(refreshToken: string | undefined, idempotencyKey: string): Promise<Outcome>
  /** Asks whether the server can be reached, without credentials. */
  probe(): Promise<boolean>
  /** Tells the server that a session is over. */
  revoke(refreshToken: string | undefined, accessToken?: string): Promise<void>
}
