/** What the core asks of its surroundings. Each port has one adapter for browsers and one for the simulation. */

import type { Change, Entry, Mark } from './entry/entry.ts'
import type { Outcome } from './responses/outcome.ts'
import type { TokenResponse } from './responses/tokens.ts'

/** Undoes what returned it; calling it twice does no harm. */
export type Cancel = () => void

/** The clocks and timers. */
export interface Clock {
  /** The wall clock (in milliseconds since the epoch); it may jump. */
  now(): number
  /** A clock that never goes back (in milliseconds); it may stand still while the machine sleeps. */
  elapsed(): number
  /** Calls back once, after `delay` milliseconds of whatever length; late when the page is throttled. */
  after(delay: number, callback: () => void): Cancel
}

/** A request for the lock, granted or waiting. */
export interface LockRequest {
  /** Resolves with the release function; undefined if the request was cancelled, or the browser gives no locks. */
  readonly granted: Promise<Cancel | undefined>
  /** Stops waiting; has no effect once the lock is granted. */
  cancel(): void
}

/** The lock, which saves tabs work, and the guards, which show whose page is gone. No promise depends on the lock. */
export interface Locks {
  /** Asks for the exclusive lock of this client's name, or for the guard of an owner. */
  request(owner?: string): LockRequest
}

/** The wire to the other tabs; messages may be late or lost. */
export interface Channel {
  /** Calls back with every message of another tab until closed; may be opened again. */
  open(listener: (message: unknown) => void): void
  /** Posts to every other tab; does nothing while closed. */
  post(message: unknown): void
  /** Closes it, because an open channel keeps the page out of the back/forward cache. */
  close(): void
}

/** The durable record that all tabs of one browser profile share. */
export interface Ledger {
  /** False if other tabs cannot see it: then this tab believes their messages. */
  readonly shared: boolean
  /** Resolves with the entry; undefined when there is none. */
  read(): Promise<Entry | undefined>
  /**
   * Reads, applies the pure `transition` and writes, in one durable transaction. Resolves in the very task in which the
   * transaction completed. Rejects if the entry cannot be read, unless the transition `overwrites` it.
   */
  update<Result>(transition: (entry: Entry | undefined) => Change<Result>, overwrites?: boolean): Promise<Result>
  /** Closes the connection. */
  close(): void
}

/**
 * `wake`: the page is visible or online again; `hide`: it is frozen or enters the back/forward cache; `show`: it is back
 * from there.
 */
export type LifecycleEvent = 'wake' | 'show' | 'hide'

/** The visibility and the network of the page. */
export interface Lifecycle {
  /** Whether the user cannot see the page. */
  isHidden(): boolean
  /** Whether the machine has a network, as far as the browser knows. */
  isOnline(): boolean
  /** Calls back at each event, until cancelled. */
  listen(listener: (event: LifecycleEvent) => void): Cancel
}

/** A part of the platform that a browser may refuse. */
export type MissingPart = 'locks' | 'channel' | 'ledger'

/** The surroundings of one client. */
export interface Platform {
  /** The clocks and timers. */
  readonly clock: Clock
  /** The Web Lock of the client's name. */
  readonly locks: Locks
  /** The BroadcastChannel of the client's name. */
  readonly channel: Channel
  /** The IndexedDB database of the client's name. */
  readonly ledger: Ledger
  /** Visibility, network, freezing and the back/forward cache. */
  readonly lifecycle: Lifecycle
  /** The parts that the browser refuses, so that tabs agree less well. */
  readonly degraded: readonly MissingPart[]
  /** A number in [0, 1). */
  random(): number
  /** An unguessable identifier. */
  createId(): string
  /** Reports an error of a listener as an uncaught one. */
  report(error: unknown): void
  /** Warns the developer of a mistake in the set-up. */
  warn(message: string): void
}

/** What taking over a session needs of the client. */
export interface AdoptTerms extends Pick<Platform, 'clock' | 'ledger' | 'report'> {
  /** Writes the ledger, and tries again what storage refuses. */
  readonly persist: Ledger['update']
  /** What this tab knows. */
  readonly session: { readonly mark: Mark }
  /** Whether the client holds its refresh token. */
  readonly transport: { readonly holdsRefreshToken: boolean }
}

/** Runs before a client looks for its own session; `formerSession()` makes it. */
export type Adopt = (terms: AdoptTerms) => Promise<void>

/** Shows to one request of a refresh that the key is here; good for one use. */
export interface Proof {
  readonly proof: string
}

/** What a login is given to work with. */
export interface LoginKit {
  /** What the tokens of this login are bound by. */
  bound(): unknown
}

/** Ties tokens to a key that cannot leave the browser. What it keeps in the ledger's entry is opaque to the core. */
export interface Binding {
  /** Makes a key before a login runs. */
  begin(): Promise<LoginKit>
  /** Makes the proof for a refresh, if the entry is bound. `refusals`: the `again` of the answer that has refused one. */
  prepare(entry: Pick<Entry, 'bound'> | undefined, refusals: unknown): Promise<Proof | undefined>
  /** What a session with these tokens is bound by; throws if they are bound to a key that is not known. */
  bind(tokens: TokenResponse, kit?: LoginKit): unknown
  /** What this tab has learned from servers, for a new tab. */
  tell(): unknown
  /** Takes over what another tab shares. */
  hear(shared: unknown): void
}

/** The requests to the authorization server. */
export interface Transport {
  /** Whether the client holds the refresh token; otherwise the cookie jar does. */
  readonly holdsRefreshToken: boolean
  /** Whether a refresh needs the access token too, so that the ledger keeps it. */
  readonly needsAccessToken: boolean
  /** Whether an answer may still change the cookie jar when its page is gone, so that the next refresh may send a spent token. */
  readonly outlivesPage: boolean
  /** What ties tokens to a key, if anything does. */
  readonly binding: Binding | undefined
  /** Calls `fetch` before it returns, and never rejects. */
  send(claim: Pick<Entry, 'refreshToken' | 'kept' | 'attempt' | 'retry'>, proof?: Proof): Promise<Outcome>
  /** Makes a token response of what a login has resolved with. */
  read(login: unknown): Promise<unknown>
  /** Asks whether the server can be reached, without credentials. */
  probe(): Promise<boolean>
  /** Tells the server that a session is over. */
  revoke(session: Pick<Entry, 'refreshToken' | 'bound'> | undefined, accessToken?: string): Promise<void>
}
