// A thousand calls at once whose token has expired, or is refused: how many token requests, and how long to the last answer.

import { importBundle } from '../bundle.ts'
import { bars } from '../charts.ts'
import { describeMachine } from '../machine.ts'
import type { measureStorm, Storm, Weather } from '../peers/storm.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { digits, spell, summarize } from '../statistics.ts'

type Module = { readonly measureStorm: typeof measureStorm }

const CALLS = 1_000

function tabulate(title: string, storms: Readonly<Record<string, readonly Storm[]>>): Table {
  const least = summarize((storms['at least'] ?? []).map(({ time }) => time)).median
  const rows = Object.entries(storms).map(([name, series]) => {
    const time = summarize(series.map((one) => one.time))
    const most = (pick: (storm: Storm) => number): number => Math.max(...series.map(pick))
    return {
      rank: time.median,
      cells: [
        name,
        most((one) => one.tokenRequests),
        most((one) => one.failures),
        spell(time, 0),
        digits(time.median / least),
      ],
    }
  })
  rows.sort((one, other) => one.rank - other.rank)
  return {
    title,
    columns: ['', 'token requests', 'failed calls', 'ms to the last answer', 'times the least'],
    rows: rows.map(({ cells }) => cells),
  }
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const { measureStorm } = await importBundle<Module>('peers/storm.ts')
  const measure = (weather: Weather) =>
    measureStorm({ weather, calls: CALLS, rounds: isQuick ? 3 : 15 }, (round) => progress(`${weather}, round ${round}`))
  const expired = await measure('expired')
  const refused = await measure('refused')
  const note = `In Node, over a stub whose token endpoint answers after 20 ms and whose API answers after 5 ms. “At least” is one refresh and the calls. The worst of all rounds, and the time as median (min–max). Peers without a refresh of their own are left out. ${describeMachine()}`
  return {
    tables: [
      tabulate(`${CALLS} calls at once with a token that has expired`, expired),
      { ...tabulate(`${CALLS} calls at once with a token that the server refuses`, refused), note },
    ],
    plots: {
      storm: bars(
        `Token requests for ${CALLS} calls with a refused token`,
        'token requests',
        Object.entries(refused)
          .filter(([name]) => name !== 'at least')
          .map(([name, series]) => ({ name, value: Math.max(...series.map((one) => one.tokenRequests)) })),
      ),
    },
    data: { expired, refused },
  }
}
