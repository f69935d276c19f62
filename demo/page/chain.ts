// The refresh tokens of one session as the server sees them: who spent which, and when.

import { nameAttempt, type Observation } from '../../src/devtools/observation.ts'
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

/** Who spent a refresh token: the tab that was seen to send the request of that key. */
function spenders({ lanes }: OwnTab): Map<string, string> {
  const found = new Map<string, string>()
  const isRefresh = (seen: Observation): seen is Observation & { kind: 'wire' } =>
    seen.kind === 'wire' && seen.request === 'refresh'
  for (const lane of lanes.all()) {
    for (const seen of lanes.historyOf(lane.id)) {
      if (isRefresh(seen) && seen.attempt && !found.has(seen.attempt)) found.set(seen.attempt, `tab ${lane.number}`)
    }
  }
  return found
}

/** Numbered as clients count their generations: a sign-in brings the first. */
export function drawChain(session: Session | undefined, tab: OwnTab, ahead: number): HTMLElement[] {
  if (!session) return [h('li', { class: 'none' }, 'The server has no session of this browser.')]
  const by = spenders(tab)
  const shown = session.tokens.slice(-MOST)
  const hidden = session.tokens.length - shown.length
  const links = shown.map(({ generation, spentAt, spentBy }) => {
    const isLast = spentAt === null
    const isDead = session.status !== 'active'
    const who = spentBy === null ? 'an unknown client' : (by.get(nameAttempt(spentBy) ?? '') ?? 'an earlier page')
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
      h('strong', { class: 'number' }, String(generation + 1)),
      h('span', {}, isLast ? (isDead ? statusOf(session) : 'unspent') : `spent by ${who}`),
      spentAt !== null && h('time', {}, clockTime(spentAt - ahead)),
    )
  })
  return hidden > 0 ? [h('li', { class: 'none' }, `${hidden} earlier`), ...links] : links
}
