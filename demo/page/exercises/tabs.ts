// Several tabs: many, killed, frozen.

import { duration, now } from '../../../src/devtools/time.ts'
import { server } from '../server.ts'
import { type CallResult, callApi } from '../tab.ts'
import { type Exercise, failed, judge, requests } from './exercise.ts'

const KILLED = 'demo-killed'
const BLOCKED = 3_500

export const TABS: readonly Exercise[] = [
  {
    id: 'five',
    group: 'Tabs',
    title: 'Open 5 tabs',
    expectation:
      'Five more tabs share the session. The server refuses every access token, and all tabs call at once. There is one token request for all of them.',
    help: { text: 'Figures: tabs', href: 'docs.html?figures#tabs' },
    async run(stage) {
      await stage.calm()
      const opened = await stage.openTabs(5, 'windows')
      await stage.until(() => {
        const here = stage.others().filter(({ id }) => opened.some((lane) => lane.id === id))
        return here.length === 5 && here.every(({ status }) => status === 'signed in')
      }, 'the tabs share the session')
      await stage.calm()
      await stage.ripen()
      await server.expire()
      const count = await stage.measure()
      const others = stage.others()
      stage.say(`${others.length + 1} tabs call at once.`)
      const results = await Promise.all([
        callApi(stage.account),
        ...others.map((lane) => stage.lanes.command<CallResult>(lane, 'call')),
      ])
      const good = results.filter(({ status }) => status === 200).length
      await stage.until(
        () => stage.others().every((lane) => lane.generation === stage.lanes.self.generation),
        'all tabs have one generation',
      )
      const { granted, reuses } = await count()
      return judge(
        good === results.length && granted === 1 && reuses === 0,
        `${good} of ${results.length} tabs were answered 200, with ${requests(granted)}; all are at generation ${stage.lanes.self.generation}.`,
      )
    },
  },
  {
    id: 'kill',
    group: 'Tabs',
    title: 'Reload this page while it refreshes',
    expectation:
      'The page is closed during its refresh. The next page sees by the guard that the first one is gone. It waits for the time that an answer usually takes, because the answer may still change the cookie. Then it refreshes. The user stays signed in, and no spent token is sent.',
    help: { text: 'A waiting call took half a minute', href: 'docs.html?troubleshooting#troubleshooting' },
    async run(stage) {
      await stage.calm()
      await server.fault({ at: 'refresh', kind: 'latency', delay: 1_500 })
      const isSent = stage.seen(
        'the request is on the wire',
        (seen) => seen.kind === 'wire' && seen.request === 'refresh' && seen.step === 'sent',
      )
      stage.refresh().catch(() => {})
      await isSent
      const { reusesDetected } = await server.stats()
      sessionStorage.setItem(
        KILLED,
        JSON.stringify({ reusesDetected, at: now(), generation: stage.lanes.self.generation }),
      )
      location.reload()
      return new Promise(() => {})
    },
    async resume(stage) {
      const before = JSON.parse(sessionStorage.getItem(KILLED) ?? 'null')
      stage.say(
        'The page is back. It waits about two seconds for the answer to the closed page, or eleven seconds if that answer was already late.',
      )
      await stage.account.ready()
      const { status } = await callApi(stage.account)
      sessionStorage.removeItem(KILLED)
      const { reusesDetected } = await server.stats()
      const isSignedIn = stage.account.client.getState().status === 'signed-in'
      return judge(
        isSignedIn && status === 200 && reusesDetected === before.reusesDetected,
        `Killed at generation ${before.generation}, and signed in again after ${duration(now() - before.at)}; ${reusesDetected - before.reusesDetected} reuses detected; the API answers ${status}.`,
      )
    },
  },
  {
    id: 'freeze',
    group: 'Tabs',
    title: 'Freeze a tab while it refreshes',
    expectation:
      'Another tab freezes during its refresh, while it holds the lock. Calls here go on with the valid token. When the tab is thawed, both tabs have the same token, after one rotation.',
    help: { text: 'Waiting calls', href: 'docs.html?troubleshooting#troubleshooting' },
    async run(stage) {
      await stage.calm()
      const frozen =
        stage.others().find(({ kind, status }) => kind === 'tab' && status === 'signed in') ?? (await stage.openTab())
      if (!frozen) return failed('The browser did not let this page open a tab: open one by hand, and try again.')
      await stage.calm()
      const count = await stage.measure()
      await server.fault({ at: 'refresh', kind: 'latency', delay: 700 })
      const isSent = stage.seen(
        'the request is on the wire',
        (seen, lane) =>
          lane.id === frozen.id && seen.kind === 'wire' && seen.request === 'refresh' && seen.step === 'sent',
      )
      const isFrozen = stage.seen(
        'the tab froze',
        (seen, lane) => lane.id === frozen.id && seen.kind === 'page' && seen.step === 'frozen',
      )
      const isThawed = stage.seen(
        'the tab thawed',
        (seen, lane) => lane.id === frozen.id && seen.kind === 'page' && seen.step === 'thawed',
      )
      const itsRefresh = stage.lanes.command(frozen, 'refresh').catch(() => {})
      await isSent
      void stage.lanes.command(frozen, 'block', BLOCKED)
      await isFrozen
      stage.say(`Tab ${frozen.number} is frozen for ${duration(BLOCKED)}.`)
      const { status } = await callApi(stage.account)
      const calledAt = now()
      await stage.refresh()
      const { at: thawedAt } = await isThawed
      await itsRefresh
      const agreed = await stage.until(() => {
        const lane = stage.others().find(({ id }) => id === frozen.id)
        return lane?.generation === stage.lanes.self.generation && lane
      }, 'both tabs agree')
      const { granted, reuses } = await count()
      const when =
        calledAt < thawedAt
          ? `While tab ${frozen.number} was frozen`
          : 'This browser runs both tabs in one thread, so this page froze too; afterwards'
      return judge(
        status === 200 && granted === 1 && reuses === 0,
        `${when}, a call was answered ${status}. Both tabs are at generation ${agreed.generation}, after ${granted === 1 ? 'one rotation' : `${granted} rotations`}; ${reuses} reuses.`,
      )
    },
  },
]

/** The exercise that a page before this one began. */
export const unfinished = (): string | undefined => (sessionStorage.getItem(KILLED) ? 'kill' : undefined)
