// The multi-tab scenarios, written once for all engines and both judges.

import { expect } from 'vitest'
import type { Browser, Capability, Profile, Tab } from '../support/browser/driver.ts'
import type { Backend } from './backends.ts'

declare global {
  var auth: import('../../src/index.ts').AuthClient
  var seen: { refreshed: number; signedOut: string[]; failed: number; calls: number }
  var enter: (credentials: unknown) => Promise<void>
  var call: () => Promise<number>
  var refresh: () => Promise<string>
  var pending: Promise<unknown>
}

export interface Stage {
  readonly browser: Browser
  readonly profile: Profile
  readonly backend: Backend
}

export interface Scenario {
  readonly name: string
  /** The judges before whom it is played. */
  readonly before: readonly Backend['kind'][]
  readonly needs?: readonly Capability[]
  /** Lifetime of the access tokens (in seconds). @default 60 */
  readonly lifetime?: number
  play(stage: Stage): Promise<void>
}

const BOTH = ['client-held tokens', 'cookies'] as const
const isSignedIn = () => auth.getState().status === 'signed-in'
const isSignedOut = () => auth.getState().status === 'signed-out'
const status = (tab: Tab): Promise<string> =>
  tab.evaluate(() => call().then(String, (error) => String(error.code ?? error)))

async function openTabs({ profile, backend }: Stage, count: number, policy?: 'never'): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (let index = 0; index < count; index++) tabs.push(await profile.open(backend.url(policy)))
  return tabs
}

/** The first tab signs in; the others hear of it. */
async function signIn({ backend }: Stage, tabs: readonly Tab[], expiresIn?: number): Promise<void> {
  const credentials = await backend.credentials('alice', expiresIn)
  await tabs[0]?.evaluate((given) => enter(given), credentials)
  await Promise.all(tabs.map((tab) => tab.waitFor(isSignedIn)))
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'ten tabs that wake at once spend one refresh token',
    before: ['client-held tokens'],
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await signIn(stage, tabs, 1)
      await Promise.all(tabs.map((tab) => tab.waitFor(() => seen.refreshed >= 1)))
      expect(await Promise.all(tabs.map(status))).toEqual(tabs.map(() => '200'))
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'two tabs that refresh at once send one request',
    before: BOTH,
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const hold = stage.backend.hold()
      await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(() => {
            pending = refresh()
          }),
        ),
      )
      await hold.arrived()
      hold.release()
      await Promise.all(tabs.map((tab) => tab.evaluate(() => pending)))
      expect(await Promise.all(tabs.map(status))).toEqual(['200', '200'])
      expect(stage.backend.tokenRequests()).toBe(1)
    },
  },
  {
    name: 'a tab opened beside living ones needs no token request',
    before: BOTH,
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      await signIn(stage, tabs)
      const [late] = await openTabs(stage, 1)
      expect(await status(late as Tab)).toBe('200')
      expect(stage.backend.tokenRequests()).toBe(0)
    },
  },
  {
    name: 'a tab that dies amid its refresh leaves the session to the others',
    before: ['cookies'],
    needs: ['crash'],
    async play(stage) {
      const [first, second] = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, [first, second])
      const hold = stage.backend.hold()
      await first.evaluate(() => {
        pending = refresh()
      })
      await hold.arrived()
      await first.crash()
      hold.release()
      expect(await second.evaluate(() => refresh())).toBe('refreshed')
      expect(await status(second)).toBe('200')
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a frozen tab that holds the lock holds nobody up for ever',
    before: ['cookies'],
    needs: ['freeze'],
    async play(stage) {
      const [first, second] = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, [first, second])
      const hold = stage.backend.hold()
      await first.evaluate(() => {
        pending = refresh()
      })
      await hold.arrived()
      await second.bringToFront()
      await first.freeze()
      hold.release()
      expect(await second.evaluate(() => refresh())).toBe('refreshed')
      expect(await status(second)).toBe('200')
      await first.thaw()
      await first.waitFor(isSignedIn)
      expect(await status(first)).toBe('200')
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a page that returns from the back/forward cache shows the newest session',
    before: BOTH,
    needs: ['bfcache'],
    async play(stage) {
      const [first, second] = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, [first, second])
      await first.goto(stage.backend.away)
      expect(await second.evaluate(() => refresh())).toBe('refreshed')
      await first.back()
      await first.waitFor(() => typeof auth === 'object')
      expect(await status(first)).toBe('200')
      expect(stage.backend.tokenRequests()).toBe(1)
      await second.evaluate(() => auth.signOut())
      await first.waitFor(isSignedOut)
    },
  },
  {
    name: 'offline ends no session, and back on line it goes on',
    before: BOTH,
    needs: ['offline'],
    async play(stage) {
      const [tab] = (await openTabs(stage, 1)) as [Tab]
      await signIn(stage, [tab])
      await tab.offline(true)
      expect(await tab.evaluate(() => refresh())).toBe('refresh-unavailable')
      expect(await tab.evaluate(isSignedIn)).toBe(true)
      await tab.offline(false)
      await tab.waitFor(() => refresh().then((result) => result === 'refreshed'))
      expect(await status(tab)).toBe('200')
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'an answer lost after the commit ends the session as in doubt, where no resend is allowed',
    before: ['client-held tokens'],
    async play(stage) {
      const tabs = (await openTabs(stage, 2, 'never')) as [Tab, Tab]
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      await tabs[0].evaluate(() => refresh())
      await Promise.all(tabs.map((tab) => tab.waitFor(() => seen.signedOut.includes('in-doubt'))))
      expect(stage.backend.tokenRequests()).toBe(1)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'an answer lost after the commit is asked for again, and the verdict is no theft',
    before: ['client-held tokens'],
    async play(stage) {
      const tabs = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      expect(await tabs[0].evaluate(() => refresh())).toBe('refresh-unavailable')
      await Promise.all(tabs.map((tab) => tab.waitFor(() => seen.signedOut.includes('in-doubt'))))
      expect(stage.backend.tokenRequests()).toBe(2)
    },
  },
  {
    name: 'an answer lost after the commit is replayed by a server that knows the key',
    before: ['cookies'],
    async play(stage) {
      const tabs = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, tabs)
      stage.backend.loseAnswer()
      await tabs[0].evaluate(() => refresh())
      await tabs[0].waitFor(() => refresh().then((result) => result === 'refreshed'))
      expect(await Promise.all(tabs.map(status))).toEqual(['200', '200'])
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'a sign-out amid a refresh in another tab lets no session come back',
    before: BOTH,
    async play(stage) {
      const [first, second] = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, [first, second])
      const hold = stage.backend.hold()
      await first.evaluate(() => {
        pending = refresh()
      })
      await hold.arrived()
      await second.evaluate(() => (pending = auth.signOut()))
      await Promise.all([first, second].map((tab) => tab.waitFor(isSignedOut)))
      hold.release()
      await second.evaluate(() => pending)
      await first.evaluate(() => pending)
      const [third] = (await openTabs(stage, 1)) as [Tab]
      expect(await third.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
      expect(await Promise.all([first, second, third].map(status))).toEqual(['401', '401', '401'])
    },
  },
  {
    name: 'a second user who signs in elsewhere is the one in all tabs',
    before: BOTH,
    async play(stage) {
      const [first, second] = (await openTabs(stage, 2)) as [Tab, Tab]
      await signIn(stage, [first, second])
      const bob = await stage.backend.credentials('bob')
      await second.evaluate((given) => enter(given), bob)
      for (const tab of [first, second]) {
        await tab.waitFor(() => auth.getClaims()?.sub === 'bob')
        expect(await status(tab)).toBe('200')
      }
      expect(await first.evaluate(() => refresh())).toBe('refreshed')
      expect(await second.evaluate(() => auth.getClaims()?.sub)).toBe('bob')
      expect(stage.backend.reuses()).toBe(0)
    },
  },
  {
    name: 'ten tabs live through twenty lifetimes with twenty token requests and no failed call',
    before: BOTH,
    lifetime: 2,
    async play(stage) {
      const tabs = await openTabs(stage, 10)
      await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(() => {
            const again = async (): Promise<void> => {
              if (isOver) return
              if (auth.getState().status === 'signed-in') {
                seen.calls++
                if ((await call().catch(() => 0)) !== 200 && !isOver) seen.failed++
              }
              setTimeout(again, 100)
            }
            let isOver = false
            auth.on('refreshed', () => {
              if (seen.refreshed < 20) return
              isOver = true
              auth.dispose()
            })
            void again()
          }),
        ),
      )
      await signIn(stage, tabs)
      await Promise.all(tabs.map((tab) => tab.waitFor(() => seen.refreshed >= 20)))
      expect(await Promise.all(tabs.map((tab) => tab.evaluate(() => seen.failed)))).toEqual(tabs.map(() => 0))
      expect(stage.backend.tokenRequests()).toBe(20)
      expect(stage.backend.reuses()).toBe(0)
    },
  },
]
