// The promises, in stored schedules and in fresh ones; and the rules of which each is removed once.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { report, runMany, type StoredSeed, storedTerms, type Totals, termsOf } from './run.ts'
import { runSabotage } from './sabotage.ts'
import { SABOTAGES } from './sabotages.ts'
import type { Terms } from './schedule.ts'
import seeds from './seeds.json' with { type: 'json' }

const SCHEDULES = 3_000

async function verify(count: number, terms: (index: number) => Terms): Promise<Totals> {
  const totals: Totals = { schedules: 0, faults: {}, steps: 0, requests: 0 }
  const failure = await runMany(count, terms, totals)
  if (failure) expect.fail(await report(failure))
  return totals
}

test('every seed that ever failed keeps all promises', async () => {
  const { schedules } = await verify(seeds.length, (index) => storedTerms(seeds[index] as StoredSeed))
  expect(schedules).toBe(seeds.length)
})

test(`${SCHEDULES} schedules of a fresh seed keep all promises`, async () => {
  const seed = Date.now() % 1_000_000_000
  console.log(`simulation: npm run simulate -- --schedules ${SCHEDULES} --seed ${seed} --audiences 1`)
  const { schedules, faults } = await verify(SCHEDULES, (index) => ({ ...termsOf(seed + index), audiences: 1 }))
  expect(schedules).toBe(SCHEDULES)
  expect(Object.keys(faults).length).toBeGreaterThan(15)
}, 300_000)

// Of a fixed seed: the checks by audience are younger, and have not seen as many schedules as the others.
test('1000 schedules with several audiences keep all promises', async () => {
  const { schedules } = await verify(1_000, (index) => {
    const terms = termsOf(930_000_000 + index)
    return { ...terms, audiences: terms.audiences === 1 ? 2 : terms.audiences }
  })
  expect(schedules).toBe(1_000)
}, 300_000)

test.each(SABOTAGES)('the rule to leave out stands once in the source: $name', ({ edits }) => {
  const sources = new Map<string, string>()
  for (const { file, from, to } of edits) {
    const source = sources.get(file) ?? readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8')
    const parts = source.split(from)
    expect(parts, `${from} in ${file}`).toHaveLength(2)
    sources.set(file, parts.join(to))
  }
})

test.each([
  'no claim is written',
  'no epoch fence at the commit',
  'a fresh attempt is taken over',
  'a message is believed without the ledger',
])(
  'a protocol in which %s is caught',
  async (name) => {
    expect((await runSabotage(name, 20_000, 1)).promise).toBeDefined()
  },
  300_000,
)
