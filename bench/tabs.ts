// Token requests for each lifetime of an access token, against the number of tabs: real Chromium, a real OpenID provider.

import { writeFileSync } from 'node:fs'
import { startOpenIdBackend } from '../test/browser/backends/openid.ts'
import { launch } from '../test/support/browser/launch.ts'

const LIFETIMES = 5
const rows: Record<string, number>[] = []
const browser = await launch('chromium')
for (const count of [1, 2, 5, 10, 20]) {
  const backend = await startOpenIdBackend({ lifetime: 2 })
  const profile = await browser.newProfile()
  const tabs = []
  for (let index = 0; index < count; index++) tabs.push(await profile.open(backend.url()))
  await Promise.all(
    tabs.map((tab) =>
      tab.evaluate((lifetimes: number) => {
        auth.on('refreshed', () => {
          if (seen.refreshed.length >= lifetimes) auth.dispose()
        })
      }, LIFETIMES),
    ),
  )
  await tabs[0]?.evaluate((given: object) => enter(given), await backend.credentials('alice'))
  await Promise.all(
    tabs.map((tab) => tab.waitFor((lifetimes: number) => seen.refreshed.length >= lifetimes, LIFETIMES)),
  )
  rows.push({
    tabs: count,
    lifetimes: LIFETIMES,
    'token requests': backend.tokenRequests(),
    'requests a lifetime': backend.tokenRequests() / LIFETIMES,
    'spent tokens presented': backend.reuses(),
  })
  await profile.close()
  await backend.close()
}
const { version } = browser
await browser.close()
console.table(rows)
writeFileSync(new URL('./results/tabs.json', import.meta.url), `${JSON.stringify({ version, rows }, null, 2)}\n`)
