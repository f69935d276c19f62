// The administrator's side of the server, as the page asks it: unseen by the picture, and on line when the page is not.

import type { Fault } from '../server/faults.ts'
import type { Session } from '../server/sessions.ts'
import type { Settings, Stats } from '../server/settings.ts'

export type { Fault, Session, Settings, Stats }

const native = fetch.bind(window)

async function ask<Answer>(path: string, body?: unknown): Promise<Answer> {
  const response = await native(
    `/admin/${path}`,
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
  )
  if (!response.ok) throw new Error(`the server answered ${response.status} to /admin/${path}`)
  return response.json()
}

export const server = {
  /** The page's own `fetch`, as it was before anything was observed. */
  fetch: native,
  sessions: () => ask<readonly Session[]>('sessions'),
  stats: () => ask<Stats>('stats'),
  settings: () => ask<Settings>('settings'),
  change: (settings: Partial<Settings>) => ask<Settings>('settings', settings),
  fault: (fault: Omit<Fault, 'times'> & { readonly times?: number }) => ask('faults', fault),
  clearFaults: () => ask('faults/clear', {}),
  /** The API refuses all access tokens issued so far. */
  expire: () => ask('expire', {}),
  revokeSession: (id: string) => ask(`sessions/${encodeURIComponent(id)}/revoke`, {}),
  revokeUser: (name: string) => ask<{ readonly revoked: number }>(`users/${encodeURIComponent(name)}/revoke`, {}),
}

export type Server = typeof server

/** The session that the page's tokens belong to: by its id where a token names it, else the newest of this browser. */
export function ownSession(sessions: readonly Session[], id: string | undefined, device: string): Session | undefined {
  const mine = sessions.filter((session) => session.device === device)
  return sessions.find((session) => session.id === id) ?? [...mine].sort((a, b) => b.createdAt - a.createdAt)[0]
}
