// Who still works after a fault: peers in real tabs of Chromium, before a real OpenID provider.

import type { Browser } from '../../test/support/browser/driver.ts'
import { launch } from '../../test/support/browser/launch.ts'
import { type Ending, type Fault, LIFETIME, meet, PATIENCE, PAUSE } from '../faults/fault.ts'
import { FAULTS, LONG_PATIENCE } from '../faults/faults.ts'
import { describeMachine } from '../machine.ts'
import type { SessionName } from '../peers/sessions/page.ts'
import type { Result } from '../report.ts'
import type { Terms } from '../run.ts'
import { SESSIONS } from '../stage.ts'
import { digits } from '../statistics.ts'

/** What need not be said (in seconds). */
const SOON = 2

type Failure = { readonly name: SessionName; readonly complaint: string }

function spell(fault: Fault, result: Ending | Failure): string {
  if ('complaint' in result) return `not shown: ${result.complaint}`
  const { outcomes, reasons, reuses, gap } = result
  const working = outcomes.filter(({ outcome }) => outcome === 200).length
  const slowest = Math.max(...outcomes.map(({ after }) => after)) / 1000
  const words: string[] = []
  if (working === outcomes.length) words.push(slowest < SOON ? '**works**' : `**works** after ${digits(slowest, 0)} s`)
  else if (working > 0) words.push(`${working} of ${outcomes.length} tabs`)
  else if (outcomes.every(({ outcome }) => outcome === 'no answer')) words.push('never answers')
  else
    words.push(
      reasons.length > 0 ? `signed out (${reasons.map((reason) => `\`${reason}\``).join(', ')})` : 'signed out',
    )
  if (working === outcomes.length && gap / 1000 >= SOON) words.push(`${digits(gap / 1000, 0)} s without an answer`)
  if (fault.tell) words.push(fault.tell(result))
  if (reuses > 0) words.push(`${reuses} spent ${reuses === 1 ? 'token' : 'tokens'} presented`)
  return words.join(', ')
}

/** Without the instants of the token requests. */
function condense(result: Ending | Failure): object {
  return 'complaint' in result ? result : { ...result, tokenRequests: result.tokenRequests.length }
}

/** Side by side, each in a profile of its own. */
function meetAll(browser: Browser, fault: Fault, isQuick: boolean): Promise<(Ending | Failure)[]> {
  return Promise.all(
    SESSIONS.map((name) =>
      meet(browser, fault, name, isQuick).catch((error: unknown) => ({
        name,
        complaint: error instanceof Error ? error.message : String(error),
      })),
    ),
  )
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const ordinary = await launch('chromium')
  const lifecycle = await launch('chromium', { lifecycle: true })
  try {
    const results: { readonly fault: string; readonly results: readonly object[] }[] = []
    const rows: string[][] = []
    for (const fault of FAULTS) {
      progress(fault.title)
      const endings = await meetAll(fault.freezes ? lifecycle : ordinary, fault, isQuick)
      results.push({ fault: fault.title, results: endings.map(condense) })
      rows.push([fault.title, ...endings.map((ending) => spell(fault, ending))])
    }
    return {
      tables: [
        {
          title: 'Who still works after a fault',
          columns: ['', ...SESSIONS],
          rows,
          isProse: true,
          note: `Set up as for the tabs. A tab works if the API answers a call with 200 within ${PATIENCE / 1000} s after the fault (${LONG_PATIENCE / 1000} s after the 503s, for a client may pause), tried once a second, when every token of before the fault has expired. Access tokens live ${LIFETIME} s; a tab in use calls every ${PAUSE} ms, and never gives up. A refresh is asked for where the peer has a way, elsewhere the API refuses the token. All have their default options. keycloak-js keeps its tokens in memory, so each of its tabs has a sign-in of its own and no other tab to lose it to. Sleep is played by freezing the tabs. “Without an answer” is the longest time that a tab in use had no 200, if it had one afterwards. A strict server cannot be survived by anybody whose answer is lost; who presents more spent tokens than there are tabs tries again with every call. One run of each: where tabs race, another one may end otherwise. ${describeMachine(ordinary.version)}`,
        },
      ],
      plots: {},
      data: { version: ordinary.version, results },
    }
  } finally {
    await ordinary.close()
    await lifecycle.close()
  }
}
