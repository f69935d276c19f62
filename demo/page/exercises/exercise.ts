// What an exercise is, and what it has to work with: every verdict rests on the server's counters or on what tabs show.

import { RefreshUnavailableError } from 'authfetch'
import { floorOf } from '../../../src/core/protocol/schedule.ts'
import type { Lane, SeenLane } from '../../../src/devtools/lanes/lanes.ts'
import type { Observation } from '../../../src/devtools/observation.ts'
import { now, pause, plural } from '../../../src/devtools/time.ts'
import { AUDIENCES, type Custody, deviceName } from '../../session.ts'
import { tokenOf } from '../known-tokens.ts'
import { ownSession, type Session, server } from '../server.ts'
import type { OwnTab } from '../tab.ts'

export interface Verdict {
  /** Whether what should happen did. */
  readonly passed: boolean
  readonly text: string
}

export interface Exercise {
  readonly id: string
  readonly group: string
  readonly title: string
  /** What should happen. */
  readonly expectation: string
  readonly help: { readonly text: string; readonly href: string }
  /** Signs in so first. */
  readonly custody?: Custody
  /** With bound tokens, or without; as it is if it is not told. */
  readonly isBound?: boolean
  run(stage: Stage): Promise<Verdict>
  /** Goes on with what a page before this one began. */
  resume?(stage: Stage): Promise<Verdict>
}

/** What the server counted since. */
export interface Difference {
  readonly granted: number
  readonly replayed: number
  readonly refused: number
  readonly reuses: number
  readonly calls: Readonly<Record<string, number>>
}

export interface Stage extends OwnTab {
  /** Tells how far the exercise is. */
  say(text: string): void
  /** Somebody is signed in, in the custody and the binding that are wanted. */
  signedIn(custody?: Custody, isBound?: boolean): Promise<void>
  /** All tabs have a token so long-lived that no refresh comes by itself. */
  calm(): Promise<void>
  /** The token is so old that a 401 refreshes it. */
  ripen(): Promise<void>
  refresh(): Promise<void>
  /** Refreshes, however long the client pauses after a failure. */
  settle(): Promise<void>
  /** Refreshes the tokens of further APIs, if there are any. */
  settleFurther(): Promise<void>
  measure(): Promise<() => Promise<Difference>>
  until<Value>(condition: () => Value | undefined | false, what: string, patience?: number): Promise<Value>
  /** Resolves with the first that this or another tab is seen to do from now on. */
  seen(what: string, predicate: (seen: Observation, lane: Lane) => boolean): Promise<Observation>
  others(): readonly SeenLane[]
  session(): Promise<Session | undefined>
  user(): string
  openTabs(count: number, as?: 'windows' | 'frames'): Promise<readonly SeenLane[]>
  /** In a thread of its own; undefined when the browser does not let this page open one. */
  openTab(): Promise<SeenLane | undefined>
}

export const passed = (text: string): Verdict => ({ passed: true, text })
export const failed = (text: string): Verdict => ({ passed: false, text })
export const judge = (isPassed: boolean, text: string): Verdict => ({ passed: isPassed, text })

export const requests = (count: number): string => plural(count, 'token request')

const PATIENCE = 45_000
const LONG_LIFE = 300

export interface Staging {
  say(text: string): void
  /** Opens a small tab in a frame of this page. */
  openFrame(): void
}

export function createStage(tab: OwnTab, { say, openFrame }: Staging): Stage {
  const { account, lanes } = tab
  const user = (): string => account.client.getClaims()?.sub ?? 'alice'

  async function until<Value>(
    condition: () => Value | undefined | false,
    what: string,
    patience = PATIENCE,
  ): Promise<Value> {
    const deadline = now() + patience
    for (;;) {
      const value = condition()
      if (value !== undefined && value !== false) return value
      if (now() > deadline) throw new Error(`Waited ${Math.round(patience / 1000)} s in vain: ${what}.`)
      await pause(50)
    }
  }

  const others = (): readonly SeenLane[] =>
    lanes.open().filter(({ id, isSilent, visibility }) => id !== lanes.self.id && !isSilent && visibility !== 'frozen')

  async function refresh(): Promise<void> {
    await account.client.getAccessToken({ forceRefresh: true })
  }

  async function settle(): Promise<void> {
    const deadline = now() + PATIENCE
    for (;;) {
      try {
        return await refresh()
      } catch (error) {
        const pauseUntil = error instanceof RefreshUnavailableError ? error.retryAt : undefined
        if (pauseUntil === undefined || now() > deadline) throw error
        say('The client pauses after a failure, before it asks again.')
        await pause(Math.max(0, pauseUntil - now()) + 20)
      }
    }
  }

  /** The tokens of further APIs get the same life, if there are any: none is refreshed while an exercise runs. */
  async function settleFurther(): Promise<void> {
    for (const audience of AUDIENCES)
      if (tokenOf(account.client, audience)) await account.client.getAccessToken({ audience, forceRefresh: true })
  }

  async function openTabs(count: number, as: 'windows' | 'frames' = 'frames'): Promise<readonly SeenLane[]> {
    const before = new Set(lanes.open().map(({ id }) => id))
    const fresh = (): readonly SeenLane[] => others().filter(({ id, number }) => !before.has(id) && number > 0)
    for (let index = 0; index < count; index++) {
      const place = `popup,width=460,height=340,left=${40 + index * 60},top=${60 + index * 50}`
      if (as === 'frames' || !window.open('/tab.html', '_blank', place)) openFrame()
    }
    return until(() => fresh().length >= count && fresh(), 'the tabs opened')
  }

  return {
    ...tab,
    say,
    until,
    others,
    refresh,
    settle,
    settleFurther,
    user,
    async signedIn(custody = account.custody, isBound = account.isBound) {
      await account.ready()
      const isSignedIn = account.client.getState().status === 'signed-in'
      if (!isSignedIn || custody !== account.custody || isBound !== account.isBound) {
        say('The page signs in first.')
        await account.signIn(isSignedIn ? user() : 'alice', custody, isBound)
      }
    },
    async calm() {
      await server.change({ accessLifetime: LONG_LIFE })
      await settle()
      await settleFurther()
      const same = (): boolean =>
        others().every((lane) => lane.status !== 'signed in' || lane.generation === lanes.self.generation)
      await until(same, 'the other tabs have the new token')
    },
    async ripen() {
      const state = account.client.getState()
      const left = state.status === 'signed-in' && state.expiresAt ? state.expiresAt - now() : 0
      const age = LONG_LIFE * 1000 - left
      const wait = floorOf(LONG_LIFE * 1000) - age + 300
      if (wait <= 0) return
      say(`Waiting ${Math.round(wait / 1000)} s: a 401 does not refresh a token that is younger than five seconds.`)
      await pause(wait)
    },
    async measure() {
      const before = await server.stats()
      return async () => {
        const after = await server.stats()
        const calls = Object.entries(after.apiCalls).map(([status, count]) => [
          status,
          count - (before.apiCalls[status] ?? 0),
        ])
        return {
          granted: after.refreshesGranted - before.refreshesGranted,
          replayed: after.refreshesReplayed - before.refreshesReplayed,
          refused: after.refreshesRefused - before.refreshesRefused,
          reuses: after.reusesDetected - before.reusesDetected,
          calls: Object.fromEntries(calls),
        }
      }
    },
    async seen(what, predicate) {
      let found: Observation | undefined
      const stop = lanes.onSeen((lane, observation) => {
        if (!found && predicate(observation, lane)) found = observation
      })
      return until(() => found, what).finally(stop)
    },
    session: async () =>
      ownSession(await server.sessions(), account.client.getClaims<{ sid?: string }>()?.sid, deviceName()),
    openTabs,
    async openTab() {
      const before = new Set(lanes.open().map(({ id }) => id))
      // Without an opener it gets a thread of its own.
      window.open('/tab.html', '_blank', 'noopener')
      const fresh = (): SeenLane | undefined =>
        others().find(
          ({ id, kind, status, number }) => !before.has(id) && kind === 'tab' && status === 'signed in' && number > 0,
        )
      return until(fresh, 'the tab opened', 15_000).catch(() => undefined)
    },
  }
}
