// What the driver of an engine does for the tests.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Engine, Tab } from '../support/browser/driver.ts'
import { findBrowsers } from '../support/browser/install.ts'
import { launch } from '../support/browser/launch.ts'
import { type Pages, servePages } from '../support/pages.ts'

declare global {
  var received: unknown[]
  var shows: boolean[]
  var release: () => void
}

const HOME = '<title>home</title><script>shows = []; onpageshow = (event) => shows.push(event.persisted)</script>'

/** In the page: whether nobody holds the lock. */
const isFree = (name = 'test') => navigator.locks.request(name, { ifAvailable: true }, (lock) => lock !== null)

const holdLock = (name = 'test') =>
  new Promise<void>((held) => {
    navigator.locks.request(name, () => {
      held()
      return new Promise<void>((resolve) => {
        globalThis.release = resolve
      })
    })
  })

const isHidden = () => document.visibilityState === 'hidden'
const isVisible = () => document.visibilityState === 'visible'

export const disposable = (browser: Browser) => ({ browser, [Symbol.asyncDispose]: () => browser.close() })

export function testDriver(engine: Engine): void {
  const found = findBrowsers()
  if (engine !== 'chromium' && !found[engine]) {
    test.skip(`the driver of ${engine} is skipped, because ${engine} is not installed`, () => {})
    return
  }
  const hasLifecycle = engine !== 'firefox' && found[engine]

  describe(`the driver of ${engine}`, () => {
    let pages: Pages
    let browser: Browser
    let first: Tab
    let second: Tab
    beforeAll(async () => {
      pages = await servePages({ '/': HOME, '/away': 'away' })
      browser = await launch(engine)
      const profile = await browser.newProfile()
      first = await profile.open(pages.origin)
      second = await profile.open(pages.origin)
    })
    afterAll(async () => {
      await browser?.close()
      await pages?.close()
    })

    test('says which version it drives', () => {
      expect(browser.engine).toBe(engine)
      expect(browser.version).toMatch(/^\d+\./)
    })

    test('opens tabs that hear each other over BroadcastChannel', async () => {
      await second.evaluate(() => {
        globalThis.received = []
        new BroadcastChannel('test').onmessage = (event) => received.push(event.data)
      })
      await first.evaluate((message: string) => new BroadcastChannel('test').postMessage(message), 'hello')
      await second.waitFor(() => received.length > 0)
      expect(await second.evaluate(() => received)).toEqual(['hello'])
    })

    test('opens tabs that share Web Locks, and profiles that do not', async () => {
      const stranger = await (await browser.newProfile()).open(pages.origin)
      await first.evaluate(holdLock)
      expect(await second.evaluate(isFree)).toBe(false)
      expect(await stranger.evaluate(isFree)).toBe(true)
      await first.evaluate(() => release())
      await second.waitFor(isFree)
    })

    test('evaluates in one tab while another waits for a promise', async () => {
      const waiting = first.evaluate(
        () =>
          new Promise<string>((resolve) => {
            new BroadcastChannel('wake').onmessage = (event) => resolve(event.data)
          }),
      )
      let isAwake = false
      void waiting.then(() => {
        isAwake = true
      })
      while (!isAwake) await second.evaluate(() => new BroadcastChannel('wake').postMessage('now'))
      expect(await waiting).toBe('now')
    })

    test('passes on an error of the page, with its name', async () => {
      await expect(first.evaluate('throw new TypeError("no")')).rejects.toMatchObject({
        name: 'TypeError',
        message: 'no',
      })
      await first.evaluate(() => console.error('seen'))
      await first.waitFor('true')
      expect(first.errors).toContain('seen')
    })

    test('loses the locks of a tab that crashes', async () => {
      const profile = await browser.newProfile()
      const [holder, other] = [await profile.open(pages.origin), await profile.open(pages.origin)]
      await holder.evaluate(holdLock)
      await holder.crash()
      await other.waitFor(isFree)
      await profile.close()
    })

    test('goes back, through the back/forward cache where there is one', async () => {
      const tab = await (await browser.newProfile()).open(pages.origin)
      await tab.goto(`${pages.origin}/away`)
      await tab.back()
      expect(await tab.evaluate(() => location.pathname)).toBe('/')
      expect(await tab.evaluate(() => shows)).toEqual(browser.can.bfcache ? [false, true] : [false])
    })

    test('goes offline and back, or says that it cannot', async () => {
      if (!browser.can.offline) return await expect(first.offline(true)).rejects.toThrow('cannot go offline')
      await first.offline(true)
      await second.waitFor(() => !navigator.onLine)
      await first.offline(false)
      await second.waitFor(() => navigator.onLine)
    })

    test.skipIf(!hasLifecycle)('hides and freezes tabs', async () => {
      await using launched = disposable(await launch(engine, { lifecycle: true }))
      const { browser } = launched
      expect(browser.can).toMatchObject({ hidden: true, freeze: true })
      const profile = await browser.newProfile()
      const [first, second] = [await profile.open(pages.origin), await profile.open(pages.origin)]
      await first.waitFor(isHidden)
      await first.bringToFront()
      await first.waitFor(isVisible)
      await second.waitFor(isHidden)

      // A frozen page of Chromium still hears messages; its timers stand still.
      const releaseWhenTold = () => {
        new BroadcastChannel('release').onmessage = () => setTimeout(release)
      }
      await first.evaluate(holdLock, 'awake')
      await second.evaluate(holdLock, 'frozen')
      await Promise.all([first, second].map((tab) => tab.evaluate(releaseWhenTold)))
      await second.freeze()
      await first.evaluate(() => new BroadcastChannel('release').postMessage('now'))
      await first.waitFor(isFree, 'awake')
      expect(await first.evaluate(isFree, 'frozen')).toBe(false)
      await second.thaw()
      await first.waitFor(isFree, 'frozen')
    })
  })
}
