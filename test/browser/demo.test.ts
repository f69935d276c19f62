import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Demo, serveDemo } from '../../demo/serve.ts'
import type { Browser, Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'

let demo: Demo
let browser: Browser
let profile: Profile

beforeAll(async () => {
  demo = await serveDemo(':memory:', 0)
  browser = await launch('chromium')
})

afterAll(async () => {
  await browser?.close()
  await demo?.close()
})

beforeEach(async () => {
  await fetch(`${demo.origin}/admin/reset`, { method: 'POST' })
  profile = await browser.newProfile()
})

afterEach(() => profile.close())

const isReady = () => document.body.dataset.ready === 'true'
const isSignedIn = () => document.querySelector<HTMLElement>('#signed-in')?.hidden === false

const text = (tab: Tab, selector: string): Promise<string> =>
  tab.evaluate((query: string) => document.querySelector(query)?.textContent ?? '', selector)

const click = (tab: Tab, selector: string): Promise<void> =>
  tab.evaluate((query: string) => document.querySelector<HTMLElement>(query)?.click(), selector)

const shows = (tab: Tab, selector: string, words: string): Promise<void> =>
  tab.waitFor(
    (query: string, wanted: string) => document.querySelector(query)?.textContent?.includes(wanted),
    selector,
    words,
  )

async function open(): Promise<Tab> {
  const tab = await profile.open(demo.origin)
  await tab.waitFor(isReady)
  await click(tab, '#tour-skip')
  return tab
}

async function openSignedIn(custody = 'cookie'): Promise<Tab> {
  const tab = await open()
  await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
  await tab.evaluate((kind: string) => {
    const select = document.querySelector<HTMLSelectElement>('#custody')
    if (select) select.value = kind
    document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit()
  }, custody)
  await tab.waitFor(isSignedIn)
  return tab
}

/** Runs an exercise, and waits for the verdict and for the page to be tidy again. */
async function run(tab: Tab, id: string): Promise<{ readonly verdict: string; readonly words: string }> {
  await click(tab, `[data-exercise="${id}"]`)
  await tab.waitFor((name: string) => {
    const verdict = document.querySelector<HTMLElement>(`#verdict-${name}`)?.dataset.verdict
    const isTidy = !document.querySelector(`[data-exercise="${name}"]`)?.hasAttribute('aria-disabled')
    return (verdict === 'passed' || verdict === 'failed') && isTidy
  }, id)
  const verdict = await tab.evaluate(
    (name: string) => document.querySelector<HTMLElement>(`#verdict-${name}`)?.dataset.verdict ?? '',
    id,
  )
  return { verdict, words: await text(tab, `#verdict-${id}`) }
}

test.each(['cookie', 'client', 'cookie-only'])(
  'the page signs in, calls the API and signs out, custody: %s',
  async (custody) => {
    const tab = await openSignedIn(custody)
    await click(tab, '#call')
    await shows(tab, '#said', 'The API answered 200')
    expect(await text(tab, '#claims')).toContain(custody === 'cookie-only' ? 'None' : 'alice')
    await click(tab, '#sign-out')
    await shows(tab, '#status', 'signed out: requested')
    expect(tab.errors).toEqual([])
  },
)

describe('an exercise comes to the verdict that its card expects', () => {
  const ALONE = [
    'call',
    'storm',
    'expire',
    'clock',
    'slow',
    'failing',
    'lost',
    'offline',
    'kill',
    'freeze',
    'custodies',
  ]

  test.each([...ALONE, 'five', 'other-user', 'everywhere', 'steal', 'revoke', 'textbook'])(
    '%s',
    { timeout: 120_000 },
    async (id) => {
      const tab = await openSignedIn()
      const { verdict, words } = await run(tab, id)
      expect({ verdict, words }).toEqual({ verdict: 'passed', words })
      expect(tab.errors).toEqual([])
    },
  )
})
