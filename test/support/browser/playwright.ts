// What Chromium and Firefox have in common: a profile is a Playwright context, a tab is a page.

import type { BrowserContext, Page } from 'playwright-core'
import type { Engine, Profile, Tab, TabAdapter } from './driver.ts'
import { createTab } from './tab.ts'

export type TabExtras = Pick<TabAdapter, 'crash' | 'freeze'>

/** Wraps a context; `extend` adds what one engine can do beyond the others. */
export function createPlaywrightProfile(
  engine: Engine,
  context: BrowserContext,
  extend: (page: Page) => Promise<TabExtras> = async () => ({}),
): Profile {
  return {
    async open(url): Promise<Tab> {
      const page = await context.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      page.on('console', (message) => {
        // The browser's own line about an HTTP status is not an error of the page.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          errors.push(message.text())
        }
      })
      const extras = await extend(page)
      await page.goto(url)
      return createTab(engine, {
        errors,
        run: (expression) => page.evaluate<string>(expression),
        goto: async (next) => void (await page.goto(next)),
        reload: async () => void (await page.reload()),
        close: () => page.close(),
        bringToFront: () => page.bringToFront(),
        offline: (isOffline) => context.setOffline(isOffline),
        screenshot: async (path) => void (await page.screenshot({ path })),
        ...extras,
      })
    },
    close: () => context.close(),
  }
}
