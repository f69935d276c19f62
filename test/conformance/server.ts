// Plain servers on two origins that note what they receive and do what the address asks for.

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { answer } from './answers.ts'
import type { Certificate } from './certificate.ts'
import { createControl } from './control.ts'

/** A request as it came in; the token is told apart, because it is the one thing that may differ. */
export interface Received {
  readonly to: string
  readonly method: string
  readonly url: string
  /** As on the wire: their case and their order. */
  readonly headers: string[]
  readonly authorization: string | undefined
  /** Answered with 401, whatever it asked for. */
  readonly denied: boolean
  body: string
}

export interface Servers {
  /** The page's origin. */
  readonly here: string
  /** Another origin of the same site, allowed. */
  readonly there: string
  /** Another site, not allowed: the second server by its address. */
  readonly away: string
  /** What came in since the last time, once all of it has come in to its end. */
  take(): Promise<Received[]>
  /** From now on, the first request with a token is answered with 401, or none. */
  deny(isDenying: boolean): void
  close(): Promise<void>
}

const LONG = 1000

async function readBody(request: IncomingMessage, onPiece: (soFar: number) => void): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer)
      length += chunk.length
      onPiece(length)
    }
  } catch {
    // Aborted: what came is the body.
  }
  const body = Buffer.concat(chunks)
  if (body.length <= LONG) return body.toString('latin1')
  return `${body.length} bytes, SHA-1 ${createHash('sha1').update(body).digest('hex')}`
}

function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const headers = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (!/^(authorization|dpop)$/i.test(name)) headers.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  return headers
}

/** Starts both; `pages` are path → HTML or script, served by the first. With a certificate they speak HTTP/2 alone. */
export async function startServers(
  pages: Readonly<Record<string, string>>,
  certificate?: Certificate,
): Promise<Servers> {
  let log: Received[] = []
  let pending: Promise<unknown>[] = []
  const control = createControl()

  const handle = (to: string) => async (request: IncomingMessage, response: ServerResponse) => {
    response.sendDate = false
    const url = new URL(request.url ?? '/', 'http://localhost')
    const page = to === 'here' ? pages[url.pathname] : undefined
    if (page !== undefined) {
      const type = url.pathname.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8'
      response.writeHead(200, { 'Content-Type': type, 'Set-Cookie': 'page=1; Path=/; SameSite=Lax' }).end(page)
      return
    }
    if (url.pathname.startsWith('/control/')) return control.handle(url, response)
    if (url.pathname === '/favicon.ico') return void response.writeHead(404).end()
    // Never answered: whoever asks is going to abort.
    if (url.pathname === '/aborted') return
    const entry: Received = {
      to,
      method: request.method ?? '',
      url: request.url ?? '',
      headers: headersOf(request),
      authorization: request.headers.authorization,
      denied: control.denies(request.headers.authorization),
      body: '',
    }
    log.push(entry)
    if (!entry.denied) control.saw(url)
    const body = readBody(request, (soFar) => control.note(`${url.searchParams.get('id')}-${soFar}`))
    pending.push(body.then((text) => Object.assign(entry, { body: text })))
    await answer({ request, response, url, body, control, denied: entry.denied })
  }

  const listen = async (name: string): Promise<Server> => {
    // The two interfaces are alike in all that is used here.
    const server = certificate
      ? (createSecureServer(certificate, handle(name) as never) as unknown as Server)
      : createServer({ keepAliveTimeout: 120_000 }, handle(name))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server
  }
  const servers = [await listen('here'), await listen('there')]
  const [here, there] = servers.map((server) => (server.address() as AddressInfo).port)

  const scheme = certificate ? 'https' : 'http'
  return {
    here: `${scheme}://localhost:${here}`,
    there: `${scheme}://localhost:${there}`,
    away: `${scheme}://127.0.0.1:${there}`,
    deny: control.deny,
    async take() {
      await Promise.all(pending)
      const taken = log
      log = []
      pending = []
      return taken
    },
    async close() {
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections?.()
          return new Promise((resolve) => server.close(resolve))
        }),
      )
    },
  }
}
