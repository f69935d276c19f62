// The administrator's side, for the demo and the tests: unguarded, so it must listen on the loopback interface only.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError, readJson, sendJson } from './http.ts'
import { createSettings, createStats, type Fault, type Settings, type Stats } from './settings.ts'
import type { Store } from './store.ts'

export interface AdminParts {
  readonly store: Store
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  revoke(id: string): boolean
  expire(): Promise<void>
  listen(listener: (event: string) => void): () => void
}

export interface Admin {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

export function createAdmin({ store, settings, faults, stats, revoke, expire, listen }: AdminParts): Admin {
  function follow(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.flushHeaders()
    const stop = listen((event) => response.write(`data: ${event}\n\n`))
    request.on('close', stop)
  }

  return {
    async handle(request, response, path) {
      const [, , kind, name, verb] = path.split('/').map(decodeURIComponent)
      const isPost = request.method === 'POST'
      if (!isPost && kind === 'sessions') return sendJson(response, 200, store.sessions())
      if (!isPost && kind === 'stats') return sendJson(response, 200, stats)
      if (!isPost && kind === 'settings') return sendJson(response, 200, settings)
      if (!isPost && kind === 'events') return follow(request, response)
      if (isPost && kind === 'sessions' && verb === 'revoke') {
        return sendJson(response, revoke(String(name)) ? 200 : 404, {})
      }
      if (isPost && kind === 'users' && verb === 'revoke') {
        const revoked = store.families(String(name)).filter(revoke).length
        return sendJson(response, 200, { revoked })
      }
      if (isPost && kind === 'expire') {
        await expire()
        return sendJson(response, 200, {})
      }
      if (isPost && kind === 'settings') {
        const known = Object.keys(createSettings())
        const changes = Object.entries(await readJson(request)).filter(([key]) => known.includes(key))
        Object.assign(settings, Object.fromEntries(changes))
        return sendJson(response, 200, settings)
      }
      if (isPost && kind === 'faults') {
        const fault = (await readJson(request)) as unknown as Fault
        faults.push({ ...fault, times: Number(fault.times ?? 1) })
        return sendJson(response, 200, faults)
      }
      if (isPost && kind === 'reset') {
        faults.length = 0
        Object.assign(stats, createStats())
        Object.assign(settings, createSettings())
        store.clear()
        return sendJson(response, 200, {})
      }
      throw new HttpError(404, { error: 'not_found' })
    },
  }
}
