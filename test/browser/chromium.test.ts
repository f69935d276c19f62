import { afterAll, describe, test } from 'vitest'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'
import { CUSTODIES } from './scenarios/scenario.ts'

const theatre = openTheatre('chromium')
afterAll(() => theatre.close())

describe.each(CUSTODIES)('with %s', (custody) => {
  for (const scenario of SCENARIOS.filter((one) => custodiesOf(one).includes(custody))) {
    test(scenario.name, { concurrent: scenario.isSlow ?? false, timeout: 180_000 }, async (context) => {
      const reason = await theatre.play(scenario, custody)
      if (reason) context.skip(`skipped in Chromium: ${reason}`)
    })
  }
})
