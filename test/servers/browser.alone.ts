// What npm brings and what starts within seconds; `npm run test:servers` plays the rest.

import { afterAll, test } from 'vitest'
import { QUICK } from './cast.ts'
import { openHouse } from './house.ts'
import { SERVER_SCENARIOS } from './scenarios.ts'

const house = openHouse()
afterAll(() => house.close())

const slowFirst = [...SERVER_SCENARIOS].sort((one, other) => Number(other.isSlow ?? 0) - Number(one.isSlow ?? 0))

for (const scenario of slowFirst) {
  for (const server of QUICK) {
    const options = { concurrent: scenario.isSlow ?? false, timeout: 180_000 }
    test(`${scenario.name}: ${server.name}`, options, async (context) => {
      const reason = await house.play(server, scenario)
      if (reason) context.skip(`skipped: ${reason}`)
    })
  }
}
