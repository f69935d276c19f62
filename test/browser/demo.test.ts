import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Demo, serveDemo } from '../../demo/serve.ts'
import type { Browser, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'

let demo: Demo
let browser: Browser

beforeAll(async () => {
  demo = await serveDemo(':memory:', 0)
  browser = await launch('chromium')
})

afterAll(async () => {
  await browser?.close()
  await demo?.close()
})

const text = (tab: Tab, selector: string): Promise<string> =>
  tab.evaluate((query: string) => document.querySelector(query)?.textContent ?? '', selector)

const click = (tab: Tab, action: string): Promise<void> =>
  tab.evaluate((name: string) => document.querySelector<HTMLButtonElement>(`[data-action="${name}"]`)?.click(), action)

async function openAndSignIn(custody: string): Promise<{ readonly tab: Tab; readonly close: () => Promise<void> }> {
  const profile = await browser.newProfile()
  const tab = await profile.open(demo.origin)
  await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
  await tab.evaluate((kind: string) => {
    const select = document.querySelector<HTMLSelectElement>('#custody')
    if (!select) return
    select.value = kind
    select.dispatchEvent(new Event('change'))
  }, custody)
  await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
  await tab.evaluate(() => document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit())
  await tab.waitFor(() => document.querySelector<HTMLElement>('#signed-in')?.hidden === false)
  return { tab, close: () => profile.close() }
}

test.each(['cookie', 'client', 'cookie-only'])(
  'the page signs in, calls the API and signs out, custody: %s',
  async (custody) => {
    const { tab, close } = await openAndSignIn(custody)
    await click(tab, 'call')
    await tab.waitFor(() => document.querySelector('#result')?.textContent === '1 of 1 call succeeded.')
    await click(tab, 'storm')
    await tab.waitFor(() => document.querySelector('#result')?.textContent === '20 of 20 calls succeeded.')
    expect(await text(tab, '#claims')).toContain(custody === 'cookie-only' ? 'None' : 'alice')
    await click(tab, 'sign-out')
    await tab.waitFor(() => document.querySelector('#status')?.textContent === 'signed out: requested')
    await close()
  },
)

test('a session that is revoked at the server ends on the page at its next refresh', async () => {
  const { tab, close } = await openAndSignIn('cookie')
  await click(tab, 'revoke')
  await tab.waitFor(() => document.querySelector('#result')?.textContent?.includes('revoked'))
  await tab.evaluate(() => (globalThis as unknown as Window).auth.getAccessToken({ forceRefresh: true }))
  await tab.waitFor(() => document.querySelector('#status')?.textContent === 'signed out: rejected')
  await close()
})

declare global {
  interface Window {
    auth: import('../../src/index.ts').AuthClient
  }
}
