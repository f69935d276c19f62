// The panel in Chromium: what it shows and does, for the keyboard, a screen reader, both colour schemes and a phone.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDemoServer, type DemoServer } from '../../demo/server/server.ts'
import { FEWER_FEATURES } from '../support/browser/chromium.ts'
import { findChromium } from '../support/browser/executables.ts'
import { bundle } from '../support/bundle.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

let demo: DemoServer
let server: Server
let browser: Browser
let context: BrowserContext
let page: Page
let origin = ''
let errors: string[] = []

beforeAll(async () => {
  demo = await createDemoServer({ accessLifetime: 3600 })
  const script = (await bundle(path('./pages/devtools.ts'))).replaceAll('</script', '<\\/script')
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>page</title><main><h1>Application</h1></main><script>${script}</script></html>`
  server = createServer((request, response) =>
    demo.handle(request, response, () => {
      response
        .writeHead(200, {
          'Content-Type': 'text/html; charset=utf-8',
          // No style of the panel is written into the page.
          'Content-Security-Policy': "default-src 'self'; script-src 'unsafe-inline' 'unsafe-eval'",
        })
        .end(html)
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
  browser = await chromium.launch({ executablePath: findChromium().path, args: ['--no-sandbox', FEWER_FEATURES] })
})

afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
  await demo?.close()
})

beforeEach(async () => {
  demo.reset()
  errors = []
  context = await browser.newContext({ viewport: { width: 1000, height: 800 } })
  page = await context.newPage()
})

afterEach(async () => {
  await context.close()
  expect(errors).toEqual([])
})

interface Page4Tests {
  logIn(): Promise<void>
  unmount(): void
  auth: { getAccessToken(options: object): Promise<unknown>; getState(): { status: string } }
  recorder: { explain(): string }
}

async function open(query = '?open', one: Page = page): Promise<void> {
  one.on('pageerror', (error) => errors.push(error.message))
  one.on('console', (message) => {
    if (message.type() === 'error' && !/40[01]|ERR_FAILED/.test(message.text())) errors.push(message.text())
  })
  await one.goto(`${origin}/${query}`)
  await one.waitForSelector('body[data-ready]')
}

const logIn = (one: Page = page): Promise<void> => one.evaluate(() => (globalThis as unknown as Page4Tests).logIn())

const refresh = (one: Page = page): Promise<void> =>
  one.evaluate(() =>
    (globalThis as unknown as Page4Tests).auth.getAccessToken({ forceRefresh: true }).then(
      () => {},
      () => {},
    ),
  )

const fact = (name: string) => page.locator('.facts div', { hasText: name }).locator('dd')

async function shows(name: string, words: string | RegExp): Promise<void> {
  await fact(name).filter({ hasText: words }).waitFor()
}

const button = (name: string) => page.getByRole('button', { name, exact: true })

/** What axe-core finds wrong, in short. */
async function audit(): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    interface Violation {
      readonly id: string
      readonly nodes: readonly { readonly target: unknown; readonly failureSummary: string }[]
    }
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${JSON.stringify(target)} ${failureSummary}`),
    )
  })
}

describe('what it shows', () => {
  test('the state, the generation, the record, and why nobody is signed in', async () => {
    await open()
    await shows('Status', 'signed out (initial)')
    await page.locator('.explanation', { hasText: 'Not signed in' }).waitFor()
    await logIn()
    await shows('Status', 'signed in')
    const before = Number(await fact('Generation').textContent())
    await refresh()
    await shows('Generation', String(before + 1))
    await shows('Token expires in', 'min')
    await shows('Refresh token', 'in a cookie')
    await page.locator('.record li', { hasText: `commits generation ${before + 1}` }).waitFor()
    await page.locator('.record li', { hasText: 'refresh begins: a call needs a new token' }).waitFor()
  })

  test('the tabs as lanes, with the rotations of each', async () => {
    await open()
    await logIn()
    const other = await context.newPage()
    await open('', other)
    await other.waitForFunction(() => (globalThis as unknown as Page4Tests).auth.getState().status === 'signed-in')
    await refresh(other)
    await page.locator('.labels li').nth(1).waitFor()
    await page.locator('.mark.commit').first().waitFor({ state: 'attached' })
    await page.locator('.mark.adopted').first().waitFor({ state: 'attached' })
  })

  test('nothing of it holds a token', async () => {
    await open()
    await logIn()
    await refresh()
    const read = () => page.locator('authfetch-devtools').evaluate((element) => element.shadowRoot?.textContent)
    // The panel is drawn a moment after the client is done.
    await vi.waitFor(async () => expect(await read()).toContain('commits generation'), { timeout: 30_000 })
    const text = await read()
    expect(text).not.toMatch(/eyJ|alice/)
  })
})

describe('what it does', () => {
  beforeEach(async () => {
    await open()
    await logIn()
    await shows('Status', 'signed in')
  })

  test('a token that expires now is refreshed', async () => {
    const before = Number(await fact('Generation').textContent())
    await button('Expire now').click()
    await shows('Generation', String(before + 1))
  })

  test('the next answer is lost, and asked for again', async () => {
    await button('Lose the next answer').click()
    expect(await button('Lose the next answer').getAttribute('aria-pressed')).toBe('true')
    await refresh()
    await page.locator('.record li', { hasText: 'records that the answer is in doubt' }).waitFor()
    await page.locator('.record li', { hasText: 'again: the answer to a refresh at' }).waitFor()
    expect(await button('Lose the next answer').getAttribute('aria-pressed')).toBe('false')
    await shows('Status', 'signed in')
  })

  test('the next refresh is refused, and the panel says so', async () => {
    await button('Refuse the next refresh').click()
    await refresh()
    await shows('Status', 'signed out (rejected)')
    await page.locator('.explanation', { hasText: 'the server refused the refresh cookie (400)' }).waitFor()
  })

  test('the next answer is slow', async () => {
    await button('Slow the next answer').click()
    const done = refresh()
    await page.locator('.span.wire').first().waitFor({ state: 'attached' })
    await shows('Lock held by', 'this tab')
    await done
    await shows('Lock held by', 'nobody')
  })

  test('the lock is not free while a tab without a panel holds it', async () => {
    await shows('Lock held by', 'nobody')
    const other = await context.newPage()
    await open('?bare', other)
    await fetch(`${origin}/admin/faults`, {
      method: 'POST',
      body: JSON.stringify({ at: 'refresh', kind: 'latency', delay: 60_000 }),
    })
    void refresh(other).catch(() => {})
    await shows('Lock held by', 'a tab or worker without a panel')
    await other.close()
    await shows('Lock held by', 'nobody')
  })

  test('a sign-out elsewhere is one of another tab', async () => {
    await button('Sign out elsewhere').click()
    await shows('Status', 'signed out (requested)')
    await page.locator('.explanation', { hasText: 'another tab signed out' }).waitFor()
  })

  test('the record is copied', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await button('Copy the record').click()
    await page.locator('.said', { hasText: 'clipboard' }).waitFor()
    const text = await page.evaluate(() => navigator.clipboard.readText())
    expect(JSON.parse(text)).toMatchObject({ version: 1, status: 'signed-in' })
  })
})

test('the keyboard opens it, goes through it, and closes it', async () => {
  await open('')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const panel = page.getByRole('region', { name: 'authfetch', exact: true })
  await panel.waitFor()
  const focused = (): Promise<string | undefined> =>
    page.locator('authfetch-devtools').evaluate(({ shadowRoot }) => shadowRoot?.activeElement?.textContent ?? undefined)
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Close')
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Expire now')
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'hidden' })
  expect(await focused()).toMatch(/^authfetch: /)
  expect(await page.locator('.toggle').getAttribute('aria-expanded')).toBe('false')
})

describe.each(['light', 'dark'] as const)('axe-core finds no violation, %s', (scheme) => {
  test.each([
    ['a window', 1000],
    ['a phone', 360],
  ])('in %s', async (name, width) => {
    await page.emulateMedia({ colorScheme: scheme })
    await page.setViewportSize({ width, height: 740 })
    await open()
    await logIn()
    await refresh()
    await page.locator('.mark.commit').first().waitFor({ state: 'attached' })
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/${scheme}-${name.slice(2)}.png` })
    expect(await audit()).toEqual([])
    const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect(isWider).toBe(false)
    const cut = await page
      .locator('.labels span')
      .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent))
    expect(cut).toEqual([])
    const { x = 0, width: wide = 0 } = (await page.locator('.panel').boundingBox()) ?? {}
    expect(x).toBeGreaterThanOrEqual(0)
    expect(x + wide).toBeLessThanOrEqual(width)
  })
})

test('as an element, and as a plug-in in the colours that are asked for', async () => {
  await open('?element')
  await page.locator('authfetch-devtools .toggle').click()
  await shows('Status', 'signed out')
  await open('?plugin&theme=dark')
  await shows('Status', 'signed out')
  const scheme = await page.locator('section authfetch-devtools').evaluate((one) => getComputedStyle(one).colorScheme)
  expect(scheme).toBe('dark')
})

test('what is unmounted leaves nothing behind, and can be mounted again', async () => {
  await open()
  await page.evaluate(() => (globalThis as unknown as Page4Tests).unmount())
  expect(await page.locator('authfetch-devtools').count()).toBe(0)
  await open()
  await shows('Status', 'signed out')
})

test('the explanation survives a reload', async () => {
  await open()
  await logIn()
  await button('Refuse the next refresh').click()
  await refresh()
  const words = await page.evaluate(() => (globalThis as unknown as Page4Tests).recorder.explain())
  expect(words).toContain('refused the refresh cookie')
  await page.reload()
  await page.locator('.explanation', { hasText: words }).waitFor()
})

describe('an application that loads it in development', () => {
  const CLIENT = `import { cookieRefresh, createAuthClient } from 'authfetch'
const auth = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })
`

  const SOURCES = {
    'by an import': `${CLIENT}
if (import.meta.env.DEV) void import('authfetch/devtools').then(({ mountDevtools }) => mountDevtools(auth))
document.body.append(auth.getState().status)
`,
    'by the component of React': `${CLIENT}
import { AuthDevtools, AuthProvider } from 'authfetch/react'
import { createRoot } from 'react-dom/client'
createRoot(document.body).render(
  <AuthProvider client={auth}>
    page
    {import.meta.env.DEV && <AuthDevtools />}
  </AuthProvider>,
)
`,
    'by the component of Vue': `${CLIENT}
import { AuthDevtools, AuthGate, createAuth } from 'authfetch/vue'
import { createApp, h } from 'vue'
const Devtools = import.meta.env.DEV ? AuthDevtools : undefined
createApp(() => [h(AuthGate, () => 'page'), Devtools && h(Devtools)]).use(createAuth(auth)).mount(document.body)
`,
  }

  /** Builds it as Vite does without further settings: with the scripts that are loaded later. */
  async function filesOf(source: string, mode: 'production' | 'development'): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'devtools-'))
    try {
      writeFileSync(join(folder, 'main.tsx'), source)
      writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="./main.tsx"></script>')
      await build({
        root: folder,
        mode,
        configFile: false,
        logLevel: 'silent',
        oxc: { jsx: { runtime: 'automatic' } },
        // Vite takes NODE_ENV, which is 'test' here, over the mode.
        define: { 'import.meta.env.DEV': String(mode === 'development') },
        resolve: {
          alias: [
            { find: /^authfetch$/, replacement: path('../../src/index.ts') },
            { find: /^authfetch\/([\w-]+)$/, replacement: path('../../src/$1.ts') },
            { find: /^(react|react-dom|vue)(?=$|\/)/, replacement: path('../../node_modules/$1') },
          ],
        },
      })
      const dist = join(folder, 'dist')
      return readdirSync(dist, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(js|css|html)$/.test(name))
        .map((name) => readFileSync(join(dist, name), 'utf8'))
        .join('\n')
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  /** Words of the recorder, of the panel and of its style. */
  const WORDS = ['authfetch-devtools', 'Lose the next answer', 'survivesReload', 'waits for the lock', '--adopted']

  describe.each(Object.entries(SOURCES))('%s', (_, source) => {
    test('has no byte of it in production', async () => {
      const files = await filesOf(source, 'production')
      expect(files).toContain('/auth/refresh')
      for (const word of [...WORDS, 'panel for development']) expect(files).not.toContain(word)
    })

    test('has all of it in development, so that the test above can fail', async () => {
      const files = await filesOf(source, 'development')
      for (const word of WORDS) expect(files).toContain(word)
    })
  })
})
