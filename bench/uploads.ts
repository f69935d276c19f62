// What an upload of 200 MB costs in memory, with fetch and with authFetch: real Chromium, HTTP/2, the growth of the page's
// process and of all processes of the browser while the body goes up.

import { readFileSync, writeFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { createCertificate } from '../test/conformance/certificate.ts'
import type {} from '../test/conformance/rules-page.ts'
import { findChromium } from '../test/support/browser/executables.ts'
import { bundle } from '../test/support/bundle.ts'

const MEGABYTES = 200
const BODIES = ['Blob', 'stream', 'Blob in a Request', 'stream in a Request'] as const
const CALLS = ['fetch', 'authFetch', 'authFetch, waiting', 'authFetch, 401 first'] as const

const script = await bundle(fileURLToPath(new URL('../test/conformance/rules-page.ts', import.meta.url)))
let refusals = 0
let received = 0

const WINDOW = 2 ** 24
const certificate = createCertificate()
const server = createSecureServer({ ...certificate, settings: { initialWindowSize: WINDOW } }, (request, response) => {
  const path = request.url
  if (path === '/') return void response.end('<!doctype html><script src="/script.js"></script>')
  if (path === '/script.js') return void response.end(script)
  if (path === '/control/session') return void response.end('{"current":0,"refreshes":0}')
  request.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  request.on('end', () => {
    if (path === '/auth/refresh') return response.end('{"access_token":"token-1","expires_in":1000000}')
    if (refusals > 0) response.writeHead(401)
    refusals = 0
    response.end()
  })
})
server.on('session', (session) => session.setLocalWindowSize(WINDOW))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `https://localhost:${(server.address() as AddressInfo).port}`

const { path: executablePath } = findChromium()
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--js-flags=--expose-gc'] })
const session = await browser.newBrowserCDPSession()

/** The memory of the processes of a kind (in megabytes): what is neither a file nor shared with others. */
async function memoryOf(kind: string): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  let kilobytes = 0
  for (const { id } of processInfo.filter(({ type }) => type.includes(kind))) {
    try {
      kilobytes += Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1])
    } catch {
      // Gone meanwhile.
    }
  }
  return kilobytes / 1024
}

const rows: Record<string, string | number>[] = []
for (const body of BODIES) {
  for (const call of CALLS) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await page.goto(origin)
    await page.evaluate(
      async ([kind, how, count]) => {
        const auth = await rules.signIn({ origins: [location.origin] })
        if (how === 'authFetch, waiting') rules.leap(2_000_000_000)
        const send = how === 'fetch' ? fetch : auth.authFetch
        const chunk = new Uint8Array(1_000_000)
        const blob = kind.startsWith('Blob') ? new Blob(Array(count).fill(chunk)) : undefined
        let sent = 0
        const collectGarbage = globalThis.gc as () => void
        const pull = (controller: ReadableStreamDefaultController): void => {
          // What counts is what is kept.
          if (sent % 5 === 0) collectGarbage()
          if (sent++ < count) controller.enqueue(chunk.slice())
          else controller.close()
        }
        const start = (): Promise<Response> => {
          const data = blob ?? new ReadableStream({ pull }, { highWaterMark: 0 })
          const init = { method: 'POST', body: data, duplex: 'half' }
          return kind.endsWith('Request') ? send(new Request('/upload', init)) : send('/upload', init)
        }
        Object.assign(globalThis, { start, ready: await blob?.slice(-1).text() })
        collectGarbage()
      },
      [body, call, MEGABYTES] as const,
    )
    received = 0
    refusals = call === 'authFetch, 401 first' ? 1 : 0
    const before = { renderer: await memoryOf('renderer'), all: await memoryOf('') }
    const peak = { ...before }
    let isDone = false
    const upload = page
      .evaluate(async () => (await Reflect.get(globalThis, 'start')()).status)
      .finally(() => {
        isDone = true
      })
    while (!isDone) {
      peak.renderer = Math.max(peak.renderer, await memoryOf('renderer'))
      peak.all = Math.max(peak.all, await memoryOf(''))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    rows.push({
      body,
      call,
      status: await upload,
      'MB received': Math.round(received / 1e6),
      'page grows by (MB)': Math.round(peak.renderer - before.renderer),
      'browser grows by (MB)': Math.round(peak.all - before.all),
    })
    await context.close()
  }
}
const version = browser.version()
await browser.close()
server.close()
console.table(rows)
writeFileSync(new URL('./results/uploads.json', import.meta.url), `${JSON.stringify({ version, rows }, null, 2)}\n`)
