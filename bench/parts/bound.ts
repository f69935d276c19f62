// What a call with a bound token (DPoP, RFC 9449) costs beyond `fetch`: over a stub, in Chromium and Firefox.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Engine } from '../../test/support/browser/driver.ts'
import { launch } from '../../test/support/browser/launch.ts'
import { bundleForPage } from '../bundle.ts'
import { describeMachine } from '../machine.ts'
import type { measureBound } from '../peers/bound.ts'
import type { Costs, CostTerms } from '../peers/timing.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { compare, digits, summarize } from '../statistics.ts'

type Module = { readonly measureBound: typeof measureBound }

/** The access token has the length of an ordinary JWT. */
const TOKENS = { access_token: 'a'.repeat(600), refresh_token: 'r', expires_in: 3600 }

/** For a clock that is good to 5 µs in Chromium and to 20 µs in Firefox. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

interface Measured {
  readonly costs: Costs
  readonly version: string
}

async function measureIn(engine: Engine, { isQuick, progress }: Terms): Promise<Measured> {
  const script = (await bundleForPage('peers/bound.ts')).replaceAll('</script', '<\\/script')
  const server = createServer((_, response) => {
    response
      .writeHead(200, { ...ISOLATED, 'Content-Type': 'text/html' })
      .end(`<!doctype html><script>${script}</script>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await launch(engine)
  const profile = await browser.newProfile()
  try {
    const tab = await profile.open(`http://localhost:${(server.address() as AddressInfo).port}/`)
    progress(`${engine} ${browser.version}`)
    const costs = await tab.evaluate(
      (given: Omit<CostTerms, 'world' | 'url'>, tokens: typeof TOKENS) => {
        const { bench } = globalThis as unknown as { bench: Module }
        const headers = { 'DPoP-Nonce': 'n-1' }
        const world = {
          fetch: async () => new Response(null, { status: 204, headers }),
          origin: location.origin,
          tokenEndpoint: 'https://id.example/token',
          tokens,
        }
        return bench.measureBound({ ...given, world, url: `${location.origin}/orders` })
      },
      { withRequest: false, rounds: isQuick ? 3 : 21, slices: isQuick ? 2 : 5, calls: 50 },
      TOKENS,
    )
    return { costs, version: browser.version }
  } finally {
    await profile.close()
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
}

const difference = (one: number, bare: number): number => one - bare

function tabulate(title: string, costs: Costs): Table {
  const { fetch = [] } = costs
  const rows = Object.entries(costs)
    .filter(([name]) => name !== 'fetch')
    .map(([name, series]) => ({ over: compare(series, fetch, difference), name }))
    .sort((one, other) => one.over.median - other.over.median)
  return {
    title,
    columns: ['', 'µs over fetch'],
    rows: rows.map(({ name, over }) => [name, `${digits(over.median)} (${digits(over.min)}–${digits(over.max)})`]),
  }
}

export async function run(terms: Terms): Promise<Result> {
  const chromium = await measureIn('chromium', terms)
  const firefox = await measureIn('firefox', terms)
  const rounds = chromium.costs.fetch?.length ?? 0
  const note = `A GET by the address, over a stub of \`fetch\` that gives the same nonce with each answer. ${rounds} interleaved rounds in one page, each the best of some slices of 50 calls; compared round by round with \`fetch\` itself, as median (min–max). atproto's wrapper is given a Map for its nonces; its own client for browsers reads them from IndexedDB. Firefox ${firefox.version}. ${describeMachine(chromium.version)}`
  return {
    tables: [
      tabulate('A call with a bound token over a stub of `fetch`, in Chromium', chromium.costs),
      { ...tabulate('The same in Firefox', firefox.costs), note },
    ],
    plots: {},
    data: {
      chromium: chromium.version,
      firefox: firefox.version,
      medians: { chromium: condense(chromium.costs), firefox: condense(firefox.costs) },
    },
  }
}

const condense = (costs: Costs): unknown =>
  Object.fromEntries(
    Object.entries(costs).map(([name, series]) => [
      name,
      { ...summarize(series), over: compare(series, costs.fetch ?? [], difference) },
    ]),
  )
