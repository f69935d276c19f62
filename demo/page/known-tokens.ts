// What a client knows of its access tokens, one for each API, readable or not.

import type { AuthClient } from 'authfetch'
import { floorOf } from '../../src/core/protocol/schedule.ts'
import type { Session } from '../../src/core/protocol/session.ts'
import { now } from '../../src/devtools/time.ts'
import { insides } from '../../src/insides.ts'

export interface KnownToken {
  /** The generation that it came with. */
  readonly number: number
  /** In milliseconds since the epoch. */
  readonly expiresAt: number | undefined
}

const sessionOf = (client: AuthClient, audience: string | undefined): Session | undefined =>
  insides.get(client)?.context.of(audience)

/** The access token of an audience, if there is one; `api` is the session's own. */
export function tokenOf(client: AuthClient, audience: string): KnownToken | undefined {
  const session = sessionOf(client, audience === 'api' ? undefined : audience)
  if (!session?.held || session.status !== 'signed-in') return undefined
  const { lifetime, receivedAt } = session.held
  return {
    number: session.heldMark.generation,
    expiresAt: lifetime === undefined ? undefined : receivedAt.now + lifetime,
  }
}

/** The newest generation of refresh tokens, whosever access token came with it. */
export const generationOf = (client: AuthClient): number | undefined => sessionOf(client, undefined)?.mark.generation

/**
 * When the refresh of the session's own token is due (in milliseconds since the epoch); undefined if none is to come. Not
 * read from the timers that are seen: those of further APIs are among them.
 */
export function refreshDueAt(client: AuthClient): number | undefined {
  const { context, refresher } = insides.get(client) ?? {}
  if (context?.session.status !== 'signed-in') return undefined
  const { held, renewable } = context.session
  const pause = refresher?.pause()
  const isTimed = renewable && held?.refreshAfter !== undefined
  const ownDue = isTimed ? held.receivedAt.now + Math.max(held.refreshAfter, floorOf(held.lifetime)) : undefined
  const due = pause === undefined ? ownDue : now() + pause
  return due !== undefined && due > now() ? due : undefined
}
