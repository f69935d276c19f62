// The pages of the demo, bundled from source into memory: they load at once, and nothing reloads them behind their back.

import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

const PAGES = ['index', 'tab', 'textbook', 'docs']
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    root: path('.'),
    configFile: false,
    logLevel: 'warn',
    resolve: {
      alias: [
        { find: /^authfetch$/, replacement: path('../src/index.ts') },
        { find: /^authfetch\/(\w+)$/, replacement: path('../src/$1.ts') },
      ],
    },
    build: {
      write: false,
      minify: false,
      sourcemap: 'inline',
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: PAGES.map((name) => path(`./${name}.html`)) },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  return new Map(outputs.map((one) => [`/${one.fileName}`, one.type === 'chunk' ? one.code : one.source]))
}

/** What the documents link to and show. */
const LINKED = /^\/((\.github|bench|demo|docs|src|test)\/[\w./-]+|LICENSE)$/

async function readLinked(name: string): Promise<string | Uint8Array | undefined> {
  const place = path(`..${name}`)
  if (!LINKED.test(name) || name.includes('node_modules')) return undefined
  return readFile(place).catch(async () => (await readdir(place).catch(() => undefined))?.join('\n'))
}

/** Answers for the pages, and for what the documents link to and show. */
export async function buildPages(): Promise<Handler> {
  const files = await bundle()

  async function find(name: string): Promise<string | Uint8Array | undefined> {
    return files.get(name) ?? readLinked(name)
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const name = pathname === '/' ? '/index.html' : pathname
    const content = await find(name)
    const headers = { 'Content-Type': TYPES[extname(name)] ?? 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache' }
    response.writeHead(content === undefined ? 404 : 200, headers).end(content ?? 'Not found')
  }

  return (request, response) => void handle(request, response)
}
