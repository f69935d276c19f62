// A thousand calls at once whose token has expired, or is refused: how many token requests, and how long to the last answer.

import { launch } from '../../test/support/browser/launch.ts'
import { servePages } from '../../test/support/pages.ts'
import { bundleForPage, importBundle } from '../bundle.ts'
import { bars } from '../charts.ts'
import { describeMachine } from '../machine.ts'
import type { measureStorm, Storm, StormTerms, Weather } from '../peers/storm.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { digits, spell, summarize } from '../statistics.ts'

type Module = { readonly measureStorm: typeof measureStorm }
type Storms = Readonly<Record<string, readonly Storm[]>>
type Measure = (terms: StormTerms) => Promise<Storms>

const CALLS = 1_000

/** In a page of its own: there the client has a ledger, a lock and a channel. */
async function inChromium<Value>(use: (measure: Measure, version: string) => Promise<Value>): Promise<Value> {
  const script = (await bundleForPage('peers/storm.ts')).replaceAll('</script', '<\\/script')
  const pages = await servePages({ '/': `<!doctype html><script>${script}</script>` })
  const browser = await launch('chromium')
  const profile = await browser.newProfile()
  try {
    const tab = await profile.open(`${pages.origin}/`)
    const measure: Measure = (terms) =>
      tab.evaluate((given: StormTerms) => (globalThis as unknown as { bench: Module }).bench.measureStorm(given), terms)
    return await use(measure, browser.version)
  } finally {
    await profile.close()
    await browser.close()
    await pages.close()
  }
}

const medianOf = (series: readonly Storm[] = []): number => summarize(series.map(({ time }) => time)).median

function timesOf(name: string, storms: Storms): string[] {
  const series = storms[name] ?? []
  return [spell(summarize(series.map(({ time }) => time)), 0), digits(medianOf(series) / medianOf(storms['at least']))]
}

function tabulate(title: string, node: Storms, chromium: Storms): Table {
  const names = Object.keys(node).sort((one, other) => medianOf(chromium[one]) - medianOf(chromium[other]))
  const rows = names.map((name) => {
    const series = [...(node[name] ?? []), ...(chromium[name] ?? [])]
    const most = (pick: (storm: Storm) => number): number => Math.max(...series.map(pick))
    const counts = [most((one) => one.tokenRequests), most((one) => one.failures)]
    return [name, ...counts, ...timesOf(name, chromium), ...timesOf(name, node)]
  })
  const columns = ['', 'token requests', 'failed calls']
  const times = ['Chromium: ms to the last answer', 'times the least', 'Node: ms', 'times the least']
  return { title, columns: [...columns, ...times], rows }
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const { measureStorm } = await importBundle<Module>('peers/storm.ts')
  const terms = (weather: Weather): StormTerms => ({ weather, calls: CALLS, rounds: isQuick ? 3 : 15 })
  progress('in Node')
  const node = { expired: await measureStorm(terms('expired')), refused: await measureStorm(terms('refused')) }
  const chromium = await inChromium(async (measure, version) => {
    progress(`in Chromium ${version}`)
    return { version, expired: await measure(terms('expired')), refused: await measure(terms('refused')) }
  })
  const note = `Over a stub whose token endpoint answers after 20 ms and whose API answers after 5 ms; in Chromium the client has its ledger, lock and channel. “At least” is one refresh and the calls. Counts are the worst of all rounds, times are median (min–max). Peers without a refresh of their own are left out. ${describeMachine(chromium.version)}`
  const { version, ...page } = chromium
  return {
    tables: [
      tabulate(`${CALLS} calls at once with a token that has expired`, node.expired, page.expired),
      { ...tabulate(`${CALLS} calls at once with a token that the server refuses`, node.refused, page.refused), note },
    ],
    plots: {
      storm: bars(
        `Token requests for ${CALLS} calls with a refused token`,
        'token requests',
        Object.entries(page.refused)
          .filter(([name]) => name !== 'at least')
          .map(([name, series]) => ({ name, value: Math.max(...series.map((one) => one.tokenRequests)) })),
      ),
    },
    data: { version, node: condense(node), chromium: condense(page) },
  }
}

/** Every round would be too much to keep. */
function condense(storms: Readonly<Record<Weather, Storms>>): unknown {
  const worst = (series: readonly number[]): number => Math.max(...series)
  const of = (weather: Weather) =>
    Object.fromEntries(
      Object.entries(storms[weather]).map(([name, series]) => [
        name,
        {
          tokenRequests: worst(series.map((one) => one.tokenRequests)),
          failures: worst(series.map((one) => one.failures)),
          time: summarize(series.map((one) => one.time)),
        },
      ]),
    )
  return { expired: of('expired'), refused: of('refused') }
}
