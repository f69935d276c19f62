// The server's view: counters, sessions by device, and reuse alarms.

import { clockTime, plural } from '../../src/devtools/time.ts'
import { deviceName } from '../session.ts'
import { drawChain, statusOf } from './chain.ts'
import { find, h, setText, show } from './dom.ts'
import { ownSession, type Session, type Stats, server } from './server.ts'
import type { OwnTab } from './tab.ts'

const EVERY = 2_500
const CUSTODY: Readonly<Record<string, string>> = {
  cookie: 'httpOnly cookie',
  client: 'held by the client',
  'cookie-only': 'both tokens in cookies',
}

function counters({
  refreshesGranted,
  refreshesReplayed,
  refreshesRefused,
  reusesDetected,
  apiCalls,
}: Stats): HTMLElement[] {
  const good = Object.entries(apiCalls).reduce((sum, [status, count]) => sum + (status < '400' ? count : 0), 0)
  const unauthorized = apiCalls['401'] ?? 0
  const tile = (name: string, value: number, isBad = false): HTMLElement =>
    h('div', { class: isBad && value > 0 ? 'tile bad' : 'tile' }, h('dt', {}, name), h('dd', {}, String(value)))
  return [
    tile('refreshes granted', refreshesGranted),
    tile('answers replayed', refreshesReplayed),
    tile('refreshes refused', refreshesRefused),
    tile('reuses detected', reusesDetected, true),
    tile('API calls answered', good),
    tile('API calls refused, 401', unauthorized),
  ]
}

function table(
  sessions: readonly Session[],
  own: Session | undefined,
  ahead: number,
  revoke: (session: Session) => void,
): HTMLElement[] {
  const newest = [...sessions].sort((a, b) => b.usedAt - a.usedAt).slice(0, 12)
  return newest.map((session) => {
    const { id, subject, device, custody, jkt, usedAt, tokens, status } = session
    const isOwn = id === own?.id
    return h(
      'tr',
      { class: `${status}${session.revokedFor === 'reuse' ? ' reuse' : ''}`, 'data-session': id },
      h('th', { scope: 'row' }, subject, isOwn && h('span', { class: 'you' }, 'this one')),
      h('td', { 'data-label': 'Device' }, device),
      h('td', { 'data-label': 'Refresh token' }, CUSTODY[custody], jkt !== null && ', bound to a key'),
      h(
        'td',
        { 'data-label': 'Family' },
        h('span', {}, h('code', {}, id.slice(0, 8)), ` ${plural(tokens.length, 'token')}`),
      ),
      h('td', { 'data-label': 'Last used' }, clockTime(usedAt - ahead)),
      h('td', { 'data-label': 'State' }, statusOf(session)),
      h(
        'td',
        {},
        status === 'active' &&
          h(
            'button',
            {
              type: 'button',
              class: 'small',
              'aria-label': `Revoke the session of ${subject} on ${device}`,
              click: () => revoke(session),
            },
            'Revoke',
          ),
      ),
    )
  })
}

export interface Office {
  /** Asks the server anew, soon. */
  look(): void
}

export function createOffice(tab: OwnTab, say: (text: string) => void): Office {
  const { account, lanes } = tab
  let isPending = false
  let sessions: readonly Session[] = []
  let drawn = ''

  async function look(): Promise<void> {
    isPending = false
    if (document.visibilityState !== 'visible') return
    let stats: Stats
    let ahead: number
    const { generation } = lanes.self
    try {
      const [found, counted, settings] = await Promise.all([server.sessions(), server.stats(), server.settings()])
      sessions = found
      stats = counted
      ahead = settings.clockOffset
    } catch {
      return setText(find('server-state'), 'cannot be reached')
    }
    setText(find('server-state'), ahead === 0 ? 'answers' : `answers; its clock is ${ahead / 60_000} min ahead`)
    show(find('stats'), counters(stats))
    const own = ownSession(sessions, account.client.getClaims<{ sid?: string }>()?.sid, deviceName())
    show(find('chain'), drawChain(own, tab, ahead, generation === lanes.self.generation ? generation : undefined))
    const alarms = [...sessions]
      .filter(({ revokedFor }) => revokedFor === 'reuse')
      .sort((a, b) => (b.revokedAt ?? 0) - (a.revokedAt ?? 0))
    show(
      find('alarms'),
      alarms
        .slice(0, 4)
        .map(({ subject, device, revokedAt, id }) =>
          h(
            'li',
            {},
            h('b', {}, `${clockTime((revokedAt ?? 0) - ahead)} Reuse: `),
            `a spent refresh token of ${subject} on ${device} was used again. Family ${id.slice(0, 8)} was revoked.`,
          ),
        ),
    )
    find('no-alarms').hidden = alarms.length > 0
    // Buttons lose their listeners in a comparison by markup, so the data are compared.
    const now = JSON.stringify([sessions, own?.id])
    if (now === drawn) return
    drawn = now
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>('[data-session]')?.dataset
      .session
    find('sessions').replaceChildren(...table(sessions, own, ahead, revoke))
    find('sessions').querySelector<HTMLElement>(`[data-session="${focused}"] button`)?.focus()
    find('no-sessions').hidden = sessions.length > 0
  }

  function soon(): void {
    if (isPending) return
    isPending = true
    setTimeout(look, 150)
  }

  function revoke({ id, subject, device }: Session): void {
    server.revokeSession(id).then(
      () => {
        say(`Revoked the session of ${subject} on ${device}: its next refresh will be refused.`)
        soon()
      },
      (error: unknown) => say(String(error)),
    )
  }

  lanes.onSeen((_, { kind }) => {
    if (kind === 'wire' || kind === 'session') soon()
  })
  setInterval(soon, EVERY)
  document.addEventListener('visibilitychange', soon)
  soon()
  return { look: soon }
}
