// Firefox, unpatched, over WebDriver BiDi: one process, a container per profile.

import { firefox } from 'playwright-core'
import { type Browser, capabilities, type LaunchOptions } from './driver.ts'
import { findFirefox } from './executables.ts'
import { cleanUpOnSignals, NO_SIGNAL_HANDLERS } from './owned.ts'
import { createPlaywrightProfile } from './playwright.ts'

export async function launchFirefox(options: LaunchOptions = {}): Promise<Browser> {
  if (options.lifecycle) throw new Error("Firefox's driver has no hidden or frozen tabs")
  const executablePath = findFirefox()
  if (!executablePath) throw new Error('Firefox is not installed')
  cleanUpOnSignals()
  const browser = await firefox.launch({
    ...NO_SIGNAL_HANDLERS,
    channel: 'moz-firefox',
    executablePath,
    firefoxUserPrefs: {
      'browser.privatebrowsing.autostart': options.private ?? false,
      ...(options.blocked && { 'network.cookie.cookieBehavior': 2 }),
    },
  })
  return {
    engine: 'firefox',
    version: browser.version(),
    can: {
      ...capabilities('offline', 'bfcache', 'private', 'screenshot', 'load-errors'),
      blocked: options.blocked ?? false,
    },
    newProfile: async () => createPlaywrightProfile('firefox', await browser.newContext()),
    close: () => browser.close(),
  }
}
