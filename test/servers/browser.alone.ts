// What npm brings and what starts within seconds; `npm run test:servers` plays the rest.

import { afterAll, describe, test } from 'vitest'
import { QUICK } from './cast.ts'
import { openHouse } from './house.ts'
import { SERVER_SCENARIOS } from './scenarios.ts'

const house = openHouse()
afterAll(() => house.close())

describe.for(SERVER_SCENARIOS)('$name', { timeout: 180_000 }, (scenario) => {
  test.concurrent.for(QUICK)('$name', async (server, { skip }) => {
    const reason = await house.play(server, scenario)
    skip(reason !== undefined, reason)
  })
})
