// The exercises of the demo page: each comes to the verdict that its card expects, and can come to another.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { click, type DemoStage, openDemo, shows, text } from './demo.ts'

// Longer than a wait for a condition, so that a failure names the condition.
vi.setConfig({ testTimeout: 120_000 })

let stage: DemoStage

beforeAll(async () => {
  stage = await openDemo()
})
afterAll(() => stage?.close())
beforeEach(() => stage.reset())
afterEach(() => stage.leave())

test.each(['cookie', 'client', 'cookie-only'])(
  'the page signs in, calls the API and signs out, custody: %s',
  async (custody) => {
    const tab = await stage.openSignedIn(custody)
    await click(tab, '#call')
    await shows(tab, '#said', 'The API answered 200')
    expect(await text(tab, '#claims')).toContain(custody === 'cookie-only' ? 'None' : 'alice')
    await click(tab, '#sign-out')
    await shows(tab, '#status', 'signed out: requested')
    expect(tab.errors).toEqual([])
  },
)

const VERDICTS: readonly (readonly [string, RegExp])[] = [
  ['call', /answered 200 for alice, with 0 token requests/],
  ['storm', /200 of 200 calls succeeded; the API said 401 200 times; 1 token request\./],
  ['expire', /401 to the first try, and 200 to the second; 1 token request\./],
  ['clock', /ahead: 1 token request, answer 200.* behind: 1 token request, answer 200/],
  ['revoke', /Signed out as “rejected”/],
  ['slow', /The call was answered 200/],
  ['failing', /still signed in; a call meanwhile was answered 200/],
  ['lost', /Spent once, the answer replayed .*0 reuses detected; still signed in/],
  ['offline', /refresh-unavailable, 0 token requests at the server, still signed in\. Back on line: 200/],
  ['five', /6 of 6 tabs were answered 200, with 1 token request/],
  ['kill', /signed in again .*0 reuses detected; the API answers 200/],
  ['freeze', /was frozen, a call was answered 200\. Both tabs .* after one rotation; 0 reuses/],
  ['steal', /signed out as “reuse-detected”.*refused \(400\); one alarm/],
  ['other-user', /This tab shows bob\..*answered for bob/],
  ['everywhere', /2 of 2 tabs are signed out; 1 more session of alice ended.* 0 are left/],
  ['custodies', /cookie: 200.*client: 200.*the refresh token; cookie-only: 200, scripts reach no token/],
  ['textbook', /Textbook: 2 token requests, a reuse detected.*authfetch: 1 token request, 2 of 2 calls answered/],
]

test('every exercise of the page is judged here', async () => {
  const tab = await stage.open()
  const ids = await tab.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-exercise]')].map(({ dataset }) => dataset.exercise),
  )
  expect(ids.sort()).toEqual(VERDICTS.map(([id]) => id).sort())
})

describe('an exercise comes to the verdict that its card expects', () => {
  test.each(VERDICTS)('%s', async (id, expected) => {
    const tab = await stage.openSignedIn()
    const { verdict, words } = await stage.run(tab, id)
    expect(words).toMatch(expected)
    expect(verdict).toBe('passed')
    expect(tab.errors).toEqual([])
  })
})

describe('an exercise says so when it does not go as expected', () => {
  const settings = (body: object): Promise<unknown> =>
    fetch(`${stage.origin}/admin/settings`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })

  test('a lost answer ends the session at a server that does not replay it', async () => {
    const tab = await stage.openSignedIn()
    await settings({ replay: false })
    const { verdict, words } = await stage.run(tab, 'lost')
    expect(verdict).toBe('failed')
    expect(words).toContain('Signed out as “')
    await shows(tab, '#alarms', 'a spent refresh token of alice')
  })

  test('a call that the API refuses is not taken for an answered one', async () => {
    const tab = await stage.openSignedIn()
    // Refresh tokens are dead on arrival.
    await settings({ refreshLifetime: 0 })
    const { verdict, words } = await stage.run(tab, 'call')
    expect(words).toContain('The API answered 401')
    expect(verdict).toBe('failed')
  })
})

test('tabs that a popup blocker withholds are opened as frames of the page', async () => {
  const tab = await stage.openSignedIn()
  await tab.evaluate(() => {
    window.open = () => null
  })
  const { verdict } = await stage.run(tab, 'five')
  expect(verdict).toBe('passed')
  expect(await tab.evaluate(() => document.querySelectorAll('#pocket-tabs iframe').length)).toBe(5)
})

test.each(['clock', 'kill'])('after an exercise the settings of the server are as before: %s', async (id) => {
  const tab = await stage.openSignedIn()
  const ask = async (): Promise<unknown> => (await fetch(`${stage.origin}/admin/settings`)).json()
  const before = await ask()
  await stage.run(tab, id)
  expect(await ask()).toEqual(before)
  expect(await (await fetch(`${stage.origin}/admin/faults`)).json()).toEqual([])
})
