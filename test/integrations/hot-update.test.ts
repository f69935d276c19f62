// Hot updates as Vite makes them, in Chromium: the components change, the session goes on.

import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDemoServer, type DemoServer } from '../../demo/server/server.ts'
import type { Browser, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'

declare global {
  var isSamePage: boolean | undefined
  var replaced: import('authfetch').AuthClient | undefined
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let browser: Browser

beforeAll(async () => {
  browser = await launch('chromium')
})

afterAll(() => browser?.close())

describe.each([
  ['React', 'react', 'App.tsx'],
  ['Vue', 'vue', 'App.vue'],
])('%s', (_, name, app) => {
  let folder: string
  let demo: DemoServer
  let http: Server
  let vite: ViteDevServer
  let tab: Tab

  const shows = (text: string): Promise<void> =>
    tab.waitFor((wanted: string) => document.body.textContent?.includes(wanted), text)

  async function edit(file: string, change: (source: string) => string): Promise<void> {
    const path = join(folder, file)
    await writeFile(path, change(await readFile(path, 'utf8')))
    vite.watcher.emit('change', path)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authfetch-hot-'))
    await cp(join(ROOT, 'test/package/projects', name), folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
    demo = await createDemoServer({ accessLifetime: 3600 })
    http = createHttpServer((request, response) => {
      demo.handle(request, response, () => vite.middlewares(request, response))
    })
    vite = await createServer({
      root: folder,
      cacheDir: join(folder, '.vite'),
      logLevel: 'warn',
      resolve: {
        alias: [
          { find: /^authfetch$/, replacement: join(ROOT, 'src/index.ts') },
          { find: /^authfetch\/(\w+)$/, replacement: join(ROOT, 'src/$1.ts') },
        ],
      },
      // Told by `edit`, since a watcher takes its time to begin.
      server: { watch: null, middlewareMode: { server: http }, fs: { strict: false } },
    })
    await new Promise<void>((resolve) => http.listen(0, 'localhost', resolve))
    const profile = await browser.newProfile()
    tab = await profile.open(`http://localhost:${(http.address() as AddressInfo).port}/`)
    await shows('log in')
    await tab.evaluate(() =>
      fetch('/auth/sign-in', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
        body: JSON.stringify({ user: 'alice', custody: 'cookie' }),
      }).then(({ status }) => status),
    )
    await tab.reload()
    await shows('show orders')
    await tab.evaluate(() => {
      globalThis.isSamePage = true
    })
    demo.stats.refreshesGranted = 0
  })

  afterAll(async () => {
    expect(tab?.errors.filter((error) => !error.includes('401'))).toEqual([])
    await vite?.close()
    http?.closeAllConnections()
    await new Promise((resolve) => http?.close(resolve))
    await demo?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('a component that is replaced shows the session of before, without a refresh', async () => {
    await edit(app, (source) => source.replace('show orders', 'list orders'))
    await shows('list orders')
    expect(await tab.evaluate(() => globalThis.isSamePage)).toBe(true)
    expect(await tab.evaluate(() => document.body.textContent)).not.toContain('log in')
    expect(demo.stats.refreshesGranted).toBe(0)
  })

  // A Vue app takes its client at its start, so that Vite reloads the page instead.
  if (name === 'react') {
    test('a client that is replaced takes the session over, without a refresh', async () => {
      await edit('auth.ts', (source) => `${source}globalThis.replaced = auth\n`)
      await tab.waitFor(() => globalThis.replaced?.getState().status === 'signed-in')
      await shows('list orders')
      expect(await tab.evaluate(() => globalThis.isSamePage)).toBe(true)
      expect(demo.stats.refreshesGranted).toBe(0)
    })
  }
})
