// The exercises of the demo page: each comes to the verdict that its card expects, and can come to another.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { click, type Demo, type DemoStage, isSignedIn, openDemo, shows, text } from './demo.ts'

// Longer than a wait for a condition, so that a failure names the condition.
vi.setConfig({ testTimeout: 180_000 })

let demo: Demo

beforeAll(async () => {
  demo = await openDemo()
})
afterAll(() => demo?.close())

// Most of them wait for the page's timers, so they are run side by side.
test.concurrent.for(['cookie', 'client', 'cookie-only'])(
  'the page signs in, calls the API and signs out, custody: %s',
  async (custody, context) => {
    const stage = await demo.stageFor(context)
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
  [
    'two-apis',
    /2 token requests, 0 reuses: token \d+ for api, token \d+ for reports\. (\d+) of \1 calls in \d tabs .* 200; each API refuses/,
  ],
  ['storm', /200 of 200 calls succeeded; the API said 401 200 times; 1 token request\./],
  ['expire', /401 to the first try, and 200 to the second; 1 token request\./],
  ['clock', /ahead: 1 token request, answer 200.* behind: 1 token request, answer 200/],
  ['revoke', /Signed out as “rejected”/],
  ['slow', /The call was answered 200/],
  ['failing', /still signed in; a call meanwhile was answered 200/],
  ['lost', /Spent once, the answer replayed .*0 reuses detected; no caller heard of it; still signed in/],
  ['offline', /refresh-unavailable, 0 token requests at the server, still signed in\. Online again: 200/],
  ['five', /6 of 6 tabs were answered 200, with 1 token request/],
  ['kill', /signed in again .*0 reuses detected; the API answers 200/],
  ['freeze', /was frozen, a call was answered 200\. Both tabs .* after one rotation; 0 reuses/],
  ['steal', /signed out as “reuse-detected”.*refused \(400\); one alarm/],
  [
    'copied',
    /answered 400 without a key, and 400 with another one.*still signed in: its next refresh worked.*200; no alarm/,
  ],
  ['other-user', /This tab shows bob\..*answered for bob/],
  ['everywhere', /2 of 2 tabs are signed out; 1 more session of alice ended.* 0 are left/],
  ['custodies', /cookie: 200.*client: 200.*the refresh token; cookie-only: 200, scripts reach no token/],
  ['textbook', /Textbook: 2 token requests, a reuse detected.*authfetch: 1 token request, 2 of 2 calls answered/],
]

// A 401, a clock, a lost answer and a new page ask for proofs that are made anew.
test.concurrent.for(['expire', 'clock', 'lost', 'kill', 'two-apis'])(
  'an exercise comes to the same verdict with bound tokens: %s',
  async (id, context) => {
    const stage = await demo.stageFor(context)
    const tab = await stage.openSignedIn('client', true)
    const { verdict, words } = await stage.run(tab, id)
    expect(words).toMatch(VERDICTS.find(([name]) => name === id)?.[1] as RegExp)
    expect(verdict).toBe('passed')
    const [session] = await (await fetch(`${stage.origin}/admin/sessions`)).json()
    expect(session.jkt).toMatch(/^[\w-]{43}$/)
    expect(tab.errors).toEqual([])
  },
)

test.concurrent('the token of the second API disturbs no exercise', async (context) => {
  const stage = await demo.stageFor(context)
  const tab = await stage.openSignedIn()
  await click(tab, '[data-call=reports]')
  await shows(tab, '#said', 'The Reports API answered 200')
  for (const id of ['call', 'five', 'two-apis']) expect((await stage.run(tab, id)).verdict).toBe('passed')
})

test.concurrent('every exercise of the page is judged here', async (context) => {
  const stage = await demo.stageFor(context)
  const tab = await stage.open()
  const ids = await tab.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-exercise]')].map(({ dataset }) => dataset.exercise),
  )
  expect(ids.sort()).toEqual(VERDICTS.map(([id]) => id).sort())
})

describe.concurrent('an exercise comes to the verdict that its card expects', () => {
  test.for(VERDICTS)('%s', async ([id, expected], context) => {
    const stage = await demo.stageFor(context)
    const tab = await stage.openSignedIn()
    const { verdict, words } = await stage.run(tab, id)
    expect(words).toMatch(expected)
    expect(verdict).toBe('passed')
    expect(tab.errors).toEqual([])
  })
})

describe.concurrent('an exercise says so when it does not go as expected', () => {
  const settings = (stage: DemoStage, body: object): Promise<unknown> =>
    fetch(`${stage.origin}/admin/settings`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })

  test('a lost answer ends the session at a server that does not replay it', async (context) => {
    const stage = await demo.stageFor(context)
    const tab = await stage.openSignedIn()
    await settings(stage, { replay: false })
    const { verdict, words } = await stage.run(tab, 'lost')
    expect(verdict).toBe('failed')
    expect(words).toContain('Signed out as “')
    await shows(tab, '#alarms', 'a spent refresh token of alice')
  })

  test('a call that the API refuses is not taken for an answered one', async (context) => {
    const stage = await demo.stageFor(context)
    const tab = await stage.openSignedIn()
    // Refresh tokens are dead on arrival.
    await settings(stage, { refreshLifetime: 0 })
    const { verdict, words } = await stage.run(tab, 'call')
    expect(words).toContain('The API answered 401')
    expect(verdict).toBe('failed')
  })
})

test.concurrent('tabs that a popup blocker withholds are opened as frames of the page', async (context) => {
  const stage = await demo.stageFor(context)
  const tab = await stage.openSignedIn()
  await tab.evaluate(() => {
    window.open = () => null
  })
  const { verdict } = await stage.run(tab, 'five')
  expect(verdict).toBe('passed')
  expect(await tab.evaluate(() => document.querySelectorAll('#pocket-tabs iframe').length)).toBe(5)
})

test.concurrent.for(['clock', 'kill'])('after an exercise the settings are as before: %s', async (id, context) => {
  const stage = await demo.stageFor(context)
  const tab = await stage.openSignedIn()
  const ask = async (): Promise<unknown> => (await fetch(`${stage.origin}/admin/settings`)).json()
  const before = await ask()
  await stage.run(tab, id)
  expect(await ask()).toEqual(before)
  expect(await (await fetch(`${stage.origin}/admin/faults`)).json()).toEqual([])
})

test.concurrent('a tab that dies during its refresh is shown as silent, and its moment comes to an end', async (context) => {
  const stage = await demo.stageFor(context)
  const first = await stage.openSignedIn()
  const second = await stage.open()
  await second.waitFor(isSignedIn)
  await fetch(`${stage.origin}/admin/faults`, {
    method: 'POST',
    body: JSON.stringify({ at: 'refresh', kind: 'latency', delay: 60_000 }),
  })
  await click(second, '#refresh')
  await shows(first, '#zoom-words', 'Tab 2 sends a refresh request')
  await shows(first, '#zoom-time', 'going on')
  await second.crash()
  await shows(first, '#overview-lanes', 'silent: frozen or gone')
  await first.waitFor(() => !document.querySelector('#zoom-time')?.textContent?.includes('going on'))
})
