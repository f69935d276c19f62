// The session of this tab: one client at a time, of the custody that all tabs have chosen, and ky over it.

import type { AuthClient, AuthEvents } from 'authfetch'
import { createRecorder } from 'authfetch/devtools'
import { createKy } from 'authfetch/ky'
import { createLogin, type Login } from 'authfetch/login'
import type { Emit } from '../../src/devtools/observation.ts'
import { type Custody, createClient, isCustody, logIn } from '../session.ts'
import { observeWire, type Wire } from './observe/wire.ts'

export interface Account {
  readonly client: AuthClient
  readonly api: ReturnType<typeof createKy>
  readonly custody: Custody
  readonly wire: Wire
  /** Signs in, in this custody; a session of another custody is signed out first. */
  signIn(user: string, custody?: Custody): Promise<void>
  /** Leaves for the provider's login page; the client will hold its tokens. */
  leaveForProvider(): Promise<void>
  /** Finishes a sign-in on the page that the provider sends the user back to; undefined on others. */
  comeBack(): Promise<string | undefined>
  /** Of all tabs; whoever is signed in is signed out. */
  choose(custody: Custody): Promise<void>
  /** Resolves when this tab knows whether somebody is signed in. */
  ready(): Promise<void>
  /** Calls back when the state or the client has changed. */
  subscribe(listener: () => void): void
}

const CUSTODY = 'demo-custody'
const EVENTS: readonly (keyof AuthEvents)[] = ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']
/** How long the server may take to answer a refresh (in milliseconds): short, so that outages are over soon. */
const REFRESH_TIMEOUT = 5_000

function chosen(): Custody {
  const custody = localStorage.getItem(CUSTODY)
  return isCustody(custody) ? custody : 'cookie'
}

export function createAccount(emit: Emit): Account {
  const wire = observeWire(emit)
  const listeners = new Set<() => void>()
  let custody = chosen()
  let client = start()
  let api = createKy(client)

  const tell = (): void => {
    for (const listener of listeners) listener()
  }

  function start(): AuthClient {
    const made = createClient(custody, { refreshTimeout: REFRESH_TIMEOUT })
    made.subscribe(() => tell())
    for (const step of EVENTS) made.on(step, () => tell())
    createRecorder(made).subscribe((seen) => {
      // The wire of this page shows where a sign-out goes.
      if (seen.kind !== 'wire' || seen.request !== 'sign-out') emit(seen)
    })
    // Only the page's own scripts get at it, which hold the session anyway.
    Object.assign(window, { auth: made })
    void made.restore().then(() => tell())
    return made
  }

  function change(next: Custody): void {
    if (next === custody) return
    custody = next
    client.dispose()
    client = start()
    api = createKy(client)
    tell()
  }

  const login = (): Login =>
    createLogin(client, { issuer: `${location.origin}/oauth`, clientId: 'demo', redirectUri: '/callback' })

  async function choose(next: Custody): Promise<void> {
    if (next === custody) return
    await client.restore()
    if (client.getState().status === 'signed-in') await client.signOut()
    localStorage.setItem(CUSTODY, next)
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
    wire,
    async signIn(user, wanted = custody) {
      await choose(wanted)
      await client.signIn(() => logIn(user, wanted))
    },
    async leaveForProvider() {
      await choose('client')
      await login().start({ returnTo: '/' })
    },
    comeBack: () => login().finish(),
    choose,
    ready: async () => void (await client.restore()),
    subscribe: (listener) => void listeners.add(listener),
  }
}
