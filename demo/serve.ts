// The demo's page and its server on one address; Vite serves the page from source.

import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { createDemoServer } from './server/server.ts'

export interface Demo {
  readonly origin: string
  close(): Promise<void>
}

/** Short, so that there is something to see (in seconds). */
const ACCESS_LIFETIME = 30

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** `file`: where sessions are kept; `:memory:` forgets them. Port 0 is any free one. */
export async function serveDemo(file: string, port: number): Promise<Demo> {
  const auth = await createDemoServer({ file, accessLifetime: ACCESS_LIFETIME })
  const http = createHttpServer((request, response) => {
    auth.handle(request, response, () => vite.middlewares(request, response))
  })
  const vite = await createServer({
    root: path('.'),
    configFile: path('../vite.config.ts'),
    logLevel: 'warn',
    // The documents are outside of the page's folder.
    server: { middlewareMode: { server: http }, fs: { allow: [path('..')] } },
    // Found at once, so that no page is loaded a second time.
    optimizeDeps: { include: ['idb-keyval', 'jwt-decode', 'ky'] },
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, 'localhost', resolve)
  })
  return {
    origin: `http://localhost:${(http.address() as AddressInfo).port}`,
    async close() {
      await vite.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await auth.close()
    },
  }
}
