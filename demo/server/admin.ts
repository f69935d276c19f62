// The administrator's side, for the demo and the tests: without a sign-in of its own, so it must listen on the loopback
// interface only. A page of another origin can reach that too, so its requests are refused.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fault, readFault } from './faults.ts'
import { HttpError, invalidRequest, isForeign, readJson, sendJson } from './http.ts'
import { readSettings, type Settings, type Stats } from './settings.ts'
import type { Store } from './store.ts'

export interface AdminParts {
  readonly store: Store
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly origins: readonly string[]
  revoke(session: string): boolean
  expire(): Promise<void>
  reset(): void
  listen(listener: (event: string) => void): () => void
}

export interface Admin {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

/** Under any other name than the machine's own, a page may have made itself our origin (DNS rebinding). */
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalidRequest('the path is malformed')
  }
}

export function createAdmin(parts: AdminParts): Admin {
  const { store, settings, faults, stats, origins, revoke, expire, reset, listen } = parts

  function follow(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.flushHeaders()
    response.on(
      'close',
      listen((event) => response.write(`data: ${event}\n\n`)),
    )
  }

  async function post(request: IncomingMessage, kind: string, name: string): Promise<unknown> {
    switch (kind) {
      case 'sessions/revoke':
        if (!revoke(name)) throw new HttpError(404, { error: 'not_found' })
        return {}
      case 'users/revoke': {
        const sessions = store.sessions().filter(({ subject }) => subject === name)
        return { revoked: sessions.filter(({ id }) => revoke(id)).length }
      }
      case 'expire':
        await expire()
        return {}
      case 'settings':
        return Object.assign(settings, readSettings(await readJson(request)))
      case 'faults': {
        const fault = readFault(await readJson(request))
        if (!fault) throw invalidRequest('the fault is unknown')
        faults.push(fault)
        return faults
      }
      case 'faults/clear':
        faults.length = 0
        return faults
      case 'reset':
        reset()
        return {}
    }
    throw new HttpError(404, { error: 'not_found' })
  }

  return {
    async handle(request, response, path) {
      if (isForeign(request, origins) || !LOOPBACK.test(request.headers.host ?? '')) {
        throw invalidRequest('only the demo itself may do this', 403)
      }
      const segments = path.split('/').slice(2).map(decode)
      if (request.method === 'POST') {
        const isNamed = segments.length === 3
        const kind = isNamed ? `${segments[0]}/${segments[2]}` : segments.join('/')
        return sendJson(response, 200, await post(request, kind, isNamed ? String(segments[1]) : ''))
      }
      if (path === '/admin/sessions') return sendJson(response, 200, store.sessions())
      if (path === '/admin/stats') return sendJson(response, 200, stats)
      if (path === '/admin/settings') return sendJson(response, 200, settings)
      if (path === '/admin/faults') return sendJson(response, 200, faults)
      if (path === '/admin/events') return follow(response)
      throw new HttpError(404, { error: 'not_found' })
    },
  }
}
