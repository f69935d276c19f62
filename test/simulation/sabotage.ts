// The broken variants of the protocol: each leaves out one rule, and each must be caught. A check that cannot fail is
// worth nothing. The rules are patches of the source, applied as a child process loads it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SABOTAGES } from './sabotages.ts'

export interface Caught {
  readonly name: string
  readonly promise: string | undefined
  readonly schedules: number
}

const CHILD = fileURLToPath(new URL('./sabotage-child.ts', import.meta.url))

/** Runs schedules with one rule left out, until a promise breaks or `limit` is reached. */
export function runSabotage(name: string, limit: number, seed: number): Promise<Caught> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, name, String(limit), String(seed)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('close', () => {
      try {
        resolve(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
      } catch {
        reject(new Error(`${name}: ${errors.slice(-2_000)}`))
      }
    })
  })
}

/** Resolves with a table of what was caught; undefined unless that is everything. */
export async function runSabotages(limit = 300_000, seed = 1): Promise<string | undefined> {
  let isComplete = true
  const rows: string[] = []
  const names = SABOTAGES.map(({ name }) => name)
  const work = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const { promise, schedules } = await runSabotage(name, limit, seed)
      isComplete &&= promise !== undefined
      const verdict = promise
        ? `caught by ${promise} after ${schedules} schedules`
        : `NOT CAUGHT in ${schedules} schedules`
      rows.push(`| ${name} | ${promise} | ${schedules.toLocaleString('en-US')} |\n`)
      console.log(`${verdict.padEnd(48)} ${name}`)
    }
  }
  await Promise.all([work(), work()])
  return isComplete ? `| left out | caught by | after schedules |\n|---|---|---|\n${rows.sort().join('')}` : undefined
}
