// What a call with a valid token costs beyond `fetch`: over a stub in Node, over loopback in Chromium.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launch } from '../../test/support/browser/launch.ts'
import { bundleForPage, importBundle } from '../bundle.ts'
import { bars } from '../charts.ts'
import { describeMachine } from '../machine.ts'
import type { Costs, CostTerms, measureCost } from '../peers/cost.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { compare, digits, spell, summarize } from '../statistics.ts'

type Module = { readonly measureCost: typeof measureCost }

/** The access token has the length of an ordinary JWT. */
const TOKENS = { access_token: 'a'.repeat(600), refresh_token: 'r', expires_in: 3600 }

/** For a clock that is good to 5 µs. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

async function inNode({ isQuick, progress }: Terms, withRequest: boolean): Promise<Costs> {
  const { measureCost } = await importBundle<Module>('peers/cost.ts')
  const origin = 'https://api.example'
  return await measureCost(
    {
      world: {
        fetch: async () => new Response('{}', { headers: { 'Content-Type': 'application/json' } }),
        origin,
        tokenEndpoint: 'https://id.example/token',
        tokens: TOKENS,
      },
      url: `${origin}/orders`,
      withRequest,
      rounds: isQuick ? 7 : 31,
      slices: 10,
      calls: 100,
    },
    (round) => progress(`Node, ${withRequest ? 'Request' : 'string'} input, round ${round}`),
  )
}

interface ByInput {
  readonly string: Costs
  readonly request: Costs
}

async function inChromium({
  isQuick,
  progress,
}: Terms): Promise<{ readonly stub: ByInput; readonly loopback: ByInput; readonly version: string }> {
  const script = (await bundleForPage('peers/cost.ts')).replaceAll('</script', '<\\/script')
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/') {
      response
        .writeHead(200, { ...ISOLATED, 'Content-Type': 'text/html' })
        .end(`<!doctype html><script>${script}</script>`)
      // Without a body, for unread bodies hold connections.
    } else response.writeHead(204, { 'Cache-Control': 'no-store' }).end()
  })
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const browser = await launch('chromium')
  const profile = await browser.newProfile()
  try {
    const tab = await profile.open(`${origin}/`)
    const measure = (isStub: boolean, withRequest: boolean): Promise<Costs> => {
      const where = isStub ? 'over a stub' : 'over loopback'
      progress(`Chromium ${browser.version}, ${where}, ${withRequest ? 'Request' : 'string'} input`)
      const rounds = isStub
        ? { rounds: isQuick ? 7 : 31, slices: 10, calls: 100 }
        : // One call each in turn, for a machine's unrest is longer than a call.
          { rounds: isQuick ? 50 : 1_500, slices: 1, calls: 1 }
      return tab.evaluate(
        (given: Omit<CostTerms, 'world' | 'url'>, tokens: typeof TOKENS, stubbed: boolean) => {
          const { bench } = globalThis as unknown as { bench: Module }
          const world = {
            fetch: stubbed ? async () => new Response(null, { status: 204 }) : fetch.bind(globalThis),
            origin: location.origin,
            tokenEndpoint: 'https://id.example/token',
            tokens,
          }
          return bench.measureCost({ ...given, world, url: `${location.origin}/orders` })
        },
        { ...rounds, withRequest },
        TOKENS,
        isStub,
      )
    }
    return {
      stub: { string: await measure(true, false), request: await measure(true, true) },
      loopback: { string: await measure(false, false), request: await measure(false, true) },
      version: browser.version,
    }
  } finally {
    await profile.close()
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
}

function tabulate(title: string, { string, request }: ByInput): Table {
  const rows = Object.entries(string).map(([name, series]) => {
    const [over, ...cells] = against(series, string)
    const overRequest = request[name]?.length ? against(request[name], request) : ['–', '–']
    return {
      rank: compare(series, string.fetch ?? [], by.difference).median,
      cells: [name, over, ...cells, ...overRequest],
    }
  })
  rows.sort((one, other) => one.rank - other.rank)
  return {
    title,
    columns: ['', 'µs over fetch', 'times fetch', 'Request input: µs over fetch', 'times fetch'],
    rows: rows.map(({ cells }) => cells as string[]),
  }
}

const by = {
  difference: (one: number, bare: number): number => one - bare,
  ratio: (one: number, bare: number): number => one / bare,
}

function against(series: readonly number[], { fetch = [] }: Costs): string[] {
  return [signed(compare(series, fetch, by.difference).median), spell(compare(series, fetch, by.ratio))]
}

const signed = (value: number): string => (value < 0 ? '−' : '+') + digits(Math.abs(value))

const addedTo = (costs: Costs) =>
  Object.entries(costs)
    .filter(([name]) => name !== 'fetch')
    .map(([name, series]) => ({
      name,
      value: compare(series, costs.fetch ?? [], by.difference).median,
    }))

export async function run(terms: Terms): Promise<Result> {
  const node = { string: await inNode(terms, false), request: await inNode(terms, true) }
  const { version, ...chromium } = await inChromium(terms)
  const rounds = (costs: Costs): number => costs.fetch?.length ?? 0
  const { string: stub, request } = node
  const grouped = rounds(chromium.loopback.string).toLocaleString('en-US')
  const note = `\`fetch\` itself: ${digits(summarize(stub.fetch ?? []).median)} µs in Node, ${digits(summarize(chromium.stub.string.fetch ?? []).median)} µs in Chromium, ${digits(summarize(chromium.loopback.string.fetch ?? []).median, 0)} µs over loopback. ${rounds(stub)} interleaved rounds in one process, each the best of ten slices of 100 calls, and ${grouped} of one call each over loopback; compared round by round, as median (min–max). ${describeMachine(version)}`
  return {
    tables: [
      tabulate('A call with a valid token over a stub of `fetch`, in Node', { string: stub, request }),
      tabulate('Over a stub of `fetch`, in Chromium', chromium.stub),
      { ...tabulate('Over loopback, in Chromium', chromium.loopback), note },
    ],
    plots: { cost: bars('What a call costs beyond fetch (stub, Node)', 'µs', addedTo(node.string), true) },
    data: {
      version,
      medians: { node: condense(node), stub: condense(chromium.stub), loopback: condense(chromium.loopback) },
    },
  }
}

/** Every round would be megabytes. */
function condense({ string, request }: ByInput): unknown {
  const of = (costs: Costs): unknown =>
    Object.fromEntries(
      Object.entries(costs).map(([name, series]) => [
        name,
        {
          ...summarize(series),
          over: compare(series, costs.fetch ?? [], by.difference),
          times: compare(series, costs.fetch ?? [], by.ratio),
        },
      ]),
    )
  return { string: of(string), request: of(request) }
}
