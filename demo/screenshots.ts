// `npm run demo:screenshots`: the pictures of the README, made anew from the page as it is.

import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../test/support/browser/executables.ts'
import { serveDemo } from './serve.ts'

const SHOTS = [
  { name: 'light', width: 1360, height: 1640, scheme: 'light', scale: 1 },
  { name: 'dark', width: 1360, height: 1640, scheme: 'dark', scale: 1 },
  { name: 'phone', width: 390, height: 1640, scheme: 'light', scale: 2 },
] as const

const pathOf = (name: string): string => fileURLToPath(new URL(`./screenshots/${name}.png`, import.meta.url))

async function run(page: Page, id: string): Promise<void> {
  await page.click(`[data-exercise="${id}"]`)
  await page.waitForSelector(`#verdict-${id}[data-verdict="passed"]`)
  await page.waitForSelector(`[data-exercise="${id}"]:not([aria-disabled])`)
}

/** Waits until the server's newest refresh token has this number. */
async function reach(page: Page, wanted: number): Promise<void> {
  await page.waitForFunction(
    (number) => Number(document.querySelector('#chain .current strong')?.textContent) >= number,
    wanted,
  )
}

/** Three tabs, two APIs, some rotations, and a refresh just now. */
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
  for (const id of ['call', 'slow', 'lost']) await run(page, id)
  const newest = Number(await page.textContent('#chain .current strong'))
  await reach(page, newest + 3)
  await page.click('[data-call=reports]')
  await reach(page, newest + 5)
  // Each tab has adopted the last one, and the picture shows it.
  await page.waitForFunction(() => document.querySelectorAll('#zoom .mark.adopted').length === 2)
  await page.click('#call')
  await page.waitForFunction(() => document.getElementById('said')?.textContent?.includes('200'))
  await page.evaluate(() => scrollTo(0, 0))
}

const demo = await serveDemo(':memory:', 0)
const browser = await chromium.launch({ executablePath: findChromium().path, args: ['--no-sandbox'] })
try {
  for (const { name, width, height, scheme, scale } of SHOTS) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: scale })
    // Four rotations at their own pace take half a minute.
    page.setDefaultTimeout(60_000)
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
