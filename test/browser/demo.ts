// The demo under test: one server and one browser for a file, a profile of its own for each test.

import { serveDemo } from '../../demo/serve.ts'
import type { Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'

export interface DemoStage {
  readonly origin: string
  profile(): Profile
  /** A new profile, and a server that has forgotten everything. */
  reset(): Promise<void>
  /** Closes the profile. */
  leave(): Promise<void>
  close(): Promise<void>
  open(): Promise<Tab>
  openSignedIn(custody?: string): Promise<Tab>
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

export async function openDemo(): Promise<DemoStage> {
  const demo = await serveDemo(':memory:', 0)
  const browser = await launch('chromium')
  let profile: Profile | undefined

  function current(): Profile {
    if (!profile) throw new Error('there is no profile: reset first')
    return profile
  }

  async function open(): Promise<Tab> {
    const tab = await current().open(demo.origin)
    await tab.waitFor(isReady)
    await click(tab, '#tour-skip')
    return tab
  }

  return {
    origin: demo.origin,
    profile: current,
    async reset() {
      await fetch(`${demo.origin}/admin/reset`, { method: 'POST' })
      await fetch(`${demo.origin}/admin/faults/clear`, { method: 'POST' })
      profile = await browser.newProfile()
    },
    leave: () => current().close(),
    async close() {
      await browser.close()
      await demo.close()
    },
    open,
    async openSignedIn(custody = 'cookie') {
      const tab = await open()
      await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
      await tab.evaluate((kind: string) => {
        const select = document.querySelector<HTMLSelectElement>('#custody')
        if (select) select.value = kind
        document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit()
      }, custody)
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
