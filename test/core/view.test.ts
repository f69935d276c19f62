// What a tab knows of the session, transition by transition.

import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/core/entry/entry.ts'
import { RefreshUnavailableError } from '../../src/core/errors.ts'
import { adopt, type Held, NOTHING_KNOWN, stateOf, type View } from '../../src/core/protocol/view.ts'

const entry: Entry = { epoch: 5, generation: 2, status: 'signed-in', refreshToken: 'r2', subject: 'ann' }
const signedOut: Entry = { epoch: 6, generation: 0, status: 'signed-out', reason: 'requested' }
const login: Entry = { ...entry, epoch: 6, status: 'signing-in', grant: 5 }
const holding = (accessToken: string): Held => ({
  accessToken,
  authorization: `Bearer ${accessToken}`,
  claims: undefined,
  lifetime: 60_000,
  receivedAt: { now: 1_000, elapsed: 50 },
  proofs: undefined,
  refreshAfter: 45_000,
})
const first = holding('a2')
const second = holding('a3')

/** The view after one entry after the other, each with the tokens that came with it. */
function viewOf(...steps: (Entry | [Entry, Held])[]): View {
  let view = NOTHING_KNOWN
  for (const step of steps) {
    const [shown, held] = Array.isArray(step) ? step : [step, undefined]
    view = { ...view, ...adopt(view, shown, held)?.news }
  }
  return view
}

describe('what a tab knows', () => {
  test('never goes back to an older mark', () => {
    const view = viewOf([entry, first])
    expect(adopt(view, { ...entry, generation: 1 }, second)).toBeUndefined()
    expect(adopt(view, { ...entry, epoch: 4, generation: 9 }, second)).toBeUndefined()
    expect(adopt(view, entry, undefined)).toBeDefined()
  })

  test('shows a session that is found, with or without its tokens', () => {
    const found = adopt(NOTHING_KNOWN, entry, undefined)
    expect(found?.event).toBe('signed-in')
    expect(found?.news).toMatchObject({
      status: 'signed-in',
      held: undefined,
      subject: 'ann',
      hasRefreshToken: true,
      grant: 5,
    })
    expect(adopt(NOTHING_KNOWN, entry, first)?.news.held).toBe(first)
  })

  test('stays unknown without news for the listeners while the ledger knows nothing', () => {
    const found = adopt(NOTHING_KNOWN, { epoch: 1, generation: 0, status: 'unknown' }, undefined)
    expect(found?.event).toBeUndefined()
    expect(found?.news.mark).toEqual({ epoch: 1, generation: 0 })
    expect(found?.news.status).toBeUndefined()
  })
})

describe('a refresh', () => {
  test('that answers whether there is a session begins it for the listeners', () => {
    const asked = viewOf({ epoch: 5, generation: 1, status: 'unknown' })
    expect(adopt(asked, entry, first)?.event).toBe('signed-in')
  })

  const next = { ...entry, generation: 3, refreshToken: 'r3' }

  test('is told once, when its tokens come', () => {
    const told = adopt(viewOf([entry, first]), next, second)
    expect(told?.event).toBe('refreshed')
    expect(told?.news).toMatchObject({ held: second, heldMark: { epoch: 5, generation: 3 }, failure: undefined })
    expect(adopt(viewOf([entry, first], [next, second]), next, second)?.event).toBeFalsy()
  })

  test('leaves the access token in use that is as new, whatever a ledger that was set back has led to', () => {
    const again = adopt(viewOf([entry, first], [next, second]), next, first)
    expect(again?.news).not.toHaveProperty('held')
    expect(again?.event).toBeFalsy()
    // A server that replays its answer gives two tabs a token of one generation each.
    const later = { ...first, receivedAt: { now: 2_000, elapsed: 1_050 } }
    expect(adopt(viewOf([entry, first], [next, second]), next, later)?.news.held).toBe(later)
  })

  test('of a ledger that was set back brings no older token, though a failed login has raised its epoch', () => {
    const raised = { ...entry, epoch: 6, generation: 1, grant: 5 }
    const older = { ...first, receivedAt: { now: 970, elapsed: 20 } }
    const seen = adopt(viewOf([entry, first]), raised, older)
    expect(seen?.event).toBeFalsy()
    expect(seen?.news).not.toHaveProperty('held')
  })

  test('elsewhere leaves the older access token in use until the newer one comes', () => {
    const seen = adopt(viewOf([entry, first]), next, undefined)
    expect(seen?.event).toBeUndefined()
    const view = viewOf([entry, first], next)
    expect(view.held).toBe(first)
    expect(view.mark.generation).toBe(3)
    expect(view.heldMark.generation).toBe(2)
  })

  test('elsewhere is still to be taken over when a login begins beside the session', () => {
    const beside = viewOf([entry, first], next, { ...login, generation: 3 })
    expect(beside).toMatchObject({ mark: { epoch: 6, generation: 3 }, heldMark: { epoch: 5, generation: 2 } })
  })

  test('ends the failure that stands', () => {
    const failed = { ...viewOf([entry, first]), failure: new RefreshUnavailableError() }
    expect({ ...failed, ...adopt(failed, next, second)?.news }.failure).toBeUndefined()
    expect({ ...failed, ...adopt(failed, next, undefined)?.news }.failure).toBe(failed.failure)
  })
})

describe('the end of a session', () => {
  test('is told once, and takes the tokens away', () => {
    const ended = adopt(viewOf([entry, first]), signedOut, undefined)
    expect(ended?.event).toBe('signed-out')
    expect(ended?.news).toMatchObject({ status: 'signed-out', reason: 'requested', wasSignedIn: true, held: undefined })
    expect(adopt(viewOf([entry, first], signedOut), { ...signedOut, epoch: 7 }, undefined)?.event).toBe(false)
  })

  test('that came before this page looked was not seen', () => {
    expect(viewOf(signedOut).wasSignedIn).toBe(false)
  })

  test('keeps its reason and whether it was seen, while the ledger adds nothing', () => {
    const rejected = { ...signedOut, reason: 'rejected' as const }
    const later = viewOf([entry, first], rejected, { epoch: 7, generation: 0, status: 'signing-in' })
    expect(later).toMatchObject({ status: 'signed-out', reason: 'rejected', wasSignedIn: true })
  })
})

describe('a login', () => {
  test('leaves the session beside it as it is, until the new one stands', () => {
    const beside = viewOf([entry, first], login)
    expect(beside).toMatchObject({ status: 'signed-in', held: first, heldMark: { epoch: 6, generation: 2 } })
    expect(adopt(viewOf([entry, first]), login, undefined)?.event).toBeUndefined()
  })

  test('that succeeds is a new session, whose tokens replace the others', () => {
    const ben: Entry = { ...entry, epoch: 6, generation: 4, subject: 'ben' }
    const told = adopt(viewOf([entry, first], login), ben, second)
    expect(told?.event).toBe('signed-in')
    expect(told?.news).toMatchObject({ grant: 6, subject: 'ben', held: second })
  })

  test('of another user takes the tokens away, even if the new ones are still on their way', () => {
    expect(viewOf([entry, first], { ...entry, epoch: 9, subject: 'ben' }).held).toBeUndefined()
  })

  test('that fails goes back to the session before, with its tokens and without an event', () => {
    const back: Entry = { ...entry, epoch: 6, grant: 5 }
    expect(adopt(viewOf([entry, first], login), back, undefined)?.event).toBeUndefined()
    expect(viewOf([entry, first], login, back).held).toBe(first)
  })

  test('beside another session, or beside none that is known, is a sign-out', () => {
    const stranger: Entry = { epoch: 9, generation: 0, status: 'signing-in' }
    expect(adopt(viewOf([entry, first]), stranger, undefined)?.event).toBe('signed-out')
    const asked = viewOf({ epoch: 5, generation: 2, status: 'unknown' })
    expect(adopt(asked, login, undefined)?.event).toBe('signed-out')
  })

  test('where no session was is a sign-out for all who are not signing in', () => {
    const seen = adopt(NOTHING_KNOWN, { ...login, grant: undefined }, undefined)
    expect(seen?.event).toBe('signed-out')
    expect(seen?.news).toMatchObject({ status: 'signed-out', reason: 'requested', wasSignedIn: false })
  })
})

describe('the state that the application is shown', () => {
  const failure = new RefreshUnavailableError()

  test('says when the access token expires, by the local clock', () => {
    const view = viewOf([entry, first])
    expect(stateOf(view, true, ['locks'])).toEqual({
      status: 'signed-in',
      ready: true,
      expiresAt: 61_000,
      refreshing: true,
      failure: undefined,
      degraded: ['locks'],
    })
    const opaque = { ...view, held: { ...first, lifetime: undefined } }
    expect(stateOf(opaque, false, [])).toMatchObject({ ready: true, expiresAt: undefined })
  })

  test('is not ready without tokens', () => {
    expect(stateOf({ ...viewOf(entry), failure }, false, [])).toMatchObject({
      ready: false,
      expiresAt: undefined,
      failure,
    })
  })

  test('says why nobody could tell', () => {
    expect(stateOf({ ...NOTHING_KNOWN, failure }, false, [])).toEqual({
      status: 'unknown',
      refreshing: false,
      failure,
      degraded: [],
    })
  })

  test('of a session that is over says why, and nothing of refreshing', () => {
    expect(stateOf(viewOf([entry, first], signedOut), true, [])).toEqual({
      status: 'signed-out',
      reason: 'requested',
      wasSignedIn: true,
      degraded: [],
    })
  })

  test('holds no token', () => {
    expect(JSON.stringify(stateOf(viewOf([entry, first]), false, []))).not.toMatch(/a2|r2/)
  })
})
