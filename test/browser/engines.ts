// `npm run test:engines`: the multi-tab scenarios in Chromium, Firefox and WebKit, as a table of scenario × engine.

import { type Browser, ENGINES, type Engine } from '../support/browser/driver.ts'
import { installBrowsers } from '../support/browser/install.ts'
import { launch } from '../support/browser/launch.ts'
import { type Backend, startCookieBackend, startOpenIdBackend } from './backends.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

type Cell = 'passed' | 'FAILED' | `skipped: ${string}`

const wanted = process.argv.slice(2)
const missing = installBrowsers()
const engines = ENGINES.filter(
  (engine) => !missing.includes(engine) && (wanted.length === 0 || wanted.includes(engine)),
)
const failures: string[] = []
const table: Record<string, Record<string, Cell>> = {}
let skips = 0

async function play(engine: Engine, browser: Browser, scenario: Scenario, kind: Backend['kind']): Promise<Cell> {
  const lacking = scenario.needs?.find((need) => !browser.can[need])
  if (lacking) {
    skips++
    return `skipped: ${lacking}`
  }
  const isCookie = kind === 'cookies'
  // WebKitGTK refuses Secure cookies on http://localhost.
  const backend = isCookie
    ? await startCookieBackend(engine !== 'webkit', scenario.lifetime)
    : await startOpenIdBackend(scenario.lifetime)
  const profile = await browser.newProfile()
  try {
    await scenario.play({ browser, profile, backend })
    return 'passed'
  } catch (error) {
    failures.push(`${engine}, ${kind}: ${scenario.name}\n${error instanceof Error ? error.stack : String(error)}`)
    return 'FAILED'
  } finally {
    await profile.close()
    await backend.close()
  }
}

for (const engine of engines) {
  const ordinary = await launch(engine)
  // Freezing and hiding need a browser of another kind in Chromium.
  const sleeping = engine === 'chromium' ? await launch(engine, { lifecycle: true }) : ordinary
  const column = `${engine} ${ordinary.version}`
  console.log(column)
  for (const scenario of SCENARIOS) {
    const browser = scenario.needs?.includes('freeze') ? sleeping : ordinary
    for (const kind of scenario.before) {
      const row = `${scenario.name} (${kind})`
      const cell = await play(engine, browser, scenario, kind)
      console.log(`  ${cell.padEnd(20)} ${row}`)
      table[row] = { ...table[row], [column]: cell }
    }
  }
  await ordinary.close()
  if (sleeping !== ordinary) await sleeping.close()
}

console.table(table)
for (const failure of failures) console.error(`\n${failure}`)
const cells = Object.values(table).flatMap((row) => Object.values(row))
const passed = cells.filter((cell) => cell === 'passed').length
console.log(`${skips} scenarios skipped, because the engine's driver cannot show them`)
console.log(`${passed} passed, ${failures.length} failed, ${skips} skipped`)
for (const engine of missing) console.log(`${engine} is not here`)
process.exit(failures.length > 0 ? 1 : 0)
