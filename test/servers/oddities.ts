// What single servers do that others do not, and what the client makes of it.

import { expect } from 'vitest'
import { callAll, forAll, isSignedOut, openTab, openTabs, startRefresh } from '../browser/scenarios/scenario.ts'
import { CLIENT_ID } from './authorization-code.ts'
import type { ServerStage } from './scenarios.ts'
import type { Server } from './server.ts'
import { betterAuth } from './servers/better-auth.ts'
import { djangoOAuthToolkit, djangoOAuthToolkitWith, simpleJwt } from './servers/django.ts'

export interface Oddity {
  /** A present-tense fact. */
  readonly name: string
  readonly server: Server
  play(stage: ServerStage): Promise<void>
}

interface Tokens {
  readonly refresh_token: string
}

/** Refreshes as another client does that has the token. */
const spend = (server: Server, { backend }: ServerStage, { refresh_token }: Tokens): Promise<Response> =>
  fetch(new URL(server.refreshPath, backend.url()), {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT_ID, refresh_token }),
  })

const twoAtOnce = (server: Server, isFatal: boolean): Oddity => ({
  name: `two plain refreshes at once ${isFatal ? 'end the session' : 'may fail'}, two tabs send one`,
  server,
  async play(stage) {
    const stolen = (await stage.backend.credentials('alice')) as Tokens
    const plain = await Promise.all([spend(server, stage, stolen), spend(server, stage, stolen)])
    const granted = plain.filter(({ ok }) => ok)
    for (const { status } of plain) expect([200, 400, 500]).toContain(status)
    if (isFatal) {
      // If both were read before either was answered, the server sees the reuse at the next one.
      expect((await spend(server, stage, stolen)).status).toBe(400)
      for (const one of granted) expect((await spend(server, stage, (await one.json()) as Tokens)).status).toBe(400)
    }
    const tabs = await openTabs(stage, 2)
    const tokens = await stage.backend.credentials('bob')
    await tabs[0].evaluate((given) => enter(given), tokens)
    const before = stage.backend.tokenRequests()
    await forAll(tabs, startRefresh)
    expect(await forAll(tabs, (tab) => tab.evaluate(() => pending))).toEqual(['refreshed', 'refreshed'])
    expect(stage.backend.tokenRequests() - before).toBe(1)
    expect(await callAll(tabs)).toEqual(['200', '200'])
  },
})

export const ODDITIES: readonly Oddity[] = [
  twoAtOnce(djangoOAuthToolkit, false),
  twoAtOnce(betterAuth, true),
  {
    name: 'a refresh token that a thief has spent ends the session, the tokens of the thief included',
    server: betterAuth,
    async play(stage) {
      const tabs = await openTabs(stage, 2)
      const tokens = (await stage.backend.credentials('alice')) as Tokens
      await tabs[0].evaluate((given) => enter(given), tokens)
      const stolen = (await (await spend(betterAuth, stage, tokens)).json()) as Tokens
      await tabs[0].evaluate(() => refresh())
      await forAll(tabs, (tab) => tab.waitFor(isSignedOut))
      expect(await forAll(tabs, (tab) => tab.evaluate(() => seen.signedOut.at(-1)))).toEqual(['rejected', 'rejected'])
      expect((await spend(betterAuth, stage, stolen)).status).toBe(400)
    },
  },
  {
    name: 'an answer that was lost is replayed in the grace period, and the session goes on',
    server: { ...djangoOAuthToolkitWith({ grace: 60 }), name: 'django-oauth-toolkit with a grace period' },
    async play(stage) {
      const tab = await openTab(stage)
      const tokens = await stage.backend.credentials('alice')
      await tab.evaluate((given) => enter(given), tokens)
      stage.backend.loseAnswer()
      await tab.evaluate(() => refresh())
      await tab.waitFor(() => seen.refreshed.length === 1)
      expect(stage.backend.refreshStatuses).toEqual([200, 200])
      expect(await callAll([tab])).toEqual(['200'])
      expect(await tab.evaluate(() => refresh())).toBe('refreshed')
    },
  },
  {
    name: 'a slash that is missing at the end of the address is told once, and the session goes on',
    server: {
      ...simpleJwt,
      name: 'SimpleJWT without the slash',
      configure: (code) => code.replace('/api/token/refresh/', '/api/token/refresh'),
    },
    async play(stage) {
      const tab = await openTab(stage)
      const credentials = await stage.backend.credentials('alice')
      await tab.evaluate((given) => enter(given), credentials)
      for (let tries = 0; tries < 2; tries++) expect(await tab.evaluate(() => refresh())).toBe('refresh-unavailable')
      expect(tab.errors).toEqual([expect.stringMatching(/status 30\d.*slash/)])
      expect(await tab.evaluate(() => auth.getState().status)).toBe('signed-in')
      expect(await callAll([tab])).toEqual(['200'])
    },
  },
]
