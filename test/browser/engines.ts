// `npm run test:engines`: the multi-tab suite in Chromium, Firefox and WebKit, as a table of scenario × engine.
// `npm run test:engines -- firefox --only "ten tabs"` plays some of it in one; `--write` keeps the table for the README.

import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ENGINES } from '../support/browser/driver.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
})
const missing = installBrowsers()
const engines = ENGINES.filter((engine) => wanted.length === 0 || wanted.includes(engine))
const cast = SCENARIOS.filter(({ name }) => name.includes(options.only)).flatMap((scenario) =>
  custodiesOf(scenario).map((custody) => ({ scenario, custody })),
)

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

/** A row for each scenario, with what came of it in each engine. */
function markdown(): string {
  const columns = [...new Set(Object.values(table).flatMap((row) => Object.keys(row)))]
  const rows = Object.entries(table).map(([name, row]) => [name, ...columns.map((column) => row[column] ?? '–')])
  const titles = columns.map((column) => column.replace(/^./, (letter) => letter.toUpperCase()))
  const head = [
    ['Scenario', ...titles],
    ['---', ...columns.map(() => '---')],
  ]
  return [...head, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

console.table(table)
for (const skip of skips) console.log(`skipped in ${skip}`)
for (const failure of failures) console.error(`\nfailed in ${failure}`)
const played = Object.values(table).flatMap((row) => Object.values(row))
const passed = played.filter((cell) => cell === 'passed').length
console.log(`${passed} passed, ${failures.length} failed, ${skips.length} skipped`)
if (options.write && failures.length === 0) {
  const results = new URL('./results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  writeFileSync(
    new URL('engines.md', results),
    `${markdown()}\n${skips.map((skip) => `- Skipped in ${skip}.\n`).join('')}`,
  )
}
process.exit(failures.length > 0 || passed === 0 ? 1 : 0)
