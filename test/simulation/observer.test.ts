// What the observer of a schedule takes for a broken promise, and what not.

import { expect, test } from 'vitest'
import type { Entry } from '../../src/core/entry/entry.ts'
import { createObserver, type Observer, type Send } from './observer.ts'
import { createServer } from './server.ts'
import { type Actor, createWorld, type World } from './world.ts'

const GRACE = 40_000
const TOKEN = 'rt.f0.0'
const BEFORE: Entry = { epoch: 1, generation: 0, status: 'signed-in' }
const tab = (name: string): Actor => ({ name, isCrashed: false, isFrozen: false })
const first = tab('tab0')
const second = tab('tab1')

function observe(): { readonly world: World; readonly observer: Observer } {
  const world = createWorld(1, undefined, false)
  const terms = {
    world,
    server: createServer(GRACE, false),
    refreshTimeout: 2_000,
    resendWithin: GRACE,
    isCookie: false,
  }
  return { world, observer: createObserver(terms) }
}

function send({ world, observer }: ReturnType<typeof observe>, actor: Actor, jump = 0): void {
  const attempt = { id: 'id', owner: `${actor.name}-0`, firstSentAt: world.wall(), doubt: false, resend: false }
  observer.committed(BEFORE, { ...BEFORE, attempt })
  world.wallOffset += jump
  if (jump) world.jumps++
  const sent = observer.sent(actor, TOKEN, undefined) as Send
  sent.heard = 'failed'
}

test('a token that is sent past the grace breaks P1', () => {
  const schedule = observe()
  send(schedule, first)
  schedule.world.elapsed += GRACE + 1
  send(schedule, second)
  expect(schedule.observer.violation?.message).toBe(`P1: ${TOKEN} sent past the grace`)
})

test('the grace cannot be measured by a clock that has jumped since the token was first claimed', () => {
  const schedule = observe()
  send(schedule, first)
  schedule.world.wallOffset += GRACE + 1
  schedule.world.jumps++
  send(schedule, second)
  schedule.world.elapsed += 3_000
  send(schedule, first)
  expect(schedule.observer.violation).toBeUndefined()
})

test('a clock that jumps between a claim and its request has jumped since the token was first claimed', () => {
  const schedule = observe()
  send(schedule, first, -3_000)
  schedule.world.elapsed += GRACE + 1
  send(schedule, second)
  expect(schedule.observer.violation).toBeUndefined()
})

test.each([
  ['the living grant', 'signed-in', undefined],
  ['the grant that a login goes back to if it fails', 'signing-in', 1],
] as const)('to revoke %s breaks P5', (_, status, grant) => {
  const { observer } = observe()
  const entry: Entry = { epoch: 2, generation: 0, status, grant, refreshToken: TOKEN }
  observer.revoked('rt.f1.0', entry)
  expect(observer.violation).toBeUndefined()
  observer.revoked('rt.f0.1', entry)
  expect(observer.violation?.message).toBe('P5: a client revokes the grant it lives on')
})

test('to revoke the grant before a login that goes back to nothing breaks no promise', () => {
  const { observer } = observe()
  observer.revoked('rt.f0.1', { epoch: 2, generation: 0, status: 'signing-in', refreshToken: TOKEN })
  expect(observer.violation).toBeUndefined()
})
