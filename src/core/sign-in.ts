/** The ledger's transitions at sign-in and sign-out. Each raises the epoch, so that nothing older is ever committed. */

import { type Entry, type Mark, nextEpoch, tombstone } from './ledger.ts'
import type { Change } from './ports.ts'

export interface NewSession {
  readonly refreshToken: string | undefined
  readonly subject: string | undefined
}

const epochAfter = (found: Entry | undefined, known: Mark, now: number): number =>
  nextEpoch(Math.max(found?.epoch ?? 0, known.epoch), now)

/** Starts a session with tokens at hand. */
export function begin(found: Entry | undefined, known: Mark, tokens: NewSession, now: number): Change<Entry> {
  const entry: Entry = { epoch: epochAfter(found, known, now), generation: 0, status: 'signed-in', ...tokens }
  return { entry, result: entry }
}

/** Refuses claims while a login runs; what is pending is kept, to be waited for. */
export function prepare(found: Entry | undefined, known: Mark, now: number): Change<Entry> {
  const entry: Entry = {
    ...found,
    epoch: epochAfter(found, known, now),
    generation: 0,
    status: 'signing-in',
    reason: undefined,
    retry: undefined,
    before: found?.status === 'signed-in' ? 'signed-in' : undefined,
  }
  return { entry, result: entry }
}

/** Confirms a login, unless another sign-in or sign-out has come since. */
export function confirm(found: Entry | undefined, epoch: number, tokens: NewSession): Change<Entry | undefined> {
  if (found?.epoch !== epoch) return { result: undefined }
  const entry: Entry = { epoch, generation: 1, status: 'signed-in', ...tokens }
  return { entry, result: entry }
}

/** Goes back to the session before a failed login, if it is untouched. */
export function abandon(found: Entry | undefined, epoch: number): Change<Entry | undefined> {
  if (found?.epoch !== epoch) return { result: undefined }
  const { attempt, before, subject, refreshToken } = found
  // An answer that is still to come belongs to an older epoch, and takes the grant with it.
  const isUntouched = before && (!attempt || attempt.doubt)
  const entry: Entry = isUntouched
    ? { epoch, generation: 1, status: before, subject, refreshToken, attempt }
    : { epoch, generation: 1, status: 'signed-out', reason: 'requested' }
  return { entry, result: entry }
}

/** What a sign-out leaves, and what the server is to be told of. */
export interface Departure {
  readonly entry: Entry
  readonly refreshToken: string | undefined
}

/** Ends the session on this device first. */
export function leave(found: Entry | undefined, known: Mark, id: string, now: number): Change<Departure> {
  const previous = { epoch: Math.max(found?.epoch ?? 0, known.epoch), generation: 0 }
  const leaving = [...(found?.leaving ?? []), id]
  const entry: Entry = { ...tombstone(previous, 'requested', now), attempt: found?.attempt, leaving }
  return { entry, result: { entry, refreshToken: found?.refreshToken } }
}

/** Moves the sign-out from `id` to its next phase, or ends it; false if it is no longer the newest word. */
export function proceed(found: Entry | undefined, epoch: number, id: string, next: string[]): Change<boolean> {
  if (!found?.leaving?.includes(id)) return { result: false }
  const leaving = found.leaving.filter((other) => other !== id).concat(next)
  return { entry: { ...found, leaving }, result: found.epoch === epoch }
}
