// The reference server: an authorization server, an API that only checks its tokens, and an administrator's side.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdmin } from './admin.ts'
import { createApi } from './api.ts'
import { createAuthServer } from './auth.ts'
import { HttpError, sendJson } from './http.ts'
import { createSettings, createStats, type Fault, type Settings, type Stats } from './settings.ts'
import { createStore, type Family, type Store } from './store.ts'
import { createAccessTokens } from './tokens.ts'

export interface DemoServerOptions {
  /** Where sessions are kept; `:memory:` by default. */
  readonly file?: string
  /** Lifetime of access tokens (in seconds). */
  readonly accessLifetime?: number
  /** How far the server's clock is ahead (in milliseconds). */
  readonly clockOffset?: number
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
  close(): Promise<void>
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly store: Store
}

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, X-Requested-With'

export async function createDemoServer(options: DemoServerOptions = {}): Promise<DemoServer> {
  const { file = ':memory:', clockOffset = 0, origins = [], secureCookies = true } = options
  const settings = createSettings()
  if (options.accessLifetime !== undefined) settings.accessLifetime = options.accessLifetime
  const faults: Fault[] = []
  const stats = createStats()
  const listeners = new Set<(event: string) => void>()
  const denied = new Set<string>()
  const tokens = await createAccessTokens('http://localhost', clockOffset)
  const store = createStore(file, tokens.now, () => settings.replay)

  function announce(kind: string, { id, subject, device }: Family): void {
    const event = JSON.stringify({ kind, session: id, subject, device, at: tokens.now() })
    for (const listener of listeners) listener(event)
  }

  function revoke(id: string): boolean {
    denied.add(id)
    return store.revoke(id, 'administrator')
  }

  const auth = createAuthServer({ store, tokens, settings, faults, stats, secureCookies, origins, announce })
  const shared = { settings, faults, stats }
  const api = createApi({ ...shared, tokens, secureCookies, denied })
  const admin = createAdmin({
    ...shared,
    store,
    revoke,
    expire: tokens.replaceKeys,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const parts = { auth, oauth: auth, api, admin }

  /** True when this was a preflight, which is answered here. */
  function allowOrigin(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers
    if (!origin || !origins.includes(origin)) return false
    response.setHeader('Access-Control-Allow-Origin', origin)
    response.setHeader('Access-Control-Allow-Credentials', 'true')
    response.setHeader('Vary', 'Origin')
    const exposed = settings.exposeChallenge ? ', WWW-Authenticate' : ''
    response.setHeader('Access-Control-Expose-Headers', `Date, Retry-After, X-Renewed-Token${exposed}`)
    if (request.method !== 'OPTIONS') return false
    response.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS)
    response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
    response.writeHead(204).end()
    return true
  }

  function handle(request: IncomingMessage, response: ServerResponse, next?: () => void): void {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const name = path.split('/')[1] ?? ''
    const part = Object.hasOwn(parts, name) ? parts[name as keyof typeof parts] : undefined
    if (!part) {
      if (next) next()
      else sendJson(response, 404, { error: 'not_found' })
      return
    }
    response.setHeader('Date', new Date(tokens.now()).toUTCString())
    if (allowOrigin(request, response)) return
    part.handle(request, response, path).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy()
      } else if (error instanceof HttpError) {
        sendJson(response, error.status, error.body, error.headers)
      } else {
        console.error(error)
        sendJson(response, 500, { error: 'server_error' })
      }
    })
  }

  const server: Server = createServer((request, response) => handle(request, response))
  return {
    handle,
    settings,
    faults,
    stats,
    store,
    async listen(port = 0) {
      await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
      return `http://localhost:${(server.address() as AddressInfo).port}`
    },
    async close() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
      store.close()
    },
  }
}
