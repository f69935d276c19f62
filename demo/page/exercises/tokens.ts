// Tokens that expire, clocks that are wrong, and sessions that are revoked.

import { duration, now } from '../../../src/devtools/time.ts'
import { server } from '../server.ts'
import { callApi } from '../tab.ts'
import { type Exercise, failed, judge, requests, type Stage } from './exercise.ts'

const TEN_MINUTES = 600_000

/** With the server's clock so far ahead: is the new token taken, and for as long as it lasts? */
async function withClock(
  stage: Stage,
  clockOffset: number,
): Promise<{ readonly isGood: boolean; readonly text: string }> {
  await server.change({ clockOffset })
  const count = await stage.measure()
  // A busy machine may have no time to send a refused proof anew at once.
  await stage.settle()
  const { status } = await callApi(stage.account)
  const { granted } = await count()
  const state = stage.account.client.getState()
  const left = state.status === 'signed-in' && state.expiresAt ? state.expiresAt - now() : 0
  const dueIn = (stage.lanes.self.refreshAt ?? 0) - now()
  const where = clockOffset > 0 ? 'ahead' : 'behind'
  return {
    isGood: status === 200 && granted === 1 && left > 200_000 && left <= 301_000 && dueIn > 30_000,
    text: `${where}: ${requests(granted)}, answer ${status}, the token lasts ${duration(left)}, next refresh in ${duration(dueIn)}`,
  }
}

export const TOKENS: readonly Exercise[] = [
  {
    id: 'expire',
    group: 'Tokens',
    title: 'Expire the access token',
    expectation:
      'The API answers 401. The client refreshes the token once and sends the call again. The caller gets only the 200.',
    help: { text: 'What happens when', href: 'docs.html?behaviour#what-happens-when' },
    async run(stage) {
      await stage.calm()
      await stage.ripen()
      await server.expire()
      const count = await stage.measure()
      const { status } = await callApi(stage.account)
      const { granted, calls } = await count()
      const unauthorized = calls['401'] ?? 0
      return judge(
        status === 200 && granted === 1 && unauthorized === 1,
        `The API said 401 to the first try, and ${status} to the second; ${requests(granted)}.`,
      )
    },
  },
  {
    id: 'clock',
    group: 'Tokens',
    title: 'Clock ten minutes off',
    expectation:
      'The server’s clock is ten minutes ahead, then ten minutes behind. There is one token request each time, and the token is valid for as long as the server says.',
    help: { text: 'Troubleshooting', href: 'docs.html?troubleshooting#troubleshooting' },
    async run(stage) {
      await stage.calm()
      try {
        const ahead = await withClock(stage, TEN_MINUTES)
        const behind = await withClock(stage, -TEN_MINUTES)
        return judge(ahead.isGood && behind.isGood, `Ten minutes ${ahead.text}. Ten minutes ${behind.text}.`)
      } finally {
        await server.change({ clockOffset: 0 })
        await stage.settle()
      }
    },
  },
  {
    id: 'revoke',
    group: 'Tokens',
    title: 'Revoke at the server',
    expectation:
      'The server refuses the next refresh with invalid_grant, and all tabs are signed out with the reason “rejected”.',
    help: { text: 'Signed out as “rejected”', href: 'docs.html?troubleshooting#troubleshooting' },
    async run(stage) {
      await stage.calm()
      const session = await stage.session()
      if (!session) return failed('The server has no session to revoke.')
      await server.revokeSession(session.id)
      const refreshing = stage.refresh().catch(() => {})
      await refreshing
      const isOut = (status: string): boolean => status === 'signed out: rejected'
      await stage.until(
        () => [stage.lanes.self, ...stage.others()].every(({ status }) => isOut(status)),
        'all tabs are signed out',
      )
      return judge(
        true,
        `Signed out as “rejected” in ${stage.others().length + 1} of ${stage.others().length + 1} tabs.`,
      )
    },
  },
]
