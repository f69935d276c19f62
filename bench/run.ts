// `npm run bench`, or some of it: `npm run bench -- cost size`. `--quick` is a short run that writes no results.

import { installPeers } from './install.ts'
import type { Result } from './report.ts'

export interface Terms {
  readonly isQuick: boolean
  /** One line that overwrites itself. */
  progress(line: string): void
}

interface Part {
  run(terms: Terms): Promise<Result>
}

const PARTS = ['cost', 'bound', 'storm', 'tabs', 'audiences', 'faults', 'leaving', 'fleet', 'protocol', 'size'] as const

let toldAt = 0

/** Where lines cannot be overwritten, one in ten seconds is enough. */
function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K  ${line}`)
  else if (performance.now() - toldAt > 10_000) {
    toldAt = performance.now()
    console.log(`  ${line}`)
  }
}

const words = process.argv.slice(2)
const isQuick = words.includes('--quick')
const wanted = words.filter((word) => !word.startsWith('--'))
const unknown = wanted.find((name) => !PARTS.some((part) => part === name))
if (unknown) throw new Error(`"${unknown}" is not a part; there are ${PARTS.join(', ')}`)

installPeers()
const { printTable, writeResult } = await import('./report.ts')
for (const name of PARTS.filter((part) => wanted.length === 0 || wanted.includes(part))) {
  console.log(name)
  const startedAt = performance.now()
  const part: Part = await import(`./parts/${name}.ts`)
  const result = await part.run({ isQuick, progress })
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  for (const table of result.tables) printTable(table)
  if (!isQuick) await writeResult(name, result)
  console.log(`\n${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
}
// Clients whose timers run on would keep the process.
process.exit()
