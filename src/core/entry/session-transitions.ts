/** The transitions of the entry at sign-in and sign-out. Each raises the epoch, so that nothing older is committed. */
// Decisions (ARCHITECTURE.md): D26, D29, D43.

import { type Change, type Entry, grantOf, type Kept, living, type Mark, nextEpoch, tombstone, write } from './entry.ts'

const newestOf = (found: Entry | undefined, known: Mark): Mark => ({
  epoch: Math.max(found?.epoch ?? 0, known.epoch),
  generation: 0,
})

const epochAfter = (found: Entry | undefined, known: Mark, now: number): number =>
  nextEpoch(newestOf(found, known).epoch, now)

/** Starts a session with tokens at hand. */
export function beginSession(found: Entry | undefined, known: Mark, tokens: Kept, now: number): Change<Entry> {
  return write(living({ ...tokens, epoch: epochAfter(found, known, now), generation: 0 }))
}

/** Takes over a session that another library left, unless this tab or the ledger knows of one. */
export function adoptFormer(
  found: Entry | undefined,
  known: Mark,
  former: Kept,
  now: number,
): Change<Entry | undefined> {
  return found || known.epoch >= 0 ? { result: found } : beginSession(found, known, former, now)
}

/** Refuses claims while a login runs. A pending attempt is kept, because the login waits for it. */
export function beginSignIn(found: Entry | undefined, known: Mark, now: number): Change<Entry> {
  return write<Entry>({
    // The generation stays, so that an answer that is still on its way can be matched.
    generation: 0,
    ...found,
    epoch: epochAfter(found, known, now),
    status: 'signing-in',
    reason: undefined,
    retry: undefined,
    grant: found?.status === 'signed-in' ? grantOf(found) : undefined,
  })
}

/** Confirms a login, unless another sign-in or sign-out has come since. */
export function confirmSignIn(found: Entry | undefined, epoch: number, tokens: Kept): Change<Entry | undefined> {
  if (found?.epoch !== epoch) return { result: undefined }
  // Past one commit: it may have come during the login, and a ledger that was set back does not have it (D43).
  return write(living({ ...tokens, epoch, generation: found.generation + 2 }))
}

/** Goes back to the session before a failed login, if there was one. A pending answer still finds it by its grant. */
export function abandonSignIn(found: Entry | undefined, epoch: number): Change<Entry | undefined> {
  if (found?.epoch !== epoch) return { result: undefined }
  return write<Entry>(
    found.grant === undefined
      ? tombstone(found, 'requested', 0)
      : { ...living({ ...found, epoch: epoch + 1 }), attempt: found.attempt },
  )
}

/** Ends the session in this browser first; `left` is the session that the server must be told of. */
export function beginSignOut(
  found: Entry | undefined,
  known: Mark,
  id: string,
  now: number,
): Change<{ readonly entry: Entry; readonly left: Entry | undefined }> {
  const ended = tombstone(newestOf(found, known), 'requested', now)
  const leaving = [...(found?.leaving ?? []), id]
  const entry: Entry = { ...ended, attempt: found?.attempt, leaving }
  return { entry, result: { entry, left: found } }
}

/** Moves the sign-out from `id` to its next phase, or ends it; false if it is no longer the newest word. */
export function advanceSignOut(found: Entry | undefined, epoch: number, id: string, next: string[]): Change<boolean> {
  if (!found?.leaving?.includes(id)) return { result: false }
  const leaving = found.leaving.filter((other) => other !== id).concat(next)
  return { entry: { ...found, leaving }, result: found.epoch === epoch }
}
