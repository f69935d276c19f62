// `npm run test:engines`: the multi-tab suite in Chromium, Firefox and WebKit, as a table of scenario × engine.
// `npm run test:engines -- firefox --only "ten tabs"` plays some of it in one; `--write` keeps the table for the README.

import { parseArgs } from 'node:util'
import { ENGINES } from '../support/browser/driver.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'
import { createReport } from './report.ts'

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
})
const missing = installBrowsers()
const engines = ENGINES.filter((engine) => wanted.length === 0 || wanted.includes(engine))
const cast = SCENARIOS.filter(({ name }) => name.includes(options.only)).flatMap((scenario) =>
  custodiesOf(scenario).map((custody) => ({ scenario, custody })),
)
const report = createReport()

for (const engine of engines) {
  if (missing.includes(engine)) {
    report.skip(engine, 'it is not installed')
    continue
  }
  const theatre = openTheatre(engine)
  try {
    const column = `${engine.replace(/^./, (letter) => letter.toUpperCase())} ${await theatre.version()}`
    console.log(column)
    for (const { scenario, custody } of cast) {
      await report.record(column, `${scenario.name} (${custody})`, () => theatre.play(scenario, custody))
    }
  } finally {
    await theatre.close()
  }
}

process.exit(report.finish(options.write ? new URL('./results/engines.md', import.meta.url) : undefined))
