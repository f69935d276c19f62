// The demo page: what the client knows, what it does, and what the server saw of it.

import type { AuthClient, AuthEvents, AuthState } from 'authfetch'
import { type Custody, createClient, logIn } from './session.ts'

const element = <Kind extends HTMLElement>(id: string): Kind => document.getElementById(id) as Kind

const form = element<HTMLFormElement>('sign-in')
const custody = element<HTMLSelectElement>('custody')
const signedIn = element('signed-in')
const status = element('status')
const result = element('result')

let client: AuthClient
let receivedAt = Date.now()

function log(text: string, kind = ''): void {
  const item = document.createElement('li')
  const time = document.createElement('time')
  time.textContent = new Date().toLocaleTimeString()
  const words = document.createElement('span')
  words.textContent = text
  words.className = kind
  item.append(time, words)
  element('log').prepend(item)
}

function list(id: string, entries: Readonly<Record<string, unknown>>, empty: string): void {
  const rows = Object.entries(entries).flatMap(([name, value]) => {
    const term = document.createElement('dt')
    term.textContent = name
    const detail = document.createElement('dd')
    detail.textContent = typeof value === 'object' ? JSON.stringify(value) : String(value)
    return [term, detail]
  })
  if (rows.length === 0) rows.push(Object.assign(document.createElement('dd'), { textContent: empty }))
  element(id).replaceChildren(...rows)
}

function describe(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isTime = (name: string): boolean => name === 'exp' || name === 'iat'
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      isTime(name) ? new Date(Number(value) * 1000).toLocaleTimeString() : value,
    ]),
  )
}

function show(state: AuthState): void {
  const isSignedIn = state.status === 'signed-in'
  status.textContent = state.status === 'signed-out' ? `signed out: ${state.reason}` : state.status.replace('-', ' ')
  if (state.status !== 'signed-out' && state.refreshing) status.textContent += ', refreshing'
  status.dataset.status = state.status
  form.hidden = isSignedIn || state.status === 'unknown'
  signedIn.hidden = !isSignedIn
  list('claims', describe(client.getClaims<Record<string, unknown>>() ?? {}), 'None: no token that scripts can read.')
}

function tick(): void {
  const state = client.getState()
  if (state.status === 'signed-in' && state.expiresAt !== undefined) {
    const left = Math.max(0, state.expiresAt - Date.now())
    const share = Math.min(100, (100 * left) / Math.max(1, state.expiresAt - receivedAt))
    element('life-left').style.width = `${share}%`
    element('life').setAttribute('aria-valuenow', String(Math.round(share)))
    element('countdown').textContent = `The access token lives for ${Math.ceil(left / 1000)} more seconds.`
  }
  requestAnimationFrame(tick)
}

async function showStats(): Promise<void> {
  const response = await fetch('/admin/stats')
  if (response.ok) list('stats', await response.json(), 'Nothing yet.')
}

function use(kind: Custody): void {
  client?.dispose()
  client = createClient(kind)
  Object.assign(window, { auth: client })
  client.subscribe(() => show(client.getState()))
  const events: readonly (keyof AuthEvents)[] = ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']
  for (const name of events) {
    client.on(name, (detail) => {
      if (name === 'signed-in' || name === 'refreshed') receivedAt = Date.now()
      const more = 'reason' in detail ? `: ${detail.reason}` : 'error' in detail ? `: ${detail.error.message}` : ''
      log(
        `${name} (${detail.origin.replace('-', ' ')})${more}`,
        name === 'refresh-failed' || name === 'signed-out' ? 'bad' : 'good',
      )
      void showStats()
    })
  }
  show(client.getState())
  void client.restore().then(show)
}

async function call(count: number): Promise<void> {
  const responses = await Promise.allSettled(Array.from({ length: count }, () => client.authFetch('/api/me')))
  const good = responses.filter((one) => one.status === 'fulfilled' && one.value.ok).length
  result.textContent = `${good} of ${count} ${count === 1 ? 'call' : 'calls'} succeeded.`
  result.className = `result ${good === count ? 'good' : 'bad'}`
}

const post = (path: string, body?: unknown): Promise<Response> =>
  fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  })

const actions: Readonly<Record<string, () => Promise<unknown>>> = {
  call: () => call(1),
  storm: () => call(20),
  async expire() {
    await post('/admin/expire')
    result.textContent =
      'The server refuses all access tokens issued so far: the next call gets a 401, and is retried with a new one.'
  },
  async revoke() {
    await post(`/admin/users/${encodeURIComponent(element<HTMLInputElement>('user').value)}/revoke`)
    result.textContent = 'The server has revoked the session: the next refresh ends it here.'
  },
  'sign-out': () => client.signOut(),
  async clear() {
    element('log').replaceChildren()
  },
}

document.addEventListener('click', (event) => {
  const action = (event.target as HTMLElement).dataset.action
  if (!action) return
  result.textContent = ''
  actions[action]?.()
    .catch((error: unknown) => {
      result.textContent = String(error)
      result.className = 'result bad'
    })
    .finally(showStats)
})

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const kind = custody.value as Custody
  localStorage.setItem('custody', kind)
  const lifetime = Number(element<HTMLSelectElement>('lifetime').value)
  post('/admin/settings', { accessLifetime: lifetime })
    .then(() => client.signIn(() => logIn(element<HTMLInputElement>('user').value, kind)))
    .catch((error: unknown) => log(String(error), 'bad'))
})

custody.addEventListener('change', () => use(custody.value as Custody))

custody.value = localStorage.getItem('custody') ?? 'cookie'
use(custody.value as Custody)
void showStats()
tick()
