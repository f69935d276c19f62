// Calls of the API, with a good token and with one that the server refuses.

import { server } from '../server.ts'
import { callApi } from '../tab.ts'
import { type Exercise, judge, requests } from './exercise.ts'

const MANY = 200

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
