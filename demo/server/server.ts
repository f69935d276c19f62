// The reference server: an authorization server, two APIs that only check their tokens, and an administrator's side.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdmin } from './admin.ts'
import { createApi } from './api.ts'
import { createAuthServer } from './auth.ts'
import { allowOrigin } from './cors.ts'
import type { Fault } from './faults.ts'
import { createGrants, type EventKind } from './grants.ts'
import { HttpError, sendJson } from './http.ts'
import { createProofChecker } from './proofs.ts'
import type { Family } from './sessions.ts'
import { createSettings, createStats, readSettings, type Settings, type Stats } from './settings.ts'
import { createStore, type Store } from './store.ts'
import { createAccessTokens } from './tokens.ts'

/** The settings are what the server starts with, and returns to when it is reset. */
export interface DemoServerOptions extends Partial<Settings> {
  /** Where sessions are kept; `:memory:` by default. */
  readonly file?: string
  /** Origins that may call with credentials from elsewhere. */
  readonly origins?: readonly string[]
  /** Whether cookies are `Secure`; false for browsers that refuse that on http://localhost. */
  readonly secureCookies?: boolean
}

export interface DemoServer {
  /** Answers what is its own, and calls `next` for the rest. */
  handle(request: IncomingMessage, response: ServerResponse, next?: () => void): void
  /** Listens on the loopback interface; resolves with the origin. */
  listen(port?: number): Promise<string>
  /** Ends every connection, those of another server that calls `handle` included. */
  close(): Promise<void>
  /** Forgets sessions, faults and counters, and restores the settings. */
  reset(): void
  /** Revokes a session, as an administrator does; false when there is none to revoke. */
  revoke(session: string): boolean
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly store: Store
}

const ENDINGS: readonly EventKind[] = ['reused', 'revoked', 'signed-out']

export async function createDemoServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const { file = ':memory:', origins = [], secureCookies = true } = options
  const settings: Settings = { ...createSettings(), ...readSettings(options) }
  const initial: Settings = { ...settings }
  const faults: Fault[] = []
  const stats = createStats()
  const listeners = new Set<(event: string) => void>()
  const denied = new Set<string>()
  const open = new Set<ServerResponse>()
  const closing = new AbortController()
  const now = (): number => Date.now() + settings.clockOffset
  const { issuer, checker } = await createAccessTokens(now)
  const proofs = createProofChecker(now)
  const store = createStore(file, now, settings)

  function announce(kind: EventKind, { id, subject, device }: Family): void {
    if (ENDINGS.includes(kind)) denied.add(id)
    const event = JSON.stringify({ kind, session: id, subject, device, at: now() })
    for (const listener of listeners) listener(event)
  }

  function revoke(session: string): boolean {
    const family = store.revoke(session, 'administrator')
    if (family) announce('revoked', family)
    return family !== undefined
  }

  function reset(): void {
    faults.length = 0
    denied.clear()
    store.clear()
    Object.assign(stats, createStats())
    Object.assign(settings, initial)
  }

  function listen(listener: (event: string) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  const grants = createGrants({ store, issuer, settings, stats, secureCookies, announce })
  const shared = { settings, proofs, faults, stats, origins, closing: closing.signal }
  const auth = createAuthServer({ ...shared, grants })
  const api = {
    ...shared,
    checker,
    denied,
    now,
    renew: grants.renew,
    accessCookie: grants.cookieNames.access,
  }
  const admin = createAdmin({ ...shared, store, revoke, reset, listen, expire: issuer.replaceKeys })
  const parts = new Map([
    ['auth', auth],
    ['oauth', auth],
    ['api', createApi({ ...api, audience: 'api' })],
    ['reports', createApi({ ...api, audience: 'reports' })],
    ['admin', admin],
  ])

  function fail(response: ServerResponse, error: unknown): void {
    if (closing.signal.aborted || response.destroyed || response.headersSent) {
      response.destroy()
    } else if (error instanceof HttpError) {
      sendJson(response, error.status, error.body, error.headers)
    } else {
      console.error(error)
      sendJson(response, 500, { error: 'server_error' })
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse, next?: () => void): void {
    const path = (request.url ?? '/').replace(/\?.*$/, '')
    const part = parts.get(path.split('/')[1] ?? '')
    if (!part) {
      if (next) next()
      else sendJson(response, 404, { error: 'not_found' })
      return
    }
    open.add(response)
    response.on('close', () => open.delete(response))
    response.setHeader('Date', new Date(now()).toUTCString())
    if (allowOrigin(request, response, origins, settings)) return
    part.handle(request, response, path).catch((error: unknown) => fail(response, error))
  }

  const server: Server = createServer((request, response) => handle(request, response))
  return {
    handle,
    reset,
    revoke,
    settings,
    faults,
    stats,
    store,
    async listen(port = 0) {
      await once(server.listen(port, 'localhost'), 'listening')
      return `http://localhost:${(server.address() as AddressInfo).port}`
    },
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      for (const response of open) response.destroy()
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      store.close()
    },
  }
}
