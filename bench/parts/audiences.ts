// Tokens for two audiences at once, from one refresh token that a strict server rotates.

import { launch } from '../../test/support/browser/launch.ts'
import { LATENCY, measureTwoAtOnce, type TwoAtOnce, type TwoAtOnceTerms } from '../audiences/two-at-once.ts'
import { importBundle, versionOf } from '../bundle.ts'
import { describeMachine } from '../machine.ts'
import type { measureAudiences } from '../peers/audiences/cost.ts'
import type { Costs } from '../peers/timing.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { compare, digits, type Summary, summarize } from '../statistics.ts'

const AUTH0 = 'auth0-spa-js, tokens in localStorage'
const IN_MEMORY = 'auth0-spa-js, tokens in memory'

const RUNS: readonly Omit<TwoAtOnceTerms, 'signIns'>[] = [
  { name: 'authfetch', tabs: 1 },
  { name: 'authfetch', tabs: 2 },
  { name: AUTH0, tabs: 1 },
  { name: AUTH0, tabs: 2 },
  { name: IN_MEMORY, tabs: 1 },
  { name: IN_MEMORY, tabs: 2 },
  // The controls.
  { name: 'authfetch', tabs: 1, inTurn: true },
  { name: AUTH0, tabs: 1, inTurn: true },
  { name: IN_MEMORY, tabs: 1, inTurn: true },
]

const whereOf = ({ tabs, inTurn = false }: Omit<TwoAtOnceTerms, 'signIns'>): string =>
  inTurn ? 'one tab, one after the other' : tabs === 1 ? 'one tab' : 'two tabs'

const tabulate = (results: readonly TwoAtOnce[], signIns: number): Table => ({
  title: `Tokens for two audiences at once, ${signIns} sign-ins each`,
  columns: [
    '',
    'where',
    'token requests',
    'refresh tokens presented twice',
    'sessions lost',
    'calls answered 200',
    'afterwards',
  ],
  rows: results.map((one) => [
    one.name,
    whereOf(one),
    one.tokenRequests,
    one.presentedTwice,
    one.lost,
    `${one.answered} of ${2 * signIns}`,
    `${one.answeredAfterwards} of ${3 * signIns}`,
  ]),
  note: `A user has signed in, with one refresh token for three audiences. At one moment the first calls to the APIs of two of them are made: both in one tab, or one in each of two tabs. The provider rotates refresh tokens without grace, and revokes the grant when one comes twice: the session is lost. An answer of the token endpoint takes ${LATENCY} ms more than over loopback, as over a network. Afterwards the first tab calls all three APIs, one after the other. auth0-spa-js ${versionOf('@auth0/auth0-spa-js')} with \`useRefreshTokens\` and \`useMrrt\`; with its tokens in memory, which is its default, each tab has a sign-in of its own. The provider is dressed as Auth0: \`audience\` instead of \`resource\`, its path, its ID tokens. A tenant of Auth0 whose leeway is 0, the default, is as strict.`,
})

const difference = (one: number, bare: number): number => one - bare

/** Over a stub of `fetch`, in Node. */
async function measureCost({ isQuick, progress }: Terms, withRequest: boolean): Promise<Costs> {
  const { measureAudiences: measure } = await importBundle<{ readonly measureAudiences: typeof measureAudiences }>(
    'peers/audiences/cost.ts',
  )
  const origin = 'https://api.example'
  const tokenEndpoint = 'https://id.example/token'
  let nth = 0
  // Each token has the length of an ordinary JWT.
  const issue = () => ({ access_token: `${++nth}`.padStart(600, 'a'), refresh_token: `${nth}`, expires_in: 3600 })
  const fetch = async (input: RequestInfo | URL): Promise<Response> =>
    String(input) === tokenEndpoint
      ? Response.json(issue())
      : new Response('{}', { headers: { 'Content-Type': 'application/json' } })
  return await measure(
    {
      world: { fetch, origin, tokenEndpoint, tokens: issue() },
      url: `${origin}/orders`,
      withRequest,
      rounds: isQuick ? 7 : 61,
      slices: 10,
      calls: 100,
    },
    (round) => progress(`Node, ${withRequest ? 'Request' : 'string'} input, round ${round}`),
  )
}

const overFetch = (costs: Costs): Record<string, Summary> =>
  Object.fromEntries(
    Object.entries(costs)
      .filter(([name]) => name !== 'fetch')
      .map(([name, series]) => [name, compare(series, costs.fetch ?? [], difference)]),
  )

function tabulateCost(string: Costs, request: Costs, version: string): Table {
  const requests = overFetch(request)
  const spelled = (over: Summary | undefined): string =>
    over ? `${digits(over.median)} (${digits(over.min)}–${digits(over.max)})` : '–'
  return {
    title: 'A call with a valid token over a stub of `fetch`, in Node: µs over fetch',
    columns: ['', 'string input', 'Request input'],
    rows: Object.entries(overFetch(string)).map(([name, over]) => [name, spelled(over), spelled(requests[name])]),
    note: `\`fetch\` itself: ${digits(summarize(string.fetch ?? []).median)} µs. ${string.fetch?.length} interleaved rounds in one process, each the best of ten slices of 100 calls; compared round by round, as median (min–max). ${describeMachine(version)}`,
  }
}

export async function run(terms: Terms): Promise<Result> {
  const { isQuick, progress } = terms
  const signIns = isQuick ? 1 : 10
  const browser = await launch('chromium')
  try {
    const results: TwoAtOnce[] = []
    for (const one of RUNS) {
      progress(`${one.name}, ${whereOf(one)}`)
      results.push(await measureTwoAtOnce(browser, { ...one, signIns }))
    }
    const string = await measureCost(terms, false)
    const request = await measureCost(terms, true)
    return {
      tables: [tabulate(results, signIns), tabulateCost(string, request, browser.version)],
      plots: {},
      data: { version: browser.version, results, cost: { string: overFetch(string), request: overFetch(request) } },
    }
  } finally {
    await browser.close()
  }
}
