// The shortest story of a failure: choices are taken away for as long as the same promise stays broken.

import { runSchedule, type Terms } from './schedule.ts'

export async function shrink(terms: Terms): Promise<Terms> {
  const first = await runSchedule(terms)
  const promise = first.violation?.promise
  let script = [...first.choices]
  const fails = async (candidate: readonly number[]): Promise<boolean> =>
    (await runSchedule({ ...terms, script: candidate })).violation?.promise === promise

  if (!promise || !(await fails(script))) return terms
  for (let size = script.length >> 1; size > 0; size >>= 1) {
    for (let start = 0; start < script.length; start += size) {
      const zeroed = script.map((choice, index) => (index >= start && index < start + size ? 0 : choice))
      const isChange = zeroed.some((choice, index) => choice !== script[index])
      if (isChange && (await fails(zeroed))) script = zeroed
    }
  }
  while (script.length > 0 && script.at(-1) === 0) script.pop()
  return { ...terms, script }
}
