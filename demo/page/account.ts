// The session of this tab: one client at a time, of the custody and the binding that all tabs have chosen, and ky over it.

import { type AuthClient, type AuthEvents, DisposedError } from 'authfetch'
import { createRecorder } from 'authfetch/devtools'
import { createKy } from 'authfetch/ky'
import { createLogin, type Login } from 'authfetch/login'
import type { Emit } from '../../src/devtools/observation.ts'
import { type Custody, createClient, deviceName, isCustody, logIn } from '../session.ts'
import { observeWire, type Wire } from './observe/wire.ts'

export interface Choice {
  readonly custody: Custody
  readonly isBound: boolean
}

export interface Account {
  readonly client: AuthClient
  readonly api: ReturnType<typeof createKy>
  readonly custody: Custody
  /** Whether tokens are bound to a key of this browser: only those that the client holds. */
  readonly isBound: boolean
  /** What was chosen last. It is in use as soon as the session of before has ended. */
  readonly choice: Choice
  readonly wire: Wire
  /** Signs in, in this custody; a session of another custody or binding is signed out first. */
  signIn(user: string, custody?: Custody, isBound?: boolean): Promise<void>
  /** Leaves for the provider's login page; the client will hold its tokens. */
  leaveForProvider(isBound?: boolean): Promise<void>
  /** Finishes a sign-in on the page that the provider sends the user back to; undefined on others. */
  comeBack(): Promise<string | undefined>
  /** Of all tabs; whoever is signed in is signed out. */
  choose(custody: Custody, isBound?: boolean): Promise<void>
  /** Resolves when this tab knows whether somebody is signed in. */
  ready(): Promise<void>
  /** Calls back when the state or the client has changed. */
  subscribe(listener: () => void): void
}

/** One item, so that other tabs hear of both choices at once. */
const CUSTODY = 'demo-custody'
const BOUND = 'bound'
const EVENTS: readonly (keyof AuthEvents)[] = ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']
/** How long the server may take to answer a refresh (in milliseconds): short, so that outages are over soon. */
const REFRESH_TIMEOUT = 5_000

function chosen(): Choice {
  const [custody, binding] = (localStorage.getItem(CUSTODY) ?? '').split(' ')
  return isCustody(custody) ? { custody, isBound: binding === BOUND } : { custody: 'cookie', isBound: false }
}

export function createAccount(emit: Emit): Account {
  const wire = observeWire(emit)
  const listeners = new Set<() => void>()
  let { custody, isBound } = chosen()
  let choice: Choice = { custody, isBound }
  /** One choice after another, so that the last one counts. */
  let changing = Promise.resolve()
  let client = start()
  let api = createKy(client)

  const tell = (): void => {
    for (const listener of listeners) listener()
  }

  function start(): AuthClient {
    const made = createClient(custody, isBound, { refreshTimeout: REFRESH_TIMEOUT })
    made.subscribe(() => tell())
    for (const step of EVENTS) made.on(step, () => tell())
    createRecorder(made).subscribe((seen) => {
      // The wire of this page shows where a sign-out goes.
      if (seen.kind !== 'wire' || seen.request !== 'sign-out') emit(seen)
    })
    // Only the page's own scripts get at it, which hold the session anyway.
    Object.assign(window, { auth: made })
    made.restore().then(
      () => tell(),
      (error: unknown) => {
        // Another choice came first.
        if (!(error instanceof DisposedError)) throw error
      },
    )
    return made
  }

  const isChosen = (choice: Choice): boolean => choice.custody === custody && choice.isBound === isBound

  function change(next: Choice): void {
    choice = next
    if (isChosen(next)) return
    custody = next.custody
    isBound = next.isBound
    client.dispose()
    client = start()
    api = createKy(client)
    tell()
  }

  const login = (): Login =>
    createLogin(client, { issuer: `${location.origin}/oauth`, clientId: 'demo', redirectUri: '/callback' })

  function choose(nextCustody: Custody, nextBound = choice.isBound): Promise<void> {
    choice = { custody: nextCustody, isBound: nextBound && nextCustody === 'client' }
    tell()
    const next = choice
    const changed = changing.then(() => changeTo(next))
    changing = changed.catch(() => {
      // Whoever has chosen is told.
    })
    return changed
  }

  async function changeTo(next: Choice): Promise<void> {
    // Another choice has come since.
    if (isChosen(next) || next !== choice) return
    await client.restore()
    if (client.getState().status === 'signed-in') await client.signOut()
    localStorage.setItem(CUSTODY, next.isBound ? `${next.custody} ${BOUND}` : next.custody)
    change(next)
    await client.restore()
  }

  addEventListener('storage', ({ key }) => {
    if (key === CUSTODY) change(chosen())
  })

  return {
    get client() {
      return client
    },
    get api() {
      return api
    },
    get custody() {
      return custody
    },
    get isBound() {
      return isBound
    },
    get choice() {
      return choice
    },
    wire,
    async signIn(user, wanted = choice.custody, wantedBound = choice.isBound) {
      await choose(wanted, wantedBound)
      await client.signIn(({ fetch: send }) => logIn(user, wanted, deviceName(), send))
    },
    async leaveForProvider(wantedBound = choice.isBound) {
      await choose('client', wantedBound)
      await login().start({ returnTo: '/' })
    },
    comeBack: () => login().finish(),
    choose,
    ready: async () => void (await client.restore()),
    subscribe: (listener) => void listeners.add(listener),
  }
}
