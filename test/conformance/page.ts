// The page of the suite: a client per mode, and the cases, run one at a time.

import { type AuthClient, cookieRefresh, createAuthClient } from 'authfetch'
import { CASES } from './cases/index.ts'
import type { Call, Observation } from './context.ts'
import { observe, rejectionOf } from './observe.ts'

export type Mode = 'fetch' | 'signed in' | 'signed out'

export interface Origins {
  readonly here: string
  readonly there: string
  readonly away: string
}

const native = globalThis.fetch.bind(globalThis)
let calls = 0

/** The `fetch` of all modes: the one difference is what is put on top. */
const network: Call = (...given) => {
  calls++
  return native(...given)
}

const clients = new Map<Mode, AuthClient>()

async function callOf(mode: Mode, { here, there }: Origins): Promise<Call> {
  if (mode === 'fetch') return network
  const client =
    clients.get(mode) ??
    createAuthClient({ refresh: cookieRefresh('/auth/refresh'), origins: [here, there], name: mode, fetch: network })
  if (!clients.has(mode)) {
    clients.set(mode, client)
    if (mode === 'signed in') await client.signIn({ access_token: 'token-0', expires_in: 3600 })
    else await client.signOut()
  }
  return client.authFetch
}

let runs = 0

/** Runs a case; the addresses of this run are told from those of others, and made the same afterwards. */
async function run(name: string, mode: Mode, origins: Origins): Promise<string> {
  const entry = CASES.find((one) => one.name === name)
  if (!entry) throw new Error(`no case "${name}"`)
  const call = await callOf(mode, origins)
  const id = `run${String(++runs).padStart(5, '0')}`
  const reached = (): boolean => {
    const has = calls > 0
    calls = 0
    return has
  }
  const result = await entry
    .run({
      ...origins,
      id,
      call,
      observe: (...given): Promise<Observation> => observe(call, { reached }, given),
      control: async (command) => (await native(`${origins.here}/control/${command}`)).json(),
    })
    .catch((error: unknown) => ({ failed: rejectionOf(error) }))
  return JSON.stringify(result, (_, value) => (value === undefined ? 'undefined' : value))
}

Object.assign(globalThis, { conformance: { run } })
