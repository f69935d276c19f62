// The refresh tokens of one session as the server sees them: who spent which, and when.

import { nameAttempt } from '../../src/devtools/observation.ts'
import { clockTime } from '../../src/devtools/time.ts'
import { h } from './dom.ts'
import type { Session } from './server.ts'
import type { OwnTab } from './tab.ts'

const MOST = 8
const REVOKED: Readonly<Record<string, string>> = {
  reuse: 'revoked: reuse detected',
  'sign-out': 'signed out',
  administrator: 'revoked by an administrator',
}

/** In words. */
export const statusOf = ({ status, revokedFor }: Session): string =>
  status === 'revoked' ? (REVOKED[revokedFor ?? ''] ?? status) : status

/** What tabs were seen to do with a refresh token. */
interface Spender {
  /** Which tab sent it. */
  who?: string
  /** By the client's count. */
  generation?: number
}

/** By the beginnings of the requests' keys. */
function spenders({ lanes }: OwnTab): Map<string, Spender> {
  const found = new Map<string, Spender>()
  const of = (attempt: string): Spender => {
    const spender = found.get(attempt) ?? {}
    found.set(attempt, spender)
    return spender
  }
  for (const lane of lanes.all()) {
    for (const seen of lanes.historyOf(lane.id)) {
      if ((seen.kind !== 'wire' && seen.kind !== 'ledger') || !seen.attempt) continue
      if (seen.kind === 'wire' && seen.request === 'refresh') of(seen.attempt).who ??= `tab ${lane.number}`
      if (seen.kind === 'ledger' && seen.step === 'claim') of(seen.attempt).generation = seen.generation
    }
  }
  return found
}

/**
 * How far the client's count of generations is ahead of the server's, for each session. A server begins at 0 with each
 * sign-in; a client goes on counting, and passes over a number at a sign-in. Kept, for what tabs did is soon forgotten.
 */
const leads = new Map<string, number>()

function leadOf({ id, tokens }: Session, by: Map<string, Spender>, current: number | undefined): number {
  const spent = tokens.map(({ generation, spentBy }) => ({
    generation,
    claimed: by.get(nameAttempt(spentBy ?? undefined) ?? '')?.generation,
  }))
  const last = spent.filter(({ claimed }) => claimed !== undefined).at(-1)
  const newest = tokens.at(-1)
  if (last?.claimed !== undefined) leads.set(id, last.claimed - last.generation)
  else if (current !== undefined && newest) leads.set(id, current - newest.generation)
  return leads.get(id) ?? 0
}

/** Numbered as the client counts its generations; `current`: the one that this tab had when the server was asked. */
export function drawChain(
  session: Session | undefined,
  tab: OwnTab,
  ahead: number,
  current: number | undefined,
): HTMLElement[] {
  if (!session) return [h('li', { class: 'none' }, 'The server has no session of this browser.')]
  const by = spenders(tab)
  const lead = leadOf(session, by, current)
  const shown = session.tokens.slice(-MOST)
  const hidden = session.tokens.length - shown.length
  const links = shown.map(({ generation, audience, spentAt, spentBy }) => {
    const isLast = spentAt === null
    const isDead = session.status !== 'active'
    const who = spentBy === null ? 'an unknown client' : (by.get(nameAttempt(spentBy) ?? '')?.who ?? 'an earlier page')
    const number = generation + lead
    return h(
      'li',
      {
        class: isLast
          ? isDead
            ? 'link dead'
            : 'link current'
          : spentBy === null
            ? 'link spent foreign'
            : 'link spent',
      },
      // A client whose ledger was wiped counts from 0 again.
      h(
        'div',
        {},
        h('strong', { class: 'number' }, number < 0 ? '–' : String(number)),
        h('span', { class: audience === 'api' ? 'audience' : 'audience other' }, audience),
      ),
      h('span', {}, isLast ? (isDead ? statusOf(session) : 'unspent') : `spent by ${who}`),
      spentAt !== null && h('time', {}, clockTime(spentAt - ahead)),
    )
  })
  return hidden > 0 ? [h('li', { class: 'none' }, `${hidden} earlier`), ...links] : links
}
