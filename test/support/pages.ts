// A static loopback server: the pages of a test on an origin of their own.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export interface PagesOptions {
  /** Added to each answer, over the defaults. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Pages {
  /** `http://localhost:PORT`, a secure context. */
  readonly origin: string
  /** `http://127.0.0.1:PORT`: the same pages, another origin and another site. */
  readonly otherOrigin: string
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** Serves path → text, or the files of a folder. A second call serves a second origin of the same site. */
export async function servePages(
  source: Readonly<Record<string, string>> | string,
  options: PagesOptions = {},
): Promise<Pages> {
  const contentOf = async (path: string): Promise<string | Buffer | undefined> => {
    if (typeof source !== 'string') return source[path]
    return await readFile(join(source, normalize(path))).catch(() => undefined)
  }

  const server = createServer(async (request, response) => {
    request.resume()
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const exact = await contentOf(pathname)
    const content = exact ?? (pathname.endsWith('/') ? await contentOf(`${pathname}index.html`) : undefined)
    const type = TYPES[extname(pathname)] ?? TYPES['.html']
    // Cacheable, because `no-store` keeps a page out of the back/forward cache.
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': type,
      'Cache-Control': 'no-cache',
      ...options.headers,
    })
    response.end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    origin: `http://localhost:${port}`,
    otherOrigin: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
