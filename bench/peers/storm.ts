/** Many calls at once, before a server that accepts the newest token only. */

import { CALLERS } from './callers.ts'
import type { Caller, CreateCaller, Tokens, World } from './world.ts'

/** `expired`: the client can know. `refused`: only the server's 401 tells. */
export type Weather = 'expired' | 'refused'

export interface Storm {
  readonly tokenRequests: number
  readonly failures: number
  /** To the last answer (in milliseconds). */
  readonly time: number
}

export interface StormTerms {
  readonly weather: Weather
  readonly calls: number
  readonly rounds: number
}

const origin = 'https://api.example'
const tokenEndpoint = 'https://id.example/token'

const after = (delay: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay))

interface Sky extends World {
  tokenRequests(): number
}

function createSky(weather: Weather): Sky {
  let newest = 0
  const issue = (nth: number, expires_in: number): Tokens => ({
    access_token: `access-${nth}`,
    refresh_token: `refresh-${nth}`,
    expires_in,
  })
  return {
    origin,
    tokenEndpoint,
    tokens: issue(0, weather === 'expired' ? 0.001 : 3600),
    tokenRequests: () => newest,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.url === tokenEndpoint) {
        const tokens = issue(++newest, 3600)
        await after(20)
        return Response.json(tokens)
      }
      await after(5)
      const isCurrent = request.headers.get('authorization') === `Bearer access-${newest}` && newest > 0
      if (isCurrent) return Response.json({})
      return new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } })
    },
  }
}

/** Knows beforehand, and refreshes once: nobody can be faster. */
const atLeast: CreateCaller = ({ fetch }) => {
  let refreshed: Promise<Tokens> | undefined
  return {
    name: 'at least',
    refreshes: true,
    async call(url) {
      refreshed ??= fetch(tokenEndpoint, { method: 'POST' }).then((response) => response.json())
      const { access_token } = await refreshed
      return fetch(url, { headers: { Authorization: `Bearer ${access_token}` } })
    },
  }
}

async function raise(create: CreateCaller, { weather, calls }: StormTerms): Promise<[Caller, Storm]> {
  const sky = createSky(weather)
  const caller = await create(sky)
  // The token of an hour ago, to a client that leaves young ones alone.
  const { now } = Date
  Date.now = () => now() + 60_000
  try {
    const startedAt = performance.now()
    const results = await Promise.allSettled(Array.from({ length: calls }, () => caller.call(`${origin}/orders`)))
    const time = performance.now() - startedAt
    const failures = results.filter((one) => one.status === 'rejected' || one.value.status !== 200).length
    return [caller, { tokenRequests: sky.tokenRequests(), failures, time }]
  } finally {
    Date.now = now
    caller.dispose?.()
  }
}

export async function measureStorm(terms: StormTerms): Promise<Record<string, Storm[]>> {
  const storms: Record<string, Storm[]> = {}
  for (let round = -1; round < terms.rounds; round++) {
    const order = [atLeast, ...CALLERS].map((create) => ({ create, rank: Math.random() }))
    for (const { create } of order.sort((one, other) => one.rank - other.rank)) {
      const [{ name, refreshes }, storm] = await raise(create, terms)
      // The first round warms up.
      if (refreshes && round >= 0) storms[name] = [...(storms[name] ?? []), storm]
    }
  }
  return storms
}
