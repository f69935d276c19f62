import { afterAll, describe, test } from 'vitest'
import type { Browser } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { type Backend, startCookieBackend, startOpenIdBackend } from './backends.ts'
import { SCENARIOS } from './scenarios.ts'

const browsers = new Map<boolean, Promise<Browser>>()

/** Freezing needs a browser whose tabs really hide. */
function browserFor(isLifecycle: boolean): Promise<Browser> {
  const started = browsers.get(isLifecycle) ?? launch('chromium', { lifecycle: isLifecycle })
  browsers.set(isLifecycle, started)
  return started
}

afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close()
})

const JUDGES: Readonly<Record<Backend['kind'], (lifetime?: number) => Promise<Backend>>> = {
  'client-held tokens': startOpenIdBackend,
  cookies: (lifetime) => startCookieBackend(true, lifetime),
}

for (const [kind, start] of Object.entries(JUDGES)) {
  describe(`with ${kind}`, () => {
    for (const scenario of SCENARIOS.filter(({ before }) => before.some((one) => one === kind))) {
      test(scenario.name, async (context) => {
        const browser = await browserFor(scenario.needs?.includes('freeze') === true)
        const missing = scenario.needs?.find((need) => !browser.can[need])
        if (missing) return context.skip(`this Chromium cannot show: ${missing}`)
        const backend = await start(scenario.lifetime)
        const profile = await browser.newProfile()
        try {
          await scenario.play({ browser, profile, backend })
        } finally {
          await profile.close()
          await backend.close()
        }
      }, 180_000)
    }
  })
}
