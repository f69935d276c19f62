// The demo under test: one browser for a file, a server and a profile of its own for each test.

import type { TestContext } from 'vitest'
import { buildPages } from '../../demo/build.ts'
import { serveDemo } from '../../demo/serve.ts'
import type { Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'

/** What all tests of a file share: the pages and the browser. */
export interface Demo {
  /** A server and a profile that nobody else uses; they are closed when the test has finished. */
  stageFor(test: Pick<TestContext, 'onTestFinished'>): Promise<DemoStage>
  close(): Promise<void>
}

export interface DemoStage {
  readonly origin: string
  readonly profile: Profile
  open(): Promise<Tab>
  openSignedIn(custody?: string, isBound?: boolean): Promise<Tab>
  /** Runs an exercise, and waits for the verdict and for the page to be tidy again. */
  run(tab: Tab, id: string): Promise<{ readonly verdict: string; readonly words: string }>
}

export const isReady = () => document.body.dataset.ready === 'true'
export const isSignedIn = () => document.querySelector<HTMLElement>('#signed-in')?.hidden === false

export const text = (tab: Tab, selector: string): Promise<string> =>
  tab.evaluate((query: string) => document.querySelector(query)?.textContent ?? '', selector)

export const click = (tab: Tab, selector: string): Promise<void> =>
  tab.evaluate((query: string) => document.querySelector<HTMLElement>(query)?.click(), selector)

export const shows = (tab: Tab, selector: string, words: string): Promise<void> =>
  tab.waitFor(
    (query: string, wanted: string) => document.querySelector(query)?.textContent?.includes(wanted),
    selector,
    words,
  )

export async function openDemo(): Promise<Demo> {
  const pages = await buildPages()
  const browser = await launch('chromium')
  return {
    async stageFor({ onTestFinished }) {
      const server = await serveDemo(':memory:', 0, pages)
      onTestFinished(() => server.close())
      const profile = await browser.newProfile()
      onTestFinished(() => profile.close())
      return createStage(server.origin, profile)
    },
    close: () => browser.close(),
  }
}

function createStage(origin: string, profile: Profile): DemoStage {
  async function open(): Promise<Tab> {
    const tab = await profile.open(origin)
    await tab.waitFor(isReady)
    await click(tab, '#tour-skip')
    return tab
  }

  return {
    origin,
    profile,
    open,
    async openSignedIn(custody = 'cookie', isBound = false) {
      const tab = await open()
      await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
      await tab.evaluate(
        (kind: string, bound: boolean) => {
          const select = document.querySelector<HTMLSelectElement>('#custody')
          if (select) select.value = kind
          const box = document.querySelector<HTMLInputElement>('#bound')
          if (box) box.checked = bound
          document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit()
        },
        custody,
        isBound,
      )
      await tab.waitFor(isSignedIn)
      return tab
    },
    async run(tab, id) {
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
    },
  }
}
