// The multi-tab suite as tests of Chromium.

import { afterAll, describe, test } from 'vitest'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'
import { CUSTODIES, type Scenario } from './scenarios/scenario.ts'

/** Makes a test of each scenario and custody. Scenarios have a server and a profile of their own, so they may share the browser. */
export function playInChromium(
  isWanted: (scenario: Scenario) => boolean,
  options: { readonly concurrent: boolean },
): void {
  const theatre = openTheatre('chromium')
  afterAll(() => theatre.close())

  describe.each(CUSTODIES)('with %s', options, (custody) => {
    for (const scenario of SCENARIOS.filter(isWanted).filter((one) => custodiesOf(one).includes(custody))) {
      test(scenario.name, { timeout: 180_000 }, async (context) => {
        const reason = await theatre.play(scenario, custody)
        if (reason) context.skip(`skipped in Chromium: ${reason}`)
      })
    }
  })
}
