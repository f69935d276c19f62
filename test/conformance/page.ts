// The page of the suite, and its worker: a client per mode, and the cases, run one at a time.

import { type AuthClient, cookieRefresh, createAuthClient } from 'authfetch'
import { dpop } from 'authfetch/dpop'
import type { Clock } from 'authfetch/testing'
import { CASES } from './cases/index.ts'
import type { Call, Observation } from './context.ts'
import { observe, rejectionOf } from './observe.ts'

/**
 * `waiting`: the token has expired before each case. `refused`: the server refuses it once in each case. `bound`: it is
 * bound to a key (RFC 9449).
 */
export type Mode = 'fetch' | 'signed out' | 'signed in' | 'waiting' | 'refused' | 'bound'

export interface Origins {
  readonly here: string
  readonly there: string
  readonly away: string
}

const isWindow = 'document' in globalThis
const native = globalThis.fetch.bind(globalThis)
let calls = 0

/** The `fetch` of all modes: the one difference is what is put on top. */
const network: Call = Object.defineProperty(
  (...given: Parameters<Call>) => {
    calls++
    return native(...given)
  },
  'length',
  { value: native.length },
)

const clients = new Map<Mode, AuthClient>()

/** How far each client's clock is ahead, and how much further at each case. */
const ahead: Partial<Record<Mode, number>> = {}
const leap: Partial<Record<Mode, number>> = { waiting: 2_000_000_000, refused: 60_000 }

const clockOf = (mode: Mode): Clock => ({
  now: () => Date.now() + (ahead[mode] ?? 0),
  elapsed: () => performance.now() + (ahead[mode] ?? 0),
  after(delay, callback) {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
})

async function callOf(mode: Mode, { here, there }: Origins): Promise<Call> {
  if (mode === 'fetch') return network
  const client =
    clients.get(mode) ??
    createAuthClient({
      refresh: cookieRefresh('/auth/refresh'),
      origins: [here, there],
      name: isWindow ? mode : `${mode}, in a worker`,
      fetch: network,
      ...(mode === 'bound' && { proofs: dpop() }),
      platform: { clock: clockOf(mode) },
    })
  if (!clients.has(mode)) {
    clients.set(mode, client)
    if (mode === 'signed out') await client.signOut()
    else if (mode === 'bound') {
      const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
      await client.signIn({ access_token: 'token-0', expires_in: 1_000_000, token_type: 'DPoP', key })
    } else await client.signIn({ access_token: 'token-0', expires_in: 1_000_000 })
  }
  return client.authFetch
}

let runs = 0

/** Runs a case; the addresses of this run are told from those of others, and made the same afterwards. */
async function run(name: string, mode: Mode, origins: Origins): Promise<string> {
  const entry = CASES.find((one) => one.name === name)
  if (!entry) throw new Error(`no case "${name}"`)
  const call = await callOf(mode, origins)
  ahead[mode] = (ahead[mode] ?? 0) + (leap[mode] ?? 0)
  const control = async (command: string): Promise<unknown> =>
    (await native(`${origins.here}/control/${command}`)).json()
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
      control,
    })
    .catch((error: unknown) => ({ failed: rejectionOf(error) }))
  // What a case has left behind ends before the next one.
  const client = clients.get(mode)
  const state = client?.getState()
  if (state?.status === 'signed-in' && state.refreshing) await client?.getAccessToken()
  return JSON.stringify(result, (_, value) => (value === undefined ? 'undefined' : value))
}

let worker: Worker | undefined

/** Runs a case in a worker that has the same script. */
function runInWorker(...given: Parameters<typeof run>): Promise<string> {
  worker ??= new Worker('/script.js')
  const { port1, port2 } = new MessageChannel()
  worker.postMessage(given, [port2])
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data)
  })
}

if (isWindow) Object.assign(globalThis, { conformance: { run, runInWorker } })
else
  addEventListener('message', ({ data, ports }) => {
    run(...(data as Parameters<typeof run>)).then(
      (result) => ports[0]?.postMessage(result),
      (error: unknown) => ports[0]?.postMessage(JSON.stringify({ failed: String(error) })),
    )
  })
