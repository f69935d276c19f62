// The panel as a plug-in of the real TanStack Devtools, in Chromium.

import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FEWER_FEATURES } from '../support/browser/chromium.ts'
import { findChromium } from '../support/browser/executables.ts'
import { bundle } from '../support/bundle.ts'

const ORIGIN = 'https://app.example'

let script: string
let browser: Browser
let page: Page
let errors: string[] = []

function listen(one: Page): void {
  one.on('pageerror', (error) => errors.push(error.message))
  one.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
}

beforeAll(async () => {
  // A module: the devtools ask for `import.meta.url`.
  script = await bundle(fileURLToPath(new URL('./pages/tanstack-devtools.ts', import.meta.url)), undefined, 'es')
  browser = await chromium.launch({ executablePath: findChromium().path, args: ['--no-sandbox', FEWER_FEATURES] })
})

afterAll(() => browser?.close())

beforeEach(async () => {
  errors = []
  page = await browser.newPage({ viewport: { width: 1000, height: 800 } })
  listen(page)
  await page.route(`${ORIGIN}/**`, (route) =>
    new URL(route.request().url()).pathname === '/script.js'
      ? route.fulfill({ contentType: 'text/javascript', body: script })
      : route.fulfill({
          contentType: 'text/html',
          body: '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>',
        }),
  )
})

afterEach(async () => {
  await page.close()
  expect(errors).toEqual([])
})

/** The panel in the element that TanStack Devtools gives it. */
const panel = (one: Page = page) => one.locator('#plugin-container-authfetch > authfetch-devtools')

async function open(theme: 'light' | 'dark'): Promise<void> {
  await page.goto(`${ORIGIN}/?theme=${theme}`)
  await panel().locator('.facts div', { hasText: 'Status' }).locator('dd', { hasText: 'signed in' }).waitFor()
}

const schemeOf = (one: Page = page): Promise<string> =>
  panel(one).evaluate((element) => getComputedStyle(element).colorScheme)

describe.each(['light', 'dark'] as const)('in the theme %s', (theme) => {
  beforeEach(() => open(theme))

  test('the panel is in the element that it is given, in its colours', async () => {
    expect(await page.locator('authfetch-devtools').count()).toBe(1)
    expect(await schemeOf()).toBe(theme)
    const { height = 0, width = 0 } = (await panel().boundingBox()) ?? {}
    expect(Math.min(height, width)).toBeGreaterThan(100)
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/tanstack-${theme}.png` })
  })

  test('it is removed with the devtools', async () => {
    await page.evaluate(() => (globalThis as unknown as { devtools: { unmount(): void } }).devtools.unmount())
    await panel().waitFor({ state: 'detached' })
    expect(await page.locator('authfetch-devtools').count()).toBe(0)
  })
})

test('what is there goes on when the devtools are closed, opened, and given another theme', async () => {
  await open('light')
  await panel().evaluate((element) => Object.assign(element, { isFirst: true }))
  await page.getByRole('button', { name: 'Close TanStack Devtools' }).click()
  await page.getByRole('button', { name: 'Open TanStack Devtools' }).click()
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.locator('select').filter({ hasText: 'Dark' }).selectOption('dark')
  await page.waitForFunction(() => document.querySelector('authfetch-devtools[theme=dark]'))
  expect(await schemeOf()).toBe('dark')
  expect(await panel().evaluate((element) => 'isFirst' in element)).toBe(true)
})

test('it is removed when its tab is closed, and comes back with it', async () => {
  await open('dark')
  await page.getByRole('button', { name: 'Close authfetch' }).click()
  await panel().waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'authfetch', exact: true }).click()
  await panel().waitFor()
  expect(await page.locator('authfetch-devtools').count()).toBe(1)
})

test('it moves to a window of its own with its style', async () => {
  await open('dark')
  const popup = page.waitForEvent('popup')
  await page.getByRole('button', { name: 'Detach TanStack Devtools' }).click()
  const other = await popup
  listen(other)
  await panel(other).locator('.facts').waitFor()
  expect(await schemeOf(other)).toBe('dark')
})
