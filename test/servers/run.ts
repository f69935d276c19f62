// `npm run test:servers`: a day with each server that others wrote, as a table of scenario × server.
// `npm run test:servers -- SimpleJWT --only "five tabs"` plays some of it before one; `--write` keeps the table for docs/figures.md.

import { parseArgs } from 'node:util'
import { createReport } from '../browser/report.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { ALL, installServers } from './cast.ts'
import { openHouse } from './house.ts'
import { ODDITIES } from './oddities.ts'
import { configurationOf, LINES, linesOf } from './page.ts'
import { SERVER_SCENARIOS } from './scenarios.ts'

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
})
installBrowsers()
const missing = installServers()
const report = createReport()
const house = openHouse()
console.log(`Chromium ${await house.version()}`)

for (const server of ALL.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  if (missing.includes(server)) {
    report.skip(server.name, 'it is not installed')
    continue
  }
  const startedAt = performance.now()
  console.log(server.name)
  report.note(server.name, LINES, String(linesOf(configurationOf(server))))
  for (const scenario of SERVER_SCENARIOS.filter(({ name }) => name.includes(options.only))) {
    await report.record(server.name, scenario.name, () => house.play(server, scenario))
  }
  const own = ODDITIES.filter(({ server: { configuration } }) => configuration === server.configuration)
  for (const oddity of own.filter(({ name }) => name.includes(options.only))) {
    await report.record(server.name, oddity.name, () => house.play(oddity.server, oddity))
  }
  console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(1)} s in all`)
}

await house.close()
process.exit(report.finish(options.write ? new URL('./results/servers.md', import.meta.url) : undefined))
