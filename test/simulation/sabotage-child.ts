// Runs schedules on a patched source, the stored ones first; prints what it found as one line of JSON.

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { StoredSeed } from './run.ts'
import { SABOTAGES } from './sabotages.ts'
import type { Terms } from './schedule.ts'
import seeds from './seeds.json' with { type: 'json' }

const [name, limit, seed] = process.argv.slice(2)
const sabotage = SABOTAGES.find((one) => one.name === name)
if (!sabotage) throw new Error(`there is no sabotage "${name}"`)

registerHooks({
  load(url, context, nextLoad) {
    const edits = sabotage.edits.filter(({ file }) => url.endsWith(`/src/${file}`))
    if (edits.length === 0) return nextLoad(url, context)
    let source = readFileSync(fileURLToPath(url), 'utf8')
    for (const { from, to } of edits) {
      const parts = source.split(from)
      if (parts.length !== 2) throw new Error(`"${from}" occurs ${parts.length - 1} times in ${url}`)
      source = parts.join(to)
    }
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})

// Imported late, so that the source is patched.
const { runMany, storedTerms, termsOf } = await import('./run.ts')
const totals = { schedules: 0, faults: {}, steps: 0, requests: 0 }
const termsAt = (index: number): Terms => {
  const stored = seeds[index]
  return stored ? storedTerms(stored as StoredSeed) : termsOf(Number(seed) + index - seeds.length)
}
const failure = await runMany(Number(limit), termsAt, totals)
console.log(JSON.stringify({ name, promise: failure?.result.violation?.promise, schedules: totals.schedules }))
process.exit(0)
