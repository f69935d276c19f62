// Calls of the API, with a good token and with one that the server refuses.

import { plural } from '../../../src/devtools/time.ts'
import { tokenOf } from '../known-tokens.ts'
import { server } from '../server.ts'
import { type CallResult, callApi } from '../tab.ts'
import { type Exercise, judge, requests, type Stage } from './exercise.ts'

const MANY = 200
const REPORTS = '/reports/summary'

/** Shows a token to an API that it is not for, by no client; true if it is refused for that. */
async function isRefusedBy(path: string, token: string): Promise<boolean> {
  const response = await server.fetch(path, { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit' })
  return response.status === 401 && Boolean(response.headers.get('WWW-Authenticate')?.includes('for another API'))
}

/** Whether each of the two APIs refuses the token of the other; undefined when scripts can read none. */
async function areStrict({ account: { client } }: Stage): Promise<boolean | undefined> {
  const own = await client.getAccessToken()
  const reports = await client.getAccessToken({ audience: 'reports' })
  if (!own || !reports) return undefined
  const answers = await Promise.all([isRefusedBy('/api/me', reports), isRefusedBy(REPORTS, own)])
  return answers.every(Boolean)
}

export const CALLS: readonly Exercise[] = [
  {
    id: 'call',
    group: 'Calls',
    title: 'One call',
    expectation: 'The API answers 200. The token is valid, so there is no token request.',
    help: { text: 'What happens when', href: 'docs.html?behaviour#what-happens-when' },
    async run(stage) {
      await stage.calm()
      const count = await stage.measure()
      const { status, subject } = await callApi(stage.account)
      const { granted } = await count()
      const whose = subject ? ` for ${subject}` : ''
      return judge(status === 200 && granted === 0, `The API answered ${status}${whose}, with ${requests(granted)}.`)
    },
  },
  {
    id: 'two-apis',
    group: 'Calls',
    title: 'Two APIs at once',
    expectation:
      'New tokens for the API and the Reports API are asked for at once. There are two token requests, one after the other, and no reuse. Both APIs answer all tabs, and each refuses the other’s token.',
    help: { text: 'Several audiences', href: 'docs.html?audiences#what-happens-when' },
    async run(stage) {
      const { account, lanes } = stage
      await stage.calm()
      if (stage.others().length === 0) await stage.openTabs(1)
      await stage.until(
        () => stage.others().every(({ status }) => status === 'signed in'),
        'the other tabs share the session',
      )
      const count = await stage.measure()
      await Promise.all([
        account.client.getAccessToken({ forceRefresh: true }),
        account.client.getAccessToken({ audience: 'reports', forceRefresh: true }),
      ])
      const paths = ['/api/me', REPORTS]
      const results = await Promise.all([
        ...paths.map((path) => callApi(account, path, stage.calls)),
        ...stage.others().flatMap((lane) => paths.map((path) => lanes.command<CallResult>(lane, 'call', path))),
      ])
      const { granted, reuses } = await count()
      const good = results.filter((result) => result?.status === 200).length
      const own = tokenOf(account.client, 'api')?.number ?? Number.NaN
      const reports = tokenOf(account.client, 'reports')?.number ?? Number.NaN
      const isStrict = await areStrict(stage)
      const refusals =
        isStrict === undefined
          ? 'scripts can read no token'
          : `each API ${isStrict ? 'refuses' : 'takes'} the other’s token`
      return judge(
        granted === 2 && reuses === 0 && good === results.length && Math.abs(own - reports) === 1 && isStrict !== false,
        `${requests(granted)}, ${reuses} reuses: token ${own} for api, token ${reports} for reports. ${good} of ${results.length} calls in ${plural(results.length / 2, 'tab')} were answered 200; ${refusals}.`,
      )
    },
  },
  {
    id: 'storm',
    group: 'Calls',
    title: `${MANY} calls at once, all refused`,
    expectation: `The server refuses every access token issued so far, then ${MANY} calls start together. There is one token request, and all ${MANY} calls are answered with 200.`,
    help: { text: 'One refresh, one retry', href: 'docs.html?behaviour#what-happens-when' },
    async run(stage) {
      await stage.calm()
      await stage.ripen()
      await server.expire()
      const count = await stage.measure()
      stage.say(`${MANY} calls are on their way.`)
      const results = await Promise.all(Array.from({ length: MANY }, () => callApi(stage.account)))
      const good = results.filter(({ status }) => status === 200).length
      const { granted, calls, reuses } = await count()
      return judge(
        good === MANY && granted === 1 && reuses === 0,
        `${good} of ${MANY} calls succeeded; the API said 401 ${calls['401'] ?? 0} times; ${requests(granted)}.`,
      )
    },
  },
]
