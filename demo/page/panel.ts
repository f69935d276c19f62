// The session card: signing in, the life of the access token, and what the client knows.

import { clockTime, duration, now } from '../../src/devtools/time.ts'
import type { Custody } from '../session.ts'
import { isCustody } from '../session.ts'
import { tellCall } from './apis.ts'
import { find, h, setText, show } from './dom.ts'
import { server } from './server.ts'
import { callApi, lifeLeft, type OwnTab } from './tab.ts'

const REASONS: Readonly<Record<string, string>> = {
  initial: 'Nobody has signed in yet.',
  requested: 'Somebody signed out.',
  rejected: 'The server refused the refresh token.',
  'reuse-detected':
    'The server saw a spent refresh token again. It looks like a theft, so the server revoked the session.',
  'in-doubt': 'An answer was lost, and the server no longer accepts the refresh token.',
  'no-refresh-token': 'The login brought no refresh token.',
}

/** Enough to tell tokens apart, and of no use to anybody else. */
export const masked = (token: string): string => `${token.slice(0, 4)}…${token.slice(-4)} (${token.length} characters)`

type Claims = Readonly<Record<string, unknown>>

function describe(claims: Claims): readonly (readonly [string, string])[] {
  const isTime = (name: string): boolean => name === 'exp' || name === 'iat' || name === 'nbf'
  return Object.entries(claims).map(([name, value]) => [
    name,
    isTime(name) ? clockTime(Number(value) * 1000) : typeof value === 'string' ? value : JSON.stringify(value),
  ])
}

const rowsOf = (entries: readonly (readonly [string, string])[]): HTMLElement[] =>
  entries.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])

export function createPanel({ account, lanes, calls }: OwnTab, say: (text: string) => void): void {
  const form = find<HTMLFormElement>('sign-in')
  const custody = find<HTMLSelectElement>('custody')
  const bound = find<HTMLInputElement>('bound')
  const lifetime = find<HTMLSelectElement>('lifetime')
  const token = find('token')
  let receivedAt = now()
  let wasSignedIn = false

  lanes.onSeen((lane, seen) => {
    const isFresh = seen.kind === 'session' && (seen.step === 'signed-in' || seen.step === 'refreshed')
    if (lane.id !== lanes.self.id || seen.kind !== 'session' || seen.audience !== undefined) return
    if (isFresh) receivedAt = seen.at
    const state = account.client.getState()
    // What was over before this page was opened is told above the form.
    if (state.status === 'signed-out' && seen.step === 'signed-out' && state.wasSignedIn)
      say(`Signed out. ${REASONS[state.reason] ?? ''}`)
    // An exercise may have signed in.
    if (seen.step === 'signed-in') say('')
  })

  async function showToken(): Promise<void> {
    const button = find<HTMLButtonElement>('show-token')
    const isShown = button.getAttribute('aria-pressed') === 'true'
    const isSignedIn = account.client.getState().status === 'signed-in'
    // What goes wrong is shown with the state, and the token of another session with the next state.
    const current = isSignedIn ? await account.client.getAccessToken().catch(() => undefined) : undefined
    setText(token, current === undefined ? 'none that scripts can read' : isShown ? current : masked(current))
  }

  function update(): void {
    const state = account.client.getState()
    const isSignedIn = state.status === 'signed-in'
    const refreshing = state.status !== 'signed-out' && state.refreshing
    const words =
      state.status === 'signed-out'
        ? `signed out: ${state.reason}`
        : state.status === 'unknown'
          ? 'finding out'
          : 'signed in'
    const failure = state.status === 'signed-out' ? undefined : state.failure
    const trouble = failure ? ', no new token now' : ''
    setText(find('status'), refreshing ? `${words}, refreshing` : `${words}${trouble}`)
    find('status').dataset.status = state.status
    form.hidden = isSignedIn
    find('signed-in').hidden = !isSignedIn
    setText(
      find('reason'),
      state.status === 'signed-out'
        ? (REASONS[state.reason] ?? '')
        : 'Looking for the session: other tabs, the ledger, one refresh.',
    )
    custody.value = account.choice.custody
    bound.checked = account.choice.isBound
    find('proof').hidden = !isSignedIn || !account.isBound
    const claims = account.client.getClaims<Claims>()
    const isAwaited = state.status === 'signed-in' && !state.ready
    const nobody = isAwaited ? '… the token is on its way' : 'somebody: no token that scripts can read'
    setText(find('who'), claims ? String(claims.sub) : nobody)
    show(find('claims'), claims ? rowsOf(describe(claims)) : rowsOf([['None', 'no token that scripts can read']]))
    if (wasSignedIn !== isSignedIn && (isSignedIn ? form : find('signed-in')).contains(document.activeElement))
      find('session-title').focus()
    wasSignedIn = isSignedIn
    if (isSignedIn) void showToken()
    else setText(token, 'none')
    tick()
  }

  function tick(): void {
    const state = account.client.getState()
    const { expiresAt, refreshAt, generation } = lanes.self
    const time = now()
    const left = lifeLeft(expiresAt, receivedAt)
    const life = find<HTMLMeterElement>('life')
    find('life-left').style.inlineSize = `${(left ?? 0) * 100}%`
    const seconds = Math.max(0, Math.ceil(((expiresAt ?? time) - time) / 1000))
    life.value = Math.round((left ?? 0) * 100)
    setText(life, `${seconds} seconds left`)
    const due = find('life-due')
    const total = (expiresAt ?? 0) - receivedAt
    due.hidden = refreshAt === undefined || expiresAt === undefined
    if (refreshAt !== undefined)
      due.style.insetInlineStart = `${Math.min(100, Math.max(0, ((expiresAt ?? 0) - refreshAt) / Math.max(1, total)) * 100)}%`
    const dueIn = refreshAt === undefined ? undefined : Math.max(0, Math.ceil((refreshAt - time) / 1000))
    const lives =
      expiresAt === undefined
        ? 'It is not known how long the access token lives.'
        : `The access token lives for ${seconds} s more`
    setText(find('countdown'), dueIn === undefined ? lives : `${lives}; its refresh is due in ${dueIn} s.`)
    showProof()
    const { serverAhead } = account.wire
    const claims = account.client.getClaims()
    show(
      find('facts'),
      rowsOf([
        ['Status', find('status').textContent ?? ''],
        ['Expires', expiresAt === undefined ? 'unknown' : `${clockTime(expiresAt)} by this clock`],
        ...(claims?.exp ? [['Token says', `${clockTime(claims.exp * 1000)} by the server's clock`] as const] : []),
        [
          'Clock offset',
          serverAhead === undefined
            ? 'not learned yet'
            : Math.abs(serverAhead) < 2_000
              ? 'the server’s clock agrees'
              : `the server is ${duration(Math.abs(serverAhead))} ${serverAhead > 0 ? 'ahead' : 'behind'}`,
        ],
        ...(state.status === 'signed-in' && account.isBound
          ? [['Tokens', 'bound to a key that cannot leave this browser'] as const]
          : []),
        ['Generation', generation === undefined ? 'unknown' : String(generation)],
        [
          'Last failure',
          state.status === 'signed-out' || !state.failure
            ? 'none since the last token'
            : `${state.failure.message}; next try ${state.failure.retryAt ? `at ${clockTime(state.failure.retryAt)}` : 'soon'}`,
        ],
        ['Degraded', state.degraded.length > 0 ? state.degraded.join(', ') : 'nothing: locks, channel and ledger work'],
      ]),
    )
  }

  function showProof(): void {
    const { lastProof } = account.wire
    find('proof-none').hidden = lastProof !== undefined
    find('proof-parts').hidden = lastProof === undefined
    if (!lastProof) return
    const { jwk, ...header } = lastProof.header
    const key = Object.entries(jwk ?? {}).map(([name, value]) => [`jwk.${name}`, value])
    show(find('proof-header'), rowsOf(describe({ ...header, ...Object.fromEntries(key) })))
    show(find('proof-claims'), rowsOf(describe(lastProof.claims)))
  }

  find('show-token').addEventListener('click', (event) => {
    const button = event.currentTarget as HTMLButtonElement
    const isShown = button.getAttribute('aria-pressed') !== 'true'
    button.setAttribute('aria-pressed', String(isShown))
    setText(button, isShown ? 'Hide' : 'Show')
    void showToken()
  })

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const user = find<HTMLInputElement>('user').value
    const kind = custody.value as Custody
    account.signIn(user, kind, bound.checked).then(
      () => say(`Signed in as ${user}.`),
      (error: unknown) => say(String(error)),
    )
  })
  find('sign-in-redirect').addEventListener('click', () => {
    // What the form says: the switch may have been turned just now.
    account.leaveForProvider(bound.checked).catch((error: unknown) => say(String(error)))
  })
  account
    .comeBack()
    .then(
      (returnTo) => returnTo && say('Signed in at the provider.'),
      (error: unknown) => say(String(error)),
    )
    .finally(() => location.pathname === '/callback' && history.replaceState(null, '', '/'))
  const choose = (...choice: Parameters<typeof account.choose>): void => {
    account.choose(...choice).catch((error: unknown) => say(String(error)))
  }
  custody.addEventListener('change', () => {
    if (isCustody(custody.value)) choose(custody.value)
  })
  bound.addEventListener('change', () => {
    // Only tokens that the client holds can be bound.
    choose(bound.checked ? 'client' : account.choice.custody, bound.checked)
  })
  lifetime.addEventListener('change', () => {
    void server.change({ accessLifetime: Number(lifetime.value) })
    say('New access tokens will live that long. Refresh to get one.')
  })
  find('call').addEventListener('click', async () => {
    say(tellCall('API', await callApi(account, '/api/me', calls)))
  })
  find('refresh').addEventListener('click', () => {
    account.client.getAccessToken({ forceRefresh: true }).then(
      () => say('The session moved on by one generation.'),
      (error: unknown) => say(String(error)),
    )
  })
  find('sign-out').addEventListener('click', () => {
    account.client.signOut().catch((error: unknown) => say(String(error)))
  })

  void server.settings().then(({ accessLifetime }) => {
    const known = [...lifetime.options].some(({ value }) => value === String(accessLifetime))
    if (!known) lifetime.append(h('option', { value: accessLifetime }, `${accessLifetime} seconds`))
    lifetime.value = String(accessLifetime)
  })
  account.subscribe(update)
  setInterval(() => {
    if (document.visibilityState === 'visible') tick()
  }, 250)
  update()
}
