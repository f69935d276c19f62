/** The messages between tabs. They never carry the refresh token; a message that cannot be parsed is ignored. */

import type { Entry, Mark } from '../entry/entry.ts'
import type { Binding, Clock } from '../ports.ts'
import { type Instant, instantOf, since } from './instant.ts'
import type { Held } from './view.ts'

/** An access token on its way to another tab; ages (in milliseconds), because clocks of tabs differ. */
export interface Shared {
  readonly accessToken: string | undefined
  readonly lifetime: number | undefined
  readonly age: number
  readonly sentAt: number
  /** What its binding shares, where each request with it needs a proof. */
  readonly proofs?: unknown
}

export interface Message extends Mark {
  readonly version: 1
  /** `ask`: who has the token? `news`: this is the session now. With an owner, `ask`: does its page live? `news`: it does. */
  readonly type: 'ask' | 'news'
  readonly status: Entry['status']
  readonly tokens?: Shared | undefined
  readonly owner?: string | undefined
}

/** Makes tokens fit for a message. */
export const share = (held: Held, clock: Clock, binding: Binding | undefined): Shared => ({
  accessToken: held.accessToken,
  lifetime: held.lifetime,
  age: since(clock, held.receivedAt),
  sentAt: clock.now(),
  proofs: held.proofs && binding?.tell(),
})

/** When tokens that come in a message were received. */
export function receivedAt({ age, sentAt }: Shared, clock: Clock): Instant {
  const { now, elapsed } = instantOf(clock)
  const older = age + Math.max(0, now - sentAt)
  return { now: now - older, elapsed: elapsed - older }
}

/** Reads a message of another tab, perhaps of another version of this library; undefined if it is none. */
export function parseMessage(data: unknown): Message | undefined {
  // Spread, because there may be nothing to take members from.
  const { version, type, epoch, generation, status, tokens = { age: 0, sentAt: 0 } } = { ...(data as Message) }
  const { age, sentAt, lifetime = 0, accessToken = '' } = { ...(tokens as Shared) }
  const isValid =
    version === 1 &&
    (type === 'ask' || type === 'news') &&
    typeof status === 'string' &&
    typeof accessToken === 'string' &&
    [epoch, generation, age, sentAt, lifetime].every(Number.isFinite)
  return isValid ? (data as Message) : undefined
}
