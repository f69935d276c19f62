// A foreign origin: it notes what it was sent, and redirects where it is told to.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface EchoServer {
  readonly origin: string
  readonly seen: { readonly method: string | undefined; readonly authorization: string | undefined }[]
  redirect: string
  close(): Promise<void>
}

export async function createEchoServer(): Promise<EchoServer> {
  const seen: EchoServer['seen'] = []
  const server = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Allow-Headers', 'Authorization')
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    seen.push({ method: request.method, authorization: request.headers.authorization })
    if (request.url === '/redirect') response.writeHead(302, { Location: echo.redirect }).end()
    else response.end('echo')
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const echo: EchoServer = {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    seen,
    redirect: '/',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return echo
}
