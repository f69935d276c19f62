// `npm run demo:screenshots`: the pictures of the README, made anew from the page as it is.

import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../test/support/browser/executables.ts'
import { serveDemo } from './serve.ts'

const SHOTS = [
  { name: 'light', width: 1360, height: 1380, scheme: 'light', scale: 1 },
  { name: 'dark', width: 1360, height: 1380, scheme: 'dark', scale: 1 },
  { name: 'phone', width: 390, height: 1400, scheme: 'light', scale: 2 },
] as const

const pathOf = (name: string): string => fileURLToPath(new URL(`./screenshots/${name}.png`, import.meta.url))

async function run(page: Page, id: string): Promise<void> {
  await page.click(`[data-exercise="${id}"]`)
  await page.waitForSelector(`#verdict-${id}[data-verdict="passed"]`)
  await page.waitForSelector(`[data-exercise="${id}"]:not([aria-disabled])`)
}

/** Three tabs, some rotations, and a refresh just now. */
async function play(page: Page): Promise<void> {
  await page.waitForSelector('body[data-ready]')
  await page.click('#tour-skip')
  await page.click('#sign-in button')
  await page.waitForSelector('#signed-in:not([hidden])')
  for (const count of [1, 2]) {
    await page.click('#open-frame')
    await page.waitForFunction((wanted) => {
      const lanes = [...document.querySelectorAll('#overview-lanes li')]
      return lanes.length === wanted + 1 && lanes.every(({ textContent }) => textContent?.includes('refresh in'))
    }, count)
  }
  // Some rotations at their own pace, for something to see in the picture.
  await page.selectOption('#lifetime', '10')
  await run(page, 'call')
  await page.waitForFunction(() => document.querySelectorAll('#chain .spent').length >= 6)
  // Each tab has adopted the last one, and the picture shows it.
  await page.waitForFunction(() => document.querySelectorAll('#zoom .mark.adopted').length === 2)
  await page.evaluate(() => scrollTo(0, 0))
}

const demo = await serveDemo(':memory:', 0)
const browser = await chromium.launch({ executablePath: findChromium().path, args: ['--no-sandbox'] })
try {
  for (const { name, width, height, scheme, scale } of SHOTS) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: scale })
    await page.goto(demo.origin)
    await play(page)
    await page.screenshot({ path: pathOf(name) })
    console.log(pathOf(name))
    await page.close()
  }
} finally {
  await browser.close()
  await demo.close()
}
