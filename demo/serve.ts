// The demo's pages and its server on one address.

import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildPages, type Handler } from './build.ts'
import { createDemoServer } from './server/server.ts'

export interface Demo {
  readonly origin: string
  close(): Promise<void>
}

/** Short, so that there is something to see (in seconds). */
const ACCESS_LIFETIME = 30

/** `file`: where sessions are kept; `:memory:` forgets them. Port 0 is any free one. Pages that are at hand need no build. */
export async function serveDemo(file: string, port: number, built?: Handler): Promise<Demo> {
  const pages = built ?? (await buildPages())
  // Safari takes no Secure cookies from http://localhost; everywhere else they must be.
  const auth = await createDemoServer({ file, accessLifetime: ACCESS_LIFETIME, secureCookies: false })
  const http = createHttpServer((request, response) => {
    auth.handle(request, response, () => {
      // Where a sign-in by redirect comes back to: the same page.
      request.url = request.url?.replace(/^\/callback(?=\?|$)/, '/')
      pages(request, response)
    })
  })
  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(port, 'localhost', resolve)
    })
  } catch (error) {
    await auth.close()
    throw error
  }
  return {
    origin: `http://localhost:${(http.address() as AddressInfo).port}`,
    async close() {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await auth.close()
    },
  }
}
