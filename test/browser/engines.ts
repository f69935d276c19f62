// `npm run test:engines`: the multi-tab suite in Chromium, Firefox and WebKit, as a table of scenario × engine.
// `node test/browser/engines.ts firefox` plays it in one.

import { ENGINES } from '../support/browser/driver.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'

const wanted = process.argv.slice(2)
const missing = installBrowsers()
const engines = ENGINES.filter((engine) => wanted.length === 0 || wanted.includes(engine))
const cast = SCENARIOS.flatMap((scenario) => custodiesOf(scenario).map((custody) => ({ scenario, custody })))

const table: Record<string, Record<string, string>> = {}
const failures: string[] = []
const skips: string[] = []

for (const engine of engines) {
  if (missing.includes(engine)) {
    skips.push(`${engine}: everything, because it is not installed`)
    continue
  }
  const theatre = openTheatre(engine)
  try {
    const column = `${engine} ${await theatre.version()}`
    console.log(column)
    for (const { scenario, custody } of cast) {
      const row = `${scenario.name} (${custody})`
      const startedAt = performance.now()
      let cell: string
      try {
        const reason = await theatre.play(scenario, custody)
        cell = reason ? 'skipped' : 'passed'
        if (reason) skips.push(`${engine}: ${row}, because ${reason}`)
      } catch (error) {
        cell = 'FAILED'
        failures.push(`${engine}: ${row}\n${error instanceof Error ? error.stack : String(error)}`)
      }
      console.log(`  ${cell}  ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${row}`)
      table[row] = { ...table[row], [column]: cell }
    }
  } finally {
    await theatre.close()
  }
}

console.table(table)
for (const skip of skips) console.log(`skipped in ${skip}`)
for (const failure of failures) console.error(`\nfailed in ${failure}`)
const played = Object.values(table).flatMap((row) => Object.values(row))
const passed = played.filter((cell) => cell === 'passed').length
console.log(`${passed} passed, ${failures.length} failed, ${skips.length} skipped`)
process.exit(failures.length > 0 || passed === 0 ? 1 : 0)
