// The ledger's transitions, one by one; the simulation shows what they add up to.

import { describe, expect, test } from 'vitest'
import { type ClaimResult, type ClaimTerms, claim } from '../../src/core/entry/claim.ts'
import {
  type Attempt,
  type Change,
  type Claim,
  type Entry,
  isNewer,
  nextEpoch,
  tokenMark,
  tombstone,
} from '../../src/core/entry/entry.ts'
import { commit, delay, postpone, reject, renew } from '../../src/core/entry/outcome-transitions.ts'
import {
  abandonSignIn,
  advanceSignOut,
  beginSession,
  beginSignIn,
  beginSignOut,
  confirmSignIn,
} from '../../src/core/entry/session-transitions.ts'

const NOW = 1_000_000
const entry: Entry = { epoch: 5, generation: 2, status: 'signed-in', refreshToken: 'r2', subject: 'ann' }
const attemptOf = (owner: string, given: Partial<Attempt> = {}): Attempt => ({
  id: owner,
  owner,
  firstSentAt: NOW - 1_000,
  doubt: false,
  resend: false,
  ...given,
})
const fresh = true
const stale = false

const terms = (given: Partial<ClaimTerms> = {}): ClaimTerms => ({
  known: { epoch: 5, generation: 2, status: 'signed-in' },
  owner: 'me',
  now: NOW,
  resendWithin: Number.POSITIVE_INFINITY,
  holdsRefreshToken: true,
  isFresh: fresh,
  ...given,
})

const mine: Claim = { ...entry, attempt: attemptOf('me') }
const claimed: Entry = mine
const retry = { at: NOW + 500, setAt: NOW, failures: 1 }
const kept = { refreshToken: 'r3', subject: 'ann' }
const grant = { ...kept, wait: 400 }
/** With tokens that are nowhere yet. */
const late = { ...grant, refreshToken: 'r4' }

describe('the order of marks', () => {
  test('is that of epochs first, then of generations', () => {
    expect(isNewer({ epoch: 2, generation: 0 }, { epoch: 1, generation: 9 })).toBe(true)
    expect(isNewer({ epoch: 1, generation: 9 }, { epoch: 2, generation: 0 })).toBe(false)
    expect(isNewer({ epoch: 1, generation: 2 }, { epoch: 1, generation: 1 })).toBe(true)
    expect(isNewer({ epoch: 1, generation: 1 }, { epoch: 1, generation: 1 })).toBe(false)
  })

  test('never restarts, even if the ledger was wiped or the clock went back', () => {
    expect(nextEpoch(5, NOW)).toBe(NOW)
    expect(nextEpoch(NOW + 7, NOW)).toBe(NOW + 8)
  })

  test('puts a tombstone after everything of its session, and nothing of the session in it', () => {
    expect(tombstone(entry, 'rejected', NOW)).toEqual({
      epoch: NOW,
      generation: 0,
      status: 'signed-out',
      reason: 'rejected',
    })
  })
})

describe('a claim', () => {
  const kind = ({ result }: Change<ClaimResult>): string | undefined =>
    typeof result === 'string' ? result : Object.keys(result)[0]

  test('of a free generation is granted, and is in the ledger', () => {
    const { entry: written, result } = claim(entry, terms())
    expect(written?.attempt).toEqual(attemptOf('me', { firstSentAt: NOW }))
    expect(written).toMatchObject({ epoch: 5, generation: 2, refreshToken: 'r2' })
    expect(result).toEqual({ claim: { ...mine, attempt: written?.attempt } })
  })

  test("is refused while another tab's attempt is fresh", () => {
    const found = { ...entry, attempt: attemptOf('other') }
    expect(claim(found, terms())).toEqual({ result: 'wait' })
  })

  test('takes a stale attempt over as a resend, with its id and the time it was first sent', () => {
    const found = { ...entry, attempt: attemptOf('other') }
    const { entry: written } = claim(found, terms({ isFresh: stale }))
    expect(written?.attempt).toEqual({
      id: 'other',
      owner: 'me',
      firstSentAt: NOW - 1_000,
      doubt: false,
      resend: true,
    })
  })

  test('takes an attempt in doubt over at once', () => {
    const found = { ...entry, attempt: attemptOf('other', { doubt: true }) }
    expect(claim(found, terms()).entry?.attempt).toMatchObject({ id: 'other', owner: 'me', resend: true })
  })

  test.each([
    ['within the policy', 1_001, 'claim'],
    ['past it', 1_000, 'ended'],
    ['never', 0, 'ended'],
  ])('of an attempt in doubt %s', (_, resendWithin, expected) => {
    const found = { ...entry, attempt: attemptOf('other', { doubt: true }) }
    const change = claim(found, terms({ resendWithin }))
    expect(kind(change)).toBe(expected)
    if (expected === 'ended') expect(change.entry).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  })

  test('that ends the session leaves the attempt in the ledger, so that a login waits for its late cookie', () => {
    const found = { ...entry, refreshToken: undefined, attempt: attemptOf('other') }
    const { entry: ended } = claim(found, terms({ holdsRefreshToken: false, isFresh: stale, resendWithin: 0 }))
    expect(ended).toMatchObject({ status: 'signed-out', reason: 'in-doubt', attempt: found.attempt })
    expect(beginSignIn(ended, entry, NOW + 1).entry).toMatchObject({ status: 'signing-in', attempt: found.attempt })
  })

  test('of a generation that has passed is not made', () => {
    expect(kind(claim({ ...entry, generation: 3 }, terms()))).toBe('again')
    expect(kind(claim({ ...entry, epoch: 6, generation: 0 }, terms()))).toBe('again')
  })

  test('of a session that is signed out is not made', () => {
    const change = claim({ ...entry, status: 'signed-out', reason: 'requested' }, terms())
    expect([kind(change), change.entry]).toEqual(['again', undefined])
  })

  test('beside a login is not made, and the session is over unless something else is known', () => {
    const change = claim({ ...entry, status: 'signing-in', grant: 4 }, terms())
    expect(change).toEqual({ result: { ended: { ...entry, status: 'signing-in', grant: undefined } } })
    const newer = claim({ ...entry, epoch: entry.epoch + 1, status: 'signing-in' }, terms())
    expect(kind(newer)).toBe('again')
  })

  test('waits for what the server has asked for', () => {
    const found = { ...entry, retry: { at: NOW + 500, setAt: NOW - 500, failures: 2 } }
    expect(claim(found, terms()).result).toEqual({ retry: found.retry })
    expect(kind(claim(found, terms({ now: NOW + 500 })))).toBe('claim')
  })

  test('does not wait for a clock that has gone back', () => {
    const found = { ...entry, retry: { at: NOW + 1_000_500, setAt: NOW + 1_000_000, failures: 2 } }
    const { result } = claim(found, terms())
    expect(result).toMatchObject({ claim: { retry: { failures: 2 } } })
  })

  test('without a refresh token to spend ends the session', () => {
    const change = claim({ ...entry, refreshToken: undefined }, terms())
    expect(change.entry).toMatchObject({ status: 'signed-out', reason: 'no-refresh-token' })
    expect(kind(claim({ ...entry, refreshToken: undefined }, terms({ holdsRefreshToken: false })))).toBe('claim')
  })

  test('after the ledger was wiped starts a new epoch, and spends no old token', () => {
    const { entry: written } = claim(undefined, terms({ holdsRefreshToken: false }))
    expect(written).toMatchObject({ epoch: NOW, generation: 3, status: 'signed-in' })
    expect(kind(claim(undefined, terms()))).toBe('ended')
  })

  test('after the ledger was wiped is of a generation that no answer on its way was claimed for', () => {
    const known = { ...entry, grant: 5 }
    const { entry: written } = claim(undefined, terms({ known, holdsRefreshToken: false }))
    const next = commit(written, written as Claim, { wait: 400 }, NOW, fresh).entry
    for (const found of [written, next]) {
      for (const generation of [1, 2])
        expect(commit(found, { ...mine, generation }, grant, NOW, stale).result).toBe('behind')
    }
  })

  test('on an unknown session leaves it unknown until the server has answered', () => {
    const known = { epoch: -1, generation: 0, status: 'unknown' } as const
    expect(claim(undefined, terms({ known, holdsRefreshToken: false })).entry?.status).toBe('unknown')
  })
})

describe('a commit', () => {
  test('records the next generation, with the new refresh token and without the attempt', () => {
    const { entry: written } = commit(claimed, mine, grant, NOW, fresh)
    expect(written).toEqual({ ...entry, generation: 3, refreshToken: 'r3', retry: undefined, usualWait: 400 })
  })

  test('without a new refresh token keeps the old one', () => {
    const { entry: written } = commit(claimed, mine, { wait: 400 }, NOW, fresh)
    expect(written).toMatchObject({ generation: 3, refreshToken: 'r2', subject: 'ann' })
  })

  test('remembers the longest of late waits for the server, and forgets it by and by', () => {
    const waitAfter = (usualWait: number | undefined, wait: number) =>
      commit({ ...claimed, usualWait }, mine, { ...grant, wait }, NOW, fresh).entry?.usualWait
    expect(waitAfter(undefined, 300)).toBe(300)
    expect(waitAfter(300, 8_000)).toBe(8_000)
    expect(waitAfter(8_000, 300)).toBe(4_150)
  })

  test('of another epoch is not made, and takes the claim back', () => {
    const later = { ...claimed, epoch: 6, status: 'signed-out' as const }
    const { entry: written, result } = commit(later, mine, grant, NOW, fresh)
    expect(result).toBe('superseded')
    expect(written).toEqual({ ...later, attempt: undefined })
  })

  test('of a generation that has passed is not made', () => {
    const { entry: written, result } = commit({ ...entry, generation: 3 }, mine, grant, NOW, fresh)
    expect([result, written]).toEqual(['behind', undefined])
  })

  test('of a generation that has passed takes the claim back, so that nobody waits for it', () => {
    const found = { ...claimed, generation: 3, grant: 4 }
    const { entry: written, result } = commit(found, { ...mine, grant: 4 }, grant, NOW, fresh)
    expect([result, written]).toEqual(['behind', { ...found, attempt: undefined }])
  })

  test("in cookie custody leaves another tab's attempt as it is, so that a login waits for its late cookie", () => {
    for (const attempt of [attemptOf('other'), attemptOf('other', { doubt: true })]) {
      const cookie = { ...mine, refreshToken: undefined }
      const found = { ...entry, refreshToken: undefined, attempt }
      expect(commit(found, cookie, { wait: 400 }, NOW, stale).entry).toMatchObject({ generation: 3, attempt })
    }
    expect(commit({ ...entry, attempt: attemptOf('other') }, mine, grant, NOW, stale).entry?.attempt).toBeUndefined()
  })

  test("while another tab's attempt is fresh waits for it", () => {
    const taken = { ...entry, attempt: attemptOf('other') }
    expect(commit(taken, mine, grant, NOW, fresh)).toEqual({ result: 'wait' })
    expect(commit(taken, mine, grant, NOW, stale).result).toMatchObject({ generation: 3 })
  })

  test('finds the very answer written by a service worker, in whatever epoch', () => {
    const written: Entry = { ...entry, epoch: 9, generation: 0, refreshToken: 'r3', subject: 'bob' }
    expect(commit(written, mine, grant, NOW, fresh)).toEqual({ result: written })
  })

  test('does not take a token that is not rotated for an answer that was written', () => {
    const { entry: written } = commit(claimed, mine, { ...grant, refreshToken: 'r2' }, NOW, fresh)
    expect(written).toMatchObject({ generation: 3, refreshToken: 'r2' })
  })

  test('into a wiped ledger is not made', () => {
    expect(commit(undefined, mine, grant, NOW, fresh)).toEqual({ result: 'superseded' })
  })

  test('of another subject begins another session', () => {
    const { entry: written } = commit(claimed, mine, { ...grant, subject: 'bob' }, NOW, fresh)
    expect(written).toMatchObject({ epoch: NOW, generation: 0, subject: 'bob' })
  })
})

describe('an answer that a login has overtaken', () => {
  const LATER = NOW + 1_000
  const running = beginSignIn(claimed, entry, NOW).entry as Entry
  const failed = abandonSignIn(running, NOW).entry as Entry

  test('is committed once the login has failed, and nothing of its grant is revoked', () => {
    const { entry: written, result } = commit(failed, mine, grant, LATER, stale)
    expect(result).toBe(written)
    expect(written).toMatchObject({ epoch: NOW + 1, status: 'signed-in', refreshToken: 'r3', attempt: undefined })
    expect(isNewer(written as Entry, failed)).toBe(true)
  })

  test('is kept while the login runs, for the session that it goes back to if it fails', () => {
    const kept = commit(running, mine, grant, LATER, stale).entry as Entry
    expect(kept).toMatchObject({ epoch: NOW, status: 'signing-in', refreshToken: 'r3', attempt: undefined })
    expect(abandonSignIn(kept, NOW).entry).toMatchObject({ status: 'signed-in', refreshToken: 'r3' })
    expect(confirmSignIn(kept, NOW, { refreshToken: 'b1', subject: 'bob' }).entry?.refreshToken).toBe('b1')
  })

  test('of a user whom the login does not know of leaves its epoch alone', () => {
    expect(commit(running, mine, { ...grant, subject: 'bob' }, LATER, stale).entry?.epoch).toBe(NOW)
  })

  test('is dropped, not revoked, when another tab has committed its own', () => {
    const newer = commit(failed, mine, grant, LATER, stale).entry as Entry
    const again = abandonSignIn(beginSignIn(newer, newer, LATER).entry, LATER).entry as Entry
    for (const found of [newer, again]) expect(commit(found, mine, late, LATER, stale)).toEqual({ result: 'behind' })
  })

  test('is of another grant once the login has succeeded, or somebody has signed out', () => {
    const confirmed = confirmSignIn(running, NOW, grant).entry as Entry
    const next = abandonSignIn(beginSignIn(confirmed, confirmed, LATER).entry, LATER).entry as Entry
    const left = beginSignOut(failed, failed, 'id', LATER).entry as Entry
    for (const found of [confirmed, next, left])
      expect(commit(found, mine, late, LATER, stale).result).toBe('superseded')
  })

  test('waits for the resend of another tab, which it may have to record', () => {
    const taken = claim(failed, terms({ known: failed as never, owner: 'other', isFresh: stale })).entry as Entry
    expect(commit(taken, mine, grant, LATER, fresh)).toEqual({ result: 'wait' })
    expect(postpone(taken, taken as Claim, retry, { kind: 'doubt' }, 1_000).entry).toMatchObject({
      attempt: { doubt: true },
    })
  })

  test('ends the session that a failed login has gone back to, if it is the verdict', () => {
    expect(reject(failed, mine, 'rejected', LATER).entry).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('leaves nothing to go back to, if it is the verdict, and does not end the login', () => {
    const { entry: written, result } = reject(running, mine, 'rejected', LATER)
    expect(result).toBeUndefined()
    expect(written).toEqual({ ...running, attempt: undefined, grant: undefined })
    expect(abandonSignIn(written, NOW).entry).toMatchObject({ status: 'signed-out' })
  })

  test('leaves the session to go back to, if the server has refused it before processing or is in doubt', () => {
    expect(postpone(running, mine, retry, { kind: 'refused' }, 0).entry).toMatchObject({
      epoch: NOW,
      attempt: undefined,
      grant: 5,
    })
    const doubtful = postpone(running, mine, retry, { kind: 'doubt' }, 1_000).entry as Entry
    expect(abandonSignIn(doubtful, NOW).entry).toMatchObject({ status: 'signed-in', attempt: { doubt: true } })
  })

  test('leaves nothing to go back to, if it is in doubt and nothing may be sent again', () => {
    const { entry: written } = postpone(running, mine, retry, { kind: 'doubt' }, 0)
    expect(written).toMatchObject({ epoch: NOW, status: 'signing-in', attempt: undefined, grant: undefined })
  })
})

describe('an answer that takes longer than usual', () => {
  test('is marked in the attempt', () => {
    expect(delay(claimed, mine).entry?.attempt).toEqual({ ...mine.attempt, overdue: true })
  })

  test("leaves another tab's attempt and a ledger that has moved on alone", () => {
    for (const found of [undefined, entry, { ...entry, attempt: attemptOf('other') }])
      expect(delay(found, mine)).toEqual({ result: undefined })
  })
})

describe('a rejection', () => {
  test('ends the session', () => {
    expect(reject(claimed, mine, 'rejected', NOW).entry).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('of a resend is no theft', () => {
    const resent = { ...mine, attempt: attemptOf('me', { resend: true }) }
    expect(reject(claimed, resent, 'reuse-detected', NOW).entry).toMatchObject({ reason: 'in-doubt' })
  })

  test('of a session that was never known says that nobody was signed in', () => {
    expect(reject({ ...claimed, status: 'unknown' }, mine, 'rejected', NOW).entry).toMatchObject({ reason: 'initial' })
  })

  test.each([
    ['a newer generation', { ...entry, generation: 3 }],
    ['another owner', { ...entry, attempt: attemptOf('other') }],
    ['no attempt any more', entry],
    ['a wiped ledger', undefined],
  ])('changes nothing over %s', (_, found) => {
    expect(reject(found, mine, 'rejected', NOW)).toEqual({ result: undefined })
  })
})

test('a rejection of a generation that has passed takes its claim back, and does not end the session', () => {
  const found = { ...claimed, generation: 3, grant: 4 }
  const { entry: written, result } = reject(found, { ...mine, grant: 4 }, 'rejected', NOW)
  expect([written, result]).toEqual([{ ...found, attempt: undefined }, undefined])
})

describe('a release', () => {
  test('takes our own claim back, and leaves the pause', () => {
    expect(postpone(claimed, mine, retry, { kind: 'refused' }, 0).entry).toEqual({
      ...entry,
      attempt: undefined,
      retry,
    })
  })

  test('of a claim that was never sent leaves no pause, and nothing in doubt', () => {
    const { entry: written } = postpone(claimed, mine, mine.retry, { kind: 'refused' }, 0)
    expect(written).toEqual(entry)
    expect(claim(written, terms({ resendWithin: 0, isFresh: stale })).entry?.attempt).toMatchObject({ resend: false })
  })

  test('leaves in doubt what was in doubt before', () => {
    const resent = { ...mine, attempt: attemptOf('me', { resend: true }) }
    expect(postpone(claimed, resent, retry, { kind: 'refused' }, 0).entry?.attempt).toMatchObject({
      doubt: true,
      resend: true,
    })
  })

  test("leaves another tab's claim alone", () => {
    expect(postpone({ ...entry, attempt: attemptOf('other') }, mine, retry, { kind: 'refused' }, 0)).toEqual({
      result: undefined,
    })
  })
})

describe('doubt', () => {
  test('is written into our own attempt, with the pause', () => {
    const { entry: written } = postpone(claimed, mine, retry, { kind: 'doubt' }, Number.POSITIVE_INFINITY)
    expect(written).toEqual({ ...entry, attempt: { ...mine.attempt, doubt: true }, retry })
  })

  test('ends the session where nothing may be sent again', () => {
    expect(postpone(claimed, mine, retry, { kind: 'doubt' }, 0).entry).toMatchObject({
      status: 'signed-out',
      reason: 'in-doubt',
    })
  })

  test("leaves another tab's attempt alone", () => {
    expect(postpone({ ...entry, attempt: attemptOf('other') }, mine, retry, { kind: 'doubt' }, 0)).toEqual({
      result: undefined,
    })
  })
})

describe('tokens of an ordinary response', () => {
  test('are the next generation', () => {
    expect(renew(entry, 5, { refreshToken: undefined, subject: 'ann' }).entry).toMatchObject({
      generation: 3,
      refreshToken: 'r2',
    })
  })

  test.each([
    ['an older epoch', entry, 4, grant],
    ['a session that has ended', { ...entry, status: 'signed-out' } as Entry, 5, grant],
    ['another subject', entry, 5, { refreshToken: 'r3', subject: 'bob' }],
    ['a refresh under way, without a refresh token', claimed, 5, { refreshToken: undefined, subject: 'ann' }],
    ['a wiped ledger', undefined, 5, grant],
  ])('are ignored for %s', (_, found, epoch, tokens) => {
    expect(renew(found, epoch, tokens)).toEqual({ result: undefined })
  })
})

describe('signing in and out', () => {
  const known = { epoch: 5, generation: 2 }

  test('each raises the epoch', () => {
    expect(beginSession(entry, known, kept, NOW).entry?.epoch).toBe(NOW)
    expect(beginSignIn(entry, known, NOW).entry?.epoch).toBe(NOW)
    expect(beginSignOut(entry, known, 'id', NOW).entry?.epoch).toBe(NOW)
    expect(beginSession({ ...entry, epoch: NOW + 9 }, known, kept, NOW).entry?.epoch).toBe(NOW + 10)
    expect(beginSession(undefined, { epoch: NOW + 9, generation: 0 }, kept, NOW).entry?.epoch).toBe(NOW + 10)
  })

  test('a sign-in with tokens forgets all that was before', () => {
    expect(beginSession(claimed, known, kept, NOW).entry).toEqual({
      epoch: NOW,
      generation: 0,
      status: 'signed-in',
      ...kept,
    })
  })

  test('a login refuses claims, and keeps what is pending', () => {
    const { entry: written } = beginSignIn(claimed, known, NOW)
    expect(written).toMatchObject({ status: 'signing-in', attempt: mine.attempt, grant: 5 })
    expect(claim(written, terms()).result).toBe('again')
  })

  test('a login is confirmed unless another sign-in or sign-out has come since', () => {
    const prepared = beginSignIn(claimed, known, NOW).entry as Entry
    expect(confirmSignIn(prepared, NOW, kept).entry).toMatchObject({ status: 'signed-in', ...kept })
    expect(isNewer(confirmSignIn(prepared, NOW, kept).entry as Entry, prepared)).toBe(true)
    expect(confirmSignIn({ ...prepared, epoch: NOW + 1 }, NOW, kept)).toEqual({ result: undefined })
    expect(confirmSignIn(undefined, NOW, kept)).toEqual({ result: undefined })
  })

  test('a login is newer than a commit during it, even where the ledger was set back to before that', () => {
    const prepared = beginSignIn(claimed, known, NOW).entry as Entry
    const committed = commit(prepared, mine, grant, NOW, true).entry as Entry
    expect(committed.epoch).toBe(NOW)
    expect(isNewer(confirmSignIn(prepared, NOW, grant).entry as Entry, committed)).toBe(true)
  })

  test('a login that fails goes back to the session before it, if there was one', () => {
    const prepared = beginSignIn(entry, known, NOW).entry as Entry
    expect(abandonSignIn(prepared, NOW).entry).toMatchObject({
      status: 'signed-in',
      refreshToken: 'r2',
      subject: 'ann',
    })
    const nobody = beginSignIn(tombstone(entry, 'rejected', NOW), known, NOW).entry as Entry
    expect(abandonSignIn(nobody, nobody.epoch).entry).toMatchObject({ status: 'signed-out' })
    expect(abandonSignIn({ ...prepared, epoch: NOW + 1 }, NOW)).toEqual({ result: undefined })
  })

  test('a sign-out keeps the pending attempt, hands over the refresh token, and leaves none', () => {
    const { entry: written, result } = beginSignOut(claimed, known, 'id', NOW)
    expect(written).toMatchObject({ status: 'signed-out', reason: 'requested', attempt: mine.attempt, leaving: ['id'] })
    expect(written?.refreshToken).toBeUndefined()
    expect(result.left?.refreshToken).toBe('r2')
  })

  test('a sign-out while another is being told forgets neither', () => {
    const first = beginSignOut(entry, known, 'first', NOW).entry as Entry
    const both = beginSignOut(first, known, 'second', NOW).entry as Entry
    expect(both.leaving).toEqual(['first', 'second'])
    expect(advanceSignOut(both, both.epoch, 'first', []).entry?.leaving).toEqual(['second'])
  })

  test('a sign-out goes on only while it is the newest word', () => {
    const left = beginSignOut(entry, known, 'first', NOW).entry as Entry
    expect(advanceSignOut(left, NOW, 'first', ['second'])).toMatchObject({
      entry: { leaving: ['second'] },
      result: true,
    })
    expect(advanceSignOut(left, NOW, 'other', ['second'])).toEqual({ result: false })
    expect(advanceSignOut({ ...left, epoch: NOW + 1 }, NOW, 'first', ['second']).result).toBe(false)
  })
})

describe('several audiences', () => {
  const forGraph = (given: Partial<Attempt> = {}): Claim => ({
    ...entry,
    attempt: attemptOf('me', { audience: 'graph', ...given }),
  })
  const commitOf = (claim: Claim, given: Partial<Entry> = {}): Entry =>
    commit({ ...claim, ...given }, claim, grant, NOW, stale).result as Entry

  test('a claim names whom it is for', () => {
    expect(claim(entry, terms({ audience: 'graph' })).entry?.attempt).toMatchObject({
      audience: 'graph',
      resend: false,
    })
    expect(claim(entry, terms()).entry?.attempt?.audience).toBeUndefined()
  })

  test.each([undefined, 'billing'])('a resend by %s repeats the request that is in doubt', (audience) => {
    const found = { ...entry, attempt: attemptOf('other', { audience: 'graph', doubt: true }) }
    expect(claim(found, terms({ audience })).entry?.attempt).toMatchObject({
      id: 'other',
      audience: 'graph',
      resend: true,
    })
  })

  test('a denied request is not repeated, though its refresh token is in doubt', () => {
    const found = { ...entry, attempt: attemptOf('other', { audience: 'graph', doubt: true, denied: true }) }
    const { attempt } = claim(found, terms()).entry as Claim
    expect(attempt).toMatchObject({ id: 'me', resend: true, firstSentAt: NOW - 1_000 })
    expect([attempt.audience, attempt.denied]).toEqual([undefined, undefined])
  })

  test('each grant is the next generation; the entry knows which brought the newest token of each', () => {
    const first = commitOf(forGraph())
    expect(first).toMatchObject({ generation: 3, obtained: { '': 2, graph: 3 } })
    const second = commitOf({ ...first, attempt: attemptOf('me') })
    expect(second).toMatchObject({ generation: 4, obtained: { '': 4, graph: 3 } })
    expect(
      [tokenMark(second), tokenMark(second, 'graph'), tokenMark(second, 'billing')].map((mark) => mark.generation),
    ).toEqual([4, 3, 0])
  })

  test('without others, the own token comes with each generation', () => {
    const next = commitOf(mine)
    expect(next.obtained).toBeUndefined()
    expect(tokenMark(next)).toEqual({ epoch: 5, generation: 3 })
  })

  test('another user’s cookie, a sign-in and a sign-out leave none of them', () => {
    const before = commitOf(forGraph())
    const foreign = commit(
      { ...before, attempt: attemptOf('me') },
      { ...before, attempt: attemptOf('me') },
      { subject: 'bob', wait: 1 },
      NOW,
      stale,
    )
    expect((foreign.result as Entry).obtained).toBeUndefined()
    expect(beginSession(before, before, kept, NOW).entry?.obtained).toBeUndefined()
    expect(beginSignOut(before, before, 'id', NOW).entry?.obtained).toBeUndefined()
    const login = beginSignIn(before, before, NOW).result
    expect(confirmSignIn(login, login.epoch, kept).entry?.obtained).toBeUndefined()
    expect(abandonSignIn(login, login.epoch).entry?.obtained).toEqual({ '': 2, graph: 3 })
  })

  test('the subject of a token of another audience is not the session’s', () => {
    const given = { refreshToken: 'r3', subject: 'pairwise', wait: 1 }
    expect(commit(forGraph(), forGraph(), given, NOW, stale).result).toMatchObject({ epoch: 5, subject: 'ann' })
  })

  test('a denial takes the claim back, or leaves the token in doubt, and sets no pause', () => {
    const refused = postpone(forGraph(), forGraph(), undefined, { kind: 'refused', isDenial: true }, 1_000)
    expect(refused.entry?.attempt).toBeUndefined()
    const doubtful = postpone(forGraph(), forGraph(), undefined, { kind: 'doubt', isDenial: true }, 1_000)
    expect(doubtful.entry).toMatchObject({ attempt: { doubt: true, denied: true }, retry: undefined })
    const never = postpone(forGraph(), forGraph(), undefined, { kind: 'doubt', isDenial: true }, 0)
    expect(never.result).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  })
})
