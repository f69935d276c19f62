// Peers in 1 to 20 real tabs of Chromium, with short-lived tokens of a real OpenID provider.

import { launch } from '../../test/support/browser/launch.ts'
import { lines } from '../charts.ts'
import { describeMachine } from '../machine.ts'
import type { SessionName } from '../peers/sessions/page.ts'
import type { Result, Table } from '../report.ts'
import type { Terms } from '../run.ts'
import { SESSIONS } from '../stage.ts'
import { digits, spell, summarize } from '../statistics.ts'
import { measureAdoption } from '../tabs/adoption.ts'
import { LATENCY, LIFETIME, type Lifetimes, measureLifetimes, PAUSE } from '../tabs/lifetimes.ts'
import { measureNewTab, NEIGHBOURS, type NewTab } from '../tabs/new-tab.ts'
import { tabulateSetUps } from '../tabs/set-up.ts'

/** So many tabs at once leave a machine of two cores time for all. */
const AT_ONCE = 20

interface Run {
  readonly name: SessionName
  readonly tabs: number
}

/** Runs that share the machine; each has a browser profile and a provider of its own. */
function group(counts: readonly number[]): Run[][] {
  const groups: Run[][] = []
  for (const tabs of counts) {
    const size = Math.max(1, Math.floor(AT_ONCE / tabs))
    for (let from = 0; from < SESSIONS.length; from += size) {
      groups.push(SESSIONS.slice(from, from + size).map((name) => ({ name, tabs })))
    }
  }
  return groups
}

function tabulateRequests(results: readonly Lifetimes[], counts: readonly number[], lifetimes: number): Table {
  const of = (name: SessionName, tabs: number): string => {
    const one = results.find((result) => result.name === name && result.tabs === tabs)
    return one ? digits(one.requestsPerLifetime) : '–'
  }
  return {
    title: 'Token requests for each lifetime of an access token, by the number of tabs',
    columns: ['', ...counts.map((tabs) => `${tabs} ${tabs === 1 ? 'tab' : 'tabs'}`)],
    rows: SESSIONS.map((name) => [name, ...counts.map((tabs) => of(name, tabs))]),
    note: `Tokens live ${LIFETIME} s; each tab calls the API, waits ${PAUSE} ms and calls again, for ${lifetimes} lifetimes. An answer of the token endpoint takes ${LATENCY} ms more than over loopback, as over a network. Counted at the server: token requests ÷ waves, a wave being all requests within a quarter of a lifetime of its first. Once a spent refresh token was presented, and the provider has revoked the grant, no wave begins any more. A tab stops calling when a call fails, as an app sends its user to the login page. keycloak-js keeps its tokens in memory, so each of its tabs has a sign-in of its own; the others have one for all.`,
  }
}

function tabulateHealth(results: readonly Lifetimes[], tabs: number): Table {
  return {
    title: `What becomes of ${tabs} tabs`,
    columns: ['', 'spent tokens presented', 'failed calls', 'of', 'signed-out tabs'],
    rows: results
      .filter((one) => one.tabs === tabs)
      .map(({ name, reuses, failures, calls, signedOut }) => [name, reuses, failures, calls, signedOut]),
    note: 'A tab stops calling when a call fails, so at most one fails in each. Signed out is a tab whose last call, after the run, is refused or fails too.',
  }
}

function tabulateNewTabs(results: readonly NewTab[], repetitions: number): Table {
  return {
    title: `A new tab beside ${NEIGHBOURS} living ones`,
    columns: ['', 'token requests', 'ms to its first answer'],
    rows: results.map(({ name, tokenRequests, times }) => [name, tokenRequests, spell(summarize(times), 0)]),
    note: `From the start of the navigation to the first 200 of the API, loading and parsing of one script with all the peers included; ${repetitions} tabs one after another, their token requests in all, median (min–max). keycloak-js is left out: it sends the user of a new tab through the login page. The last row is no library: it reads a token from IndexedDB and calls with it. authfetch cannot be faster, because it believes other tabs only if its ledger in IndexedDB agrees; the others read localStorage.`,
  }
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const counts = isQuick ? [1, 5] : [1, 2, 5, 10, 20]
  const lifetimes = isQuick ? 2 : 5
  const repetitions = isQuick ? 2 : 9
  const refreshes = isQuick ? 3 : 21
  const browser = await launch('chromium')
  try {
    const results: Lifetimes[] = []
    for (const runs of group(counts)) {
      progress(`${runs[0]?.tabs} tabs: ${runs.map(({ name }) => name).join(', ')}`)
      const measured = await Promise.allSettled(
        runs.map(({ name, tabs }) => measureLifetimes(browser, name, tabs, lifetimes)),
      )
      // A peer that cannot be shown leaves a dash in the table.
      for (const one of measured) {
        if (one.status === 'fulfilled') results.push(one.value)
        else console.error(one.reason)
      }
    }
    const newTabs: NewTab[] = []
    for (const name of [...SESSIONS.filter((one) => one !== 'keycloak-js'), 'one read of IndexedDB'] as const) {
      progress(`a new tab: ${name}`)
      newTabs.push(await measureNewTab(browser, name, repetitions))
    }
    const adoptions: { readonly tabs: number; readonly times: readonly number[] }[] = []
    for (const tabs of counts.filter((count) => count > 1)) {
      progress(`adoption by ${tabs} tabs`)
      adoptions.push({ tabs, times: await measureAdoption(browser, tabs, refreshes) })
    }
    return {
      tables: [
        tabulateRequests(results, counts, lifetimes),
        tabulateHealth(results, counts.at(-1) ?? 0),
        tabulateNewTabs(newTabs, repetitions),
        {
          title: 'From the commit of a refresh to the last tab’s having the token, authfetch (ms)',
          columns: ['tabs', ...adoptions.map(({ tabs }) => String(tabs))],
          rows: [['median (min–max)', ...adoptions.map(({ times }) => spell(summarize(times), 1))]],
          note: `From the \`complete\` of the ledger’s transaction in the tab that refreshes to the \`refreshed\` event in the last of the others, ${refreshes} refreshes; their clocks are compared by messages there and back, to about half a millisecond. ${describeMachine(browser.version)}`,
        },
        tabulateSetUps(results),
      ],
      plots: {
        tabs: lines(
          { title: 'Token requests a lifetime', x: 'tabs', y: 'token requests', hasPoints: true },
          results.map(({ name, tabs, requestsPerLifetime }) => ({ name, x: tabs, y: requestsPerLifetime })),
        ),
      },
      data: { version: browser.version, lifetimes: results, newTabs, adoptions },
    }
  } finally {
    await browser.close()
  }
}
