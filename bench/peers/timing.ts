/** Times calls, the same in Node and in a page: every caller in every round, in an order that changes. */

import type { Caller, CreateCaller, World } from './world.ts'

export interface CostTerms {
  readonly world: World
  readonly url: string
  readonly withRequest: boolean
  readonly rounds: number
  readonly slices: number
  /** In each slice. */
  readonly calls: number
}

/** Microseconds a call, by caller and round. */
export type Costs = Record<string, number[]>

export async function timeCallers(
  create: readonly CreateCaller[],
  { world, url, withRequest, rounds, slices, calls }: CostTerms,
  progress: (round: number) => void = () => {},
): Promise<Costs> {
  const callers = await Promise.all(create.map((one) => one(world)))
  const costs: Costs = {}
  const timed = callers.filter(({ callRequest }) => !withRequest || callRequest)
  for (let round = -1; round < rounds; round++) {
    progress(round)
    // Another order each time, so that nobody always runs after the same neighbour.
    const order = timed.map((caller) => ({ caller, rank: Math.random() })).sort((one, other) => one.rank - other.rank)
    for (const { caller } of order) {
      let cost = Number.POSITIVE_INFINITY
      // The best of some slices, each shorter than a machine's others leave it in peace.
      for (let slice = 0; slice < slices; slice++) cost = Math.min(cost, await time(caller, url, withRequest, calls))
      // The first round warms up.
      if (round >= 0) costs[caller.name] = [...(costs[caller.name] ?? []), cost]
    }
  }
  for (const { dispose } of callers) dispose?.()
  return Object.fromEntries(timed.map(({ name }) => [name, costs[name] ?? []]))
}

async function time({ name, call, callRequest }: Caller, url: string, withRequest: boolean, calls: number) {
  const requests = withRequest ? Array.from({ length: calls }, () => new Request(url)) : []
  let status = 200
  const startedAt = performance.now()
  if (callRequest && withRequest) for (const request of requests) status = (await callRequest(request)).status
  else for (let index = 0; index < calls; index++) status = (await call(url)).status
  const spent = performance.now() - startedAt
  if (status >= 300) throw new Error(`${name} was answered ${status}`)
  return (spent * 1000) / calls
}
