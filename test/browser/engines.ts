// `npm run test:engines`: the multi-tab suite in Chromium, Firefox and WebKit, as a table of scenario × engine.
// `npm run test:engines -- firefox --only "ten tabs"` plays some of it in one; `--write` keeps the table for docs/figures.md;
// `--rest` leaves out what the tests of Chromium have played: in Chromium, all that the one which was here before can show.

import { parseArgs } from 'node:util'
import { ENGINES, type Engine } from '../support/browser/driver.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { custodiesOf, openTheatre, SCENARIOS } from './multi-tab.ts'
import { createReport } from './report.ts'
import type { Scenario } from './scenarios/scenario.ts'

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    rest: { type: 'boolean', default: false },
  },
})
const playedBefore = new Set(options.rest ? await playedByTest() : [])
const missing = installBrowsers()
const engines = ENGINES.filter((engine) => wanted.length === 0 || wanted.includes(engine))
const cast = SCENARIOS.filter(({ name }) => name.includes(options.only)).flatMap((scenario) =>
  custodiesOf(scenario).map((custody) => ({ scenario, custody })),
)
/** With `--rest`, nothing is left for a Chromium that was there before. */
const castOf = (engine: Engine): typeof cast =>
  engine === 'chromium' ? cast.filter(({ scenario }) => !playedBefore.has(scenario)) : cast
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
    for (const { scenario, custody } of castOf(engine)) {
      await report.record(column, `${scenario.name} (${custody})`, () => theatre.play(scenario, custody))
    }
  } finally {
    await theatre.close()
  }
}

/** Before anything is installed: the scenarios that `npm test` and `npm run test:slow` play in the Chromium at hand. */
async function playedByTest(): Promise<Scenario[]> {
  const theatre = openTheatre('chromium')
  try {
    const lacks = await Promise.all(SCENARIOS.map((scenario) => theatre.lacking(scenario)))
    return SCENARIOS.filter((_, index) => lacks[index]?.length === 0)
  } finally {
    await theatre.close()
  }
}

const code = report.finish(options.write ? new URL('./results/engines.md', import.meta.url) : undefined)
const isAllPlayed = engines.every(
  (engine) => castOf(engine).length === 0 || (engine !== 'chromium' && missing.includes(engine)),
)
process.exit(isAllPlayed ? 0 : code)
