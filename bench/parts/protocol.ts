// What one refresh costs the other tabs: ledger transactions and messages, counted in virtual tabs that run the real client.

import { createAuthClient } from '../../src/index.ts'
import { createVirtualBrowser, drain, type VirtualTab } from '../../src/testing/virtual-platform.ts'
import type { Result } from '../report.ts'
import type { Terms } from '../run.ts'

const TABS = [1, 2, 5, 10, 20, 50]

interface Counts {
  transactions: number
  messages: number
}

/** A tab whose use of the ledger and the channel is counted. */
function count({ platform }: VirtualTab): { readonly counts: Counts; readonly platform: VirtualTab['platform'] } {
  const counts: Counts = { transactions: 0, messages: 0 }
  const { ledger, channel } = platform
  return {
    counts,
    platform: {
      ...platform,
      channel: {
        ...channel,
        post(message) {
          counts.messages++
          channel.post(message)
        },
      },
      ledger: {
        ...ledger,
        read() {
          counts.transactions++
          return ledger.read()
        },
        update(transition) {
          counts.transactions++
          return ledger.update(transition)
        },
      },
    },
  }
}

async function refreshOnce(tabs: number): Promise<readonly Counts[]> {
  const browser = createVirtualBrowser()
  let nth = 0
  const tokens = () => ({ access_token: `access-${nth}`, refresh_token: `refresh-${nth}`, expires_in: 3600 })
  const refresh = Object.assign(
    async () => {
      nth++
      return tokens()
    },
    { holdsRefreshToken: true },
  )
  const opened = Array.from({ length: tabs }, () => {
    const { counts, platform } = count(browser.openTab())
    return { counts, auth: createAuthClient({ refresh, origins: ['https://api.example'], platform }) }
  })
  await opened[0]?.auth.signIn(tokens())
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await drain()
  }
  await settle()
  for (const { auth } of opened) await auth.restore()
  await browser.advance(60_000)
  await settle()
  for (const { counts } of opened) Object.assign(counts, { transactions: 0, messages: 0 })
  await opened[0]?.auth.getAccessToken({ forceRefresh: true })
  await settle()
  const results = opened.map(({ counts }) => ({ ...counts }))
  for (const { auth } of opened) auth.dispose()
  return results
}

export async function run({ progress }: Terms): Promise<Result> {
  const rows: (readonly number[])[] = []
  for (const tabs of TABS) {
    progress(`${tabs} tabs`)
    const [refresher, ...others] = await refreshOnce(tabs)
    const most = (pick: (counts: Counts) => number): number => Math.max(0, ...others.map(pick))
    rows.push([
      tabs,
      refresher?.transactions ?? 0,
      most((one) => one.transactions),
      (refresher?.messages ?? 0) + others.reduce((sum, one) => sum + one.messages, 0),
    ])
  }
  return {
    tables: [
      {
        title: 'One refresh, by the number of tabs',
        columns: ['tabs', 'transactions of the refresher', 'of each other tab, at most', 'messages, in all'],
        rows,
      },
    ],
    plots: {},
    data: rows,
  }
}
