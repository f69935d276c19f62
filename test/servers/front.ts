// One origin for a page and its server, as a reverse proxy makes it; what a scenario asks of its judge is asked here.

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hold, Judge } from '../browser/backends/backend.ts'
import { createGate } from '../browser/backends/gate.ts'
import type { RunningServer, Server } from './server.ts'

/** A server that others wrote, as a judge. */
export interface ServerBackend extends Judge {
  readonly holdsRefreshToken: boolean
  readonly revokesAtRefresh: boolean
  /** Statuses with which refreshes were answered, lost answers included. */
  readonly refreshStatuses: readonly number[]
  /** Holds calls of the API before they are processed. */
  holdCalls(): Hold
  /** How many calls of the API were answered 401. */
  refusedCalls(): number
  /** How many sessions of the user a refresh would continue. */
  sessions(): Promise<number>
  endSessions(): Promise<void>
  recall(): Promise<void>
}

let users = 0

export async function startFront(server: Server, running: RunningServer, page: string): Promise<ServerBackend> {
  const { refreshPath, resourcePath, holdsRefreshToken, revokesAtRefresh = false } = server
  const gate = createGate()
  const callGate = createGate()
  const refreshStatuses: number[] = []
  let tokenRequests = 0
  let refusedCalls = 0
  let losses = 0
  /** Servers are shared by scenarios, users are not. */
  const suffix = ++users
  let user = ''

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // Without kept connections no browser sends a POST twice by itself.
    outgoing.setHeader('Connection', 'close')
    const { pathname } = new URL(incoming.url ?? '/', running.origin)
    if (incoming.method === 'GET' && (pathname === '/' || pathname === '/away')) {
      outgoing.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' })
      outgoing.end(pathname === '/' ? page : '<title>away</title>')
      return
    }
    const isRefresh = incoming.method === 'POST' && pathname === refreshPath
    let isLost = false
    if (isRefresh) {
      tokenRequests++
      await gate.pass()
      isLost = losses > 0
      if (isLost) losses--
    }
    if (pathname === resourcePath) await callGate.pass()
    const { status, headers, body } = await forward(incoming, running.origin)
    if (isRefresh) refreshStatuses.push(status)
    if (pathname === resourcePath && status === 401) refusedCalls++
    if (isLost) return void incoming.socket.destroy()
    outgoing.writeHead(status, { ...headers, connection: 'close' })
    outgoing.end(body)
  }

  const listener = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => listener.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(listener.address() as AddressInfo).port}`
  return {
    holdsRefreshToken,
    revokesAtRefresh,
    refreshStatuses,
    url: () => `${origin}/`,
    away: `${origin}/away`,
    tokenRequests: () => tokenRequests,
    refusedCalls: () => refusedCalls,
    hold: gate.hold,
    holdCalls: callGate.hold,
    loseAnswer: () => {
      losses++
    },
    async credentials(name) {
      user = `${name}-${suffix}`
      return await running.credentials(user)
    },
    sessions: () => running.sessions(user),
    isOver: async () => (await running.sessions(user)) === 0,
    endSessions: () => running.endSessions(user),
    recall: () => running.recall(user),
    async close() {
      listener.closeAllConnections()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

function forward(incoming: IncomingMessage, origin: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming
    const outgoing = request(`${origin}${incoming.url}`, { method, headers, agent: false }, (answer) => {
      // Django 3.2 sends a body all the same, which browsers put up with and this parser does not.
      if (method === 'HEAD') return resolve(answerOf(answer, Buffer.alloc(0)))
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve(answerOf(answer, Buffer.concat(chunks))))
    })
    outgoing.on('error', reject)
    incoming.pipe(outgoing)
  })
}

function answerOf({ statusCode = 500, headers }: IncomingMessage, body: Buffer): Answer {
  const { 'transfer-encoding': _, ...rest } = headers
  return { status: statusCode, headers: rest, body }
}
