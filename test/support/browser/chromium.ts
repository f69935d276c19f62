// Chromium: ordinarily one process with a context per profile; for `lifecycle`, one process per profile without the
// driver's focus emulation, because only there do tabs hide and freeze.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { type Browser, capabilities, type LaunchOptions, type Profile } from './driver.ts'
import { type ChromiumExecutable, findChromium } from './executables.ts'
import { cleanUpOnSignals, createDirectory, NO_SIGNAL_HANDLERS, startProcess } from './owned.ts'
import { createPlaywrightProfile, type TabExtras } from './playwright.ts'

/** What Playwright turns off. The last `--disable-features` of a command line counts, so ours has to repeat it. */
const NOT_FOR_TESTS = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'DialMediaRouteProvider',
  'GlobalMediaControls',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'BlockOriginHeaderModificationOnRedirect',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'Translate',
  'AutoDeElevate',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
]

/** Pages of the address bar. Each tab opens in a window of its own, and without this each window loads two of them. */
const ADDRESS_BAR = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup']

/** For every Chromium that Playwright starts: a third less to compute for each tab. */
export const FEWER_FEATURES = `--disable-features=${[...NOT_FOR_TESTS, ...ADDRESS_BAR].join()}`

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const executable = findChromium()
  if (!options.lifecycle && !options.blocked) return await launchOrdinary(executable, options.anyCertificate)
  if (executable.isShell)
    throw new Error('the headless shell of Chromium has no hidden or frozen tabs, and no settings')
  if (options.private) throw new Error('Chromium shows hidden and frozen tabs in an ordinary profile only')
  return await launchLifecycle(executable.path, options)
}

async function launchOrdinary({ path, isShell }: ChromiumExecutable, ignoreHTTPSErrors = false): Promise<Browser> {
  cleanUpOnSignals()
  const browser = await chromium.launch({
    ...NO_SIGNAL_HANDLERS,
    executablePath: path,
    args: [...FLAGS, FEWER_FEATURES],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  const can = capabilities('offline', 'crash', 'private', 'screenshot', 'load-errors')
  return {
    engine: 'chromium',
    version: browser.version(),
    can: { ...can, bfcache: !isShell },
    // A context is off the record, so always a private window.
    newProfile: async () =>
      createPlaywrightProfile('chromium', await browser.newContext({ ignoreHTTPSErrors }), extend),
    close: () => browser.close(),
  }
}

async function extend(page: Page): Promise<TabExtras> {
  const session = await page.context().newCDPSession(page)
  return {
    async crash() {
      const crashed = page.waitForEvent('crash')
      // The command is never answered by the renderer that it kills.
      session.send('Page.crash').catch(() => {})
      await crashed
    },
  }
}

async function extendLifecycle(page: Page): Promise<TabExtras> {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.enable')
  return {
    ...(await extend(page)),
    async freeze(isFrozen) {
      if (!isFrozen) return void (await session.send('Page.setWebLifecycleState', { state: 'active' }))
      const evaluate = (expression: string) => session.send('Runtime.evaluate', { expression })
      await evaluate(`window.__isFrozen = false
        document.addEventListener('freeze', () => { window.__isFrozen = true }, { once: true })`)
      await session.send('Page.setWebLifecycleState', { state: 'frozen' })
      // The command is answered before the page is told.
      while (!(await evaluate('window.__isFrozen')).result.value) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

interface OwnBrowser {
  readonly version: string
  readonly context: BrowserContext
  close(): Promise<void>
}

async function launchLifecycle(path: string, { blocked = false }: LaunchOptions): Promise<Browser> {
  const running = new Set<OwnBrowser>()
  const start = async (): Promise<OwnBrowser> => {
    const own = await startOwn(path, blocked)
    running.add(own)
    return own
  }
  const first = await start()
  let next: OwnBrowser | undefined = first

  return {
    engine: 'chromium',
    version: first.version,
    can: {
      ...capabilities('offline', 'crash', 'bfcache', 'screenshot', 'load-errors', 'hidden', 'freeze'),
      blocked,
    },
    async newProfile(): Promise<Profile> {
      const spare = next
      next = undefined
      const own = spare ?? (await start())
      return {
        ...createPlaywrightProfile('chromium', own.context, extendLifecycle),
        async close() {
          running.delete(own)
          await own.close()
        },
      }
    },
    close: async () => void (await Promise.all([...running].map((own) => own.close()))),
  }
}

async function startOwn(path: string, blocked: boolean): Promise<OwnBrowser> {
  const directory = createDirectory('chromium')
  if (blocked) {
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } }
    mkdirSync(join(directory.path, 'Default'))
    writeFileSync(join(directory.path, 'Default', 'Preferences'), JSON.stringify(settings))
  }
  const { child, stop } = startProcess(path, [
    '--headless=new',
    ...FLAGS,
    // Here nobody else turns anything off; `AimEnabled` brings one of the pages too.
    `--disable-features=${['AimEnabled', ...ADDRESS_BAR].join()}`,
    `--user-data-dir=${directory.path}`,
    '--remote-debugging-port=0',
    'about:blank',
  ])
  const close = async (): Promise<void> => {
    await stop()
    directory.remove()
  }
  try {
    const file = join(directory.path, 'DevToolsActivePort')
    while (!existsSync(file) || !readFileSync(file, 'utf8').includes('\n')) {
      if (child.exitCode !== null) throw new Error(`Chromium ended with ${child.exitCode} instead of starting`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const [port, socket] = readFileSync(file, 'utf8').split('\n')
    const browser = await chromium.connectOverCDP(`ws://127.0.0.1:${port}${socket}`, { noDefaults: true })
    const context = browser.contexts()[0]
    if (!context) throw new Error('Chromium has no default context')
    return { version: browser.version(), context, close }
  } catch (error) {
    await close()
    throw error
  }
}
