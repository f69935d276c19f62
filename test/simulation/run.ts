// `npm run simulate`: many schedules, a progress bar, and the shortest trace of what went wrong.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Result, runSchedule, type Terms } from './schedule.ts'
import { shrink } from './shrink.ts'

export interface Totals {
  schedules: number
  readonly faults: Record<string, number>
  steps: number
  requests: number
}

/** A schedule that once failed. */
export type StoredSeed = Pick<Terms, 'seed'> & Partial<Terms>

const BATCH = 8

// Capturing the stack is most of what an error costs, and nobody reads the stacks of a schedule.
Error.stackTraceLimit = 0

/** Runs schedules until one fails; resolves with its terms. */
export async function runMany(
  count: number,
  termsOf: (index: number) => Terms,
  totals: Totals,
  onProgress?: () => void,
): Promise<{ readonly terms: Terms; readonly result: Result } | undefined> {
  for (let start = 0; start < count; start += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => termsOf(start + index))
    const results = await Promise.all(batch.map(runSchedule))
    for (const [index, result] of results.entries()) {
      totals.schedules++
      totals.steps += result.steps
      totals.requests += result.requests
      for (const [kind, times] of Object.entries(result.faults))
        totals.faults[kind] = (totals.faults[kind] ?? 0) + times
      if (result.violation) return { terms: batch[index] as Terms, result }
    }
    onProgress?.()
    // Ticks alone would starve whoever runs this.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return undefined
}

const POLICIES = [0, 'grace', 'Infinity'] as const
const AUDIENCES = [1, 2, 3] as const
const BOUND = [undefined, undefined, 'rotates', 'stays'] as const

/** Tabs and policy vary with the seed unless they are given. */
export function termsOf(seed: number, tabs?: number, policy?: Terms['policy']): Terms {
  const movesIn = Math.floor(seed / 12) % 16 === 7
  const speaksByStatus = Math.floor(seed / 192) % 4 === 3
  const hasWorker = Math.floor(seed / 768) % 3 === 2
  return {
    seed,
    tabs: tabs ?? 1 + (seed % 4),
    policy: policy ?? (POLICIES[Math.floor(seed / 4) % 3] as Terms['policy']),
    movesIn,
    hasWorker,
    signsInTwice: Math.floor(seed / 3072) % 4 === 2,
    speaksByStatus,
    // A session that another library left is not bound, and a server of bound tokens has words.
    bound: movesIn || speaksByStatus || hasWorker ? undefined : BOUND[Math.floor(seed / 768) % 4],
    audiences: AUDIENCES[Math.floor(seed / 12) % 3],
  }
}

/** Tabs and policy follow from the seed where they are not given; what else is drawn for a schedule is off. */
export function storedTerms({ seed, tabs, policy, ...given }: StoredSeed): Terms {
  const none = { speaksByStatus: false, hasWorker: false, signsInTwice: false, bound: undefined, audiences: 1 } as const
  return { ...termsOf(seed, tabs, policy), ...none, ...given }
}

export async function report({ terms }: { readonly terms: Terms }): Promise<string> {
  const shortest = await shrink(terms)
  const { violation, trace } = await runSchedule({ ...shortest, isTraced: true })
  return [
    `${violation?.message ?? 'not reproduced'}`,
    ...(trace.length > 90 ? [...trace.slice(0, 30), '…', ...trace.slice(-60)] : trace).map((line) => `  ${line}`),
    `replay: npm run simulate -- --schedules 1 --seed ${terms.seed} --tabs ${terms.tabs} --policy ${terms.policy}`,
  ].join('\n')
}

const RESULTS = new URL('./results/', import.meta.url)
const fileOf = (name: string): URL => new URL(`${name}.md`, RESULTS)

function keep(name: string, table: string): void {
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(fileOf(name), table)
}

const HEAD =
  '| `resendWithin` | schedules | steps | token requests | faults injected | violations |\n|---|--:|--:|--:|--:|--:|\n'

/** Keeps the last run of each policy. */
function keepSchedules(policy: string, figures: readonly number[]): void {
  const file = fileOf('schedules')
  const before = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(2, -1) : []
  const isOfPolicy = (row: string): boolean => row.startsWith(`| ${policy} |`)
  const row = `| ${[policy, ...figures.map((figure) => figure.toLocaleString('en-US'))].join(' | ')} |`
  const rows = [...before.filter((other) => !isOfPolicy(other)), row].sort()
  keep('schedules', `${HEAD}${rows.join('\n')}\n`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      tabs: { type: 'string' },
      policy: { type: 'string' },
      audiences: { type: 'string' },
      sabotage: { type: 'boolean', default: false },
      // Keeps the figures for docs/figures.md.
      write: { type: 'boolean', default: false },
    },
  })
  if (values.sabotage) {
    const { runSabotages } = await import('./sabotage.ts')
    const table = await runSabotages()
    if (table && values.write) keep('sabotages', table)
    process.exitCode = table ? 0 : 1
    return
  }
  const count = Number(values.schedules)
  const seed = Number(values.seed)
  const tabs = values.tabs === undefined ? undefined : Number(values.tabs)
  const audiences = values.audiences === undefined ? {} : { audiences: Number(values.audiences) as Terms['audiences'] }
  const policy = values.policy === '0' ? 0 : (values.policy as Terms['policy'] | undefined)
  const totals: Totals = { schedules: 0, faults: {}, steps: 0, requests: 0 }
  const startedAt = performance.now()
  const rate = (): number => Math.round((totals.schedules / (performance.now() - startedAt)) * 1000)
  const progress = (): void => {
    const share = totals.schedules / count
    const bar = '█'.repeat(Math.round(share * 30)).padEnd(30, '░')
    if (process.stderr.isTTY) process.stderr.write(`\r${bar} ${totals.schedules} schedules, ${rate()}/s `)
  }
  console.log(`seed ${seed}`)
  const failure = await runMany(
    count,
    (index) => ({ ...termsOf(seed + index, tabs, policy), ...audiences }),
    totals,
    progress,
  )
  const faults = Object.values(totals.faults).reduce((sum, times) => sum + times, 0)
  console.log(
    `\n${totals.schedules} schedules, ${totals.steps} steps, ${totals.requests} token requests, ${faults} faults, ${rate()} schedules/s`,
  )
  console.table(totals.faults)
  console.log(`violations: ${failure ? 1 : 0}`)
  if (!failure) {
    const { schedules, steps, requests } = totals
    if (values.write) keepSchedules(values.policy ?? 'drawn for each', [schedules, steps, requests, faults, 0])
    return
  }
  console.log(await report(failure))
  process.exitCode = 1
}

if (import.meta.main) await main()
