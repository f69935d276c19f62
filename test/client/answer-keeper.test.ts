// A service worker beside a page: who waits for the answer, who writes it, and who is told.

import { expect, test } from 'vitest'
import type { Attempt } from '../../src/core/entry/entry.ts'
import { createAnswerKeeper } from '../../src/core/protocol/answer-keeper.ts'
import type { Outcome } from '../../src/core/responses/outcome.ts'
import { type AuthClient, createAuthClient, type RefreshRequest } from '../../src/index.ts'
import { createVirtualBrowser, drain, type VirtualTab } from '../../src/testing/virtual-platform.ts'

const TOKENS = { access_token: 'at1', refresh_token: 'rt1', expires_in: 60 }
const GRANTED: Outcome = {
  kind: 'granted',
  tokens: { accessToken: 'at1', refreshToken: 'rt1', subject: undefined, lifetime: 60_000 },
}

/** A page amid its refresh, whose request a worker has seen. */
async function play() {
  const browser = createVirtualBrowser()
  const sent: string[] = []
  let answerPage = (_: typeof TOKENS): void => {}
  function open(): { readonly tab: VirtualTab; readonly auth: AuthClient } {
    const tab = browser.openTab()
    const refresh = ({ refreshToken }: RefreshRequest): Promise<typeof TOKENS> => {
      sent.push(String(refreshToken))
      return new Promise((resolve) => {
        answerPage = resolve
      })
    }
    const auth = createAuthClient({
      refresh: Object.assign(refresh, { holdsRefreshToken: true }),
      origins: ['https://api.test'],
      platform: tab.platform,
    })
    return { tab, auth }
  }
  const page = open()
  await page.auth.signIn({ access_token: 'at0', refresh_token: 'rt0', expires_in: 60 })
  const refreshed = page.auth.getAccessToken({ forceRefresh: true })
  refreshed.catch(() => {})
  await browser.advance(0)
  const worker = browser.openTab()
  let answerWorker = (_: Outcome): void => {}
  const answer = new Promise<Outcome>((resolve) => {
    answerWorker = resolve
  })
  const keeping = createAnswerKeeper(worker.platform).keep((token) => token === 'rt0', answer)
  await browser.advance(0)
  return {
    browser,
    open,
    page,
    refreshed,
    sent,
    worker,
    keeping,
    answerPage: (tokens: typeof TOKENS) => answerPage(tokens),
    answerWorker: (outcome: Outcome) => answerWorker(outcome),
  }
}

test('the answer of a page that is gone is written, and its successor has the token without a request', async () => {
  const { browser, page, open, sent, answerWorker, keeping } = await play()
  page.tab.crash()
  const { auth } = open()
  const restored = auth.restore()
  await browser.advance(1_500)
  answerWorker(GRANTED)
  // The message comes before time goes on.
  await browser.advance(0)
  await browser.advance(200)
  await keeping
  expect(await restored).toMatchObject({ status: 'signed-in', ready: true })
  expect(await auth.getAccessToken()).toBe('at1')
  expect(sent).toEqual(['rt0'])
  expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'rt1', attempt: undefined })
})

test('the refresh token never travels', async () => {
  const { browser, page, worker, answerWorker, keeping } = await play()
  page.tab.crash()
  answerWorker(GRANTED)
  await browser.advance(0)
  await keeping
  expect(worker.posted).toHaveLength(1)
  expect(JSON.stringify(worker.posted)).not.toContain('rt')
})

test('a page that lives writes its answer itself, and nobody is told twice', async () => {
  const { browser, refreshed, sent, worker, answerPage, answerWorker, keeping } = await play()
  answerWorker(GRANTED)
  await browser.advance(0)
  expect(browser.entry).toMatchObject({ generation: 0 })
  answerPage(TOKENS)
  await browser.advance(0)
  await keeping
  expect(await refreshed).toBe('at1')
  expect(sent).toEqual(['rt0'])
  expect(worker.posted).toEqual([])
})

test('a page that comes to its answer late finds it written, and goes on with its own token', async () => {
  const { browser, refreshed, sent, answerPage, answerWorker, keeping } = await play()
  answerWorker(GRANTED)
  await browser.advance(2_000)
  await keeping
  expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'rt1' })
  answerPage(TOKENS)
  await browser.advance(200)
  expect(await refreshed).toBe('at1')
  expect(sent).toEqual(['rt0'])
  expect(browser.entry).toMatchObject({ generation: 1 })
})

test('a verdict on the token of a page that is gone ends the session', async () => {
  const { browser, page, answerWorker, keeping } = await play()
  page.tab.crash()
  answerWorker({ kind: 'rejected', reason: 'rejected' })
  await browser.advance(0)
  await keeping
  expect(browser.entry).toMatchObject({ status: 'signed-out', reason: 'rejected' })
})

test('a refresh token is kept even if the rest of its answer cannot be read', async () => {
  const { browser, page, answerWorker, keeping } = await play()
  page.tab.crash()
  const rotated = { refreshToken: 'rt1' }
  answerWorker({ kind: 'refused', refusal: 'nothing', rotated, error: new Error('unreadable') })
  await browser.advance(0)
  await keeping
  expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'rt1' })
})

test.each<Outcome>([
  { kind: 'doubt', error: new TypeError('network error') },
  { kind: 'refused', error: new Error('a challenge, to which the page may have answered') },
])('what is neither a grant nor a verdict ($kind) is left to whoever comes next', async (outcome) => {
  const { browser, page, open, sent, answerWorker, keeping } = await play()
  page.tab.crash()
  answerWorker(outcome)
  await browser.advance(0)
  await keeping
  const { auth } = open()
  void auth.restore()
  await browser.advance(1_000)
  expect(sent).toEqual(['rt0', 'rt0'])
})

test('a page that calls its request lost as it leaves frees nothing', async () => {
  const { browser, page, open, sent, answerWorker, keeping } = await play()
  // As WebKit does to the requests of a page that leaves.
  const attempt = browser.entry?.attempt
  if (browser.entry && attempt)
    browser.entry = { ...browser.entry, attempt: { ...attempt, doubt: true, keeper: undefined } }
  page.tab.crash()
  const { auth } = open()
  // Not before the pause that the page has written.
  await browser.advance(200)
  const restored = auth.restore()
  await browser.advance(1_000)
  expect(sent).toEqual(['rt0'])
  answerWorker(GRANTED)
  await browser.advance(0)
  await browser.advance(500)
  await keeping
  expect(await restored).toMatchObject({ status: 'signed-in', ready: true })
  expect(sent).toEqual(['rt0'])
})

test('a page that has been denied an audience has had its answer', async () => {
  const { browser, page, answerWorker, keeping } = await play()
  const attempt = browser.entry?.attempt
  if (browser.entry && attempt)
    browser.entry = { ...browser.entry, attempt: { ...attempt, audience: 'graph', doubt: true, denied: true } }
  page.tab.crash()
  await browser.advance(500)
  expect(browser.entry?.attempt).toMatchObject({ doubt: true, denied: true })
  answerWorker({ kind: 'refused', error: undefined })
  await browser.advance(0)
  await keeping
})

test('a worker that is stopped keeps nobody waiting', async () => {
  const { browser, page, open, sent, worker } = await play()
  page.tab.crash()
  const { auth } = open()
  void auth.restore()
  await browser.advance(15_000)
  expect(sent).toEqual(['rt0'])
  worker.crash()
  await browser.advance(1_000)
  expect(sent).toEqual(['rt0', 'rt0'])
})

test('after a sign-out, a late answer begins nothing', async () => {
  const { browser, page, open, answerWorker, keeping } = await play()
  page.tab.crash()
  const { auth } = open()
  void auth.signOut()
  await browser.advance(100)
  answerWorker(GRANTED)
  await browser.advance(500)
  await keeping
  expect(browser.entry).toMatchObject({ status: 'signed-out', reason: 'requested', attempt: undefined })
})

test.each<[why: string, isSent: (token: string) => boolean, attempt?: Partial<Attempt>]>([
  ['belongs to another token', (token: string) => token === 'another'],
  ['is a resend', (token: string) => token === 'rt0', { resend: true }],
  ['has no guard', (token: string) => token === 'rt0', { owner: 'of a version before' }],
])('a request is left alone if its attempt %s', async (_, isSent, attempt = {}) => {
  const browser = createVirtualBrowser()
  const given = { id: 'a', owner: 'a~0', firstSentAt: 0, doubt: false, resend: false, ...attempt }
  browser.entry = { epoch: 1, generation: 0, status: 'signed-in', refreshToken: 'rt0', attempt: given }
  const before = structuredClone(browser.entry)
  const worker = browser.openTab()
  await createAnswerKeeper(worker.platform).keep(isSent, Promise.resolve(GRANTED))
  await drain()
  expect(browser.entry).toEqual(before)
  expect(worker.posted).toEqual([])
  expect(worker.leftovers()).toEqual(['ledger'])
})

test('an entry of a later version is left alone', async () => {
  const browser = createVirtualBrowser()
  const worker = browser.openTab()
  const update = () => Promise.reject(new Error('IndexedDB cannot be read'))
  const platform = { ...worker.platform, ledger: { ...worker.platform.ledger, update } }
  const keeping = createAnswerKeeper(platform).keep(() => true, Promise.resolve(GRANTED))
  keeping.catch(() => {})
  await browser.advance(10_000)
  await expect(keeping).rejects.toThrow()
  expect(worker.leftovers()).toEqual([])
})
