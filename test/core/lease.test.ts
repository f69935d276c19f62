// The lease of an attempt, and the guard of its owner.

import { describe, expect, test } from 'vitest'
import type { LockRequest } from '../../src/core/ports.ts'
import { createGuards } from '../../src/core/protocol/guards.ts'
import { createLease } from '../../src/core/protocol/lease.ts'

const LEASE = 36_000
const owner = (name: string) => ({ owner: name })

/** What a lease sees of other tabs: whose guard is free, and who answers. */
function createScene() {
  const clock = { monotonic: 0, wall: 0, now: () => clock.wall, elapsed: () => clock.monotonic, after: () => () => {} }
  const free = new Set<string>()
  const asked: string[] = []
  const siblings = {
    changed(_: number, _isOver: unknown, ...owners: string[]) {
      asked.push(...owners)
      return Promise.resolve()
    },
    wake() {},
  }
  const locks = {
    request(name = ''): LockRequest {
      return { granted: free.has(name) ? Promise.resolve(() => {}) : new Promise(() => {}), cancel() {} }
    },
  }
  const guards = { heard: new Set<string>() }
  const lease = createLease({ clock, locks }, siblings, guards, LEASE)
  const pass = (milliseconds: number): void => {
    clock.monotonic += milliseconds
  }
  return { lease, clock, free, pass, asked, guards }
}

describe('a lease', () => {
  test("is measured as one's own observation of an unchanged owner", () => {
    const { lease, pass } = createScene()
    expect(lease.observe(owner('a'))).toBe(true)
    pass(LEASE - 1)
    expect(lease.observe(owner('a'))).toBe(true)
    pass(1)
    expect(lease.observe(owner('a'))).toBe(false)
    expect(lease.observe(owner('b'))).toBe(true)
    pass(50)
    expect(lease.observe(owner('b'))).toBe(true)
  })

  test('does not end because the wall clock jumps', () => {
    const { lease, clock } = createScene()
    lease.observe(owner('a'))
    clock.wall += 1e9
    expect(lease.observe(owner('a'))).toBe(true)
  })

  test('of nobody is over', () => {
    expect(createScene().lease.observe()).toBe(false)
  })

  test('of several owners lasts as long as one of theirs', () => {
    const { lease, pass } = createScene()
    lease.observe(owner('a'))
    pass(LEASE)
    expect(lease.observe(owner('a'), owner('b'))).toBe(true)
  })

  test('shrinks to the grace of the owner when its guard is free', async () => {
    const { lease, free, pass } = createScene()
    expect(lease.observe(owner('a~2000'))).toBe(true)
    pass(500)
    free.add('a~2000')
    await lease.wait()
    expect(lease.observe(owner('a~2000'))).toBe(true)
    pass(1_500)
    expect(lease.observe(owner('a~2000'))).toBe(false)
  })

  test('lasts its whole length if the answer is overdue, or if there is no guard', async () => {
    const { lease, free, pass } = createScene()
    for (const owned of [{ owner: 'a~0', overdue: true }, owner('b')]) {
      free.add(owned.owner)
      lease.observe(owned)
      await lease.wait()
      pass(LEASE - 1)
      expect(lease.observe(owned)).toBe(true)
    }
  })

  test('shrinks when the owner leaves unanswered for 10 seconds whether it lives', async () => {
    const { lease, pass, guards, asked } = createScene()
    const ask = async (milliseconds: number): Promise<void> => {
      await lease.wait()
      pass(milliseconds)
    }
    lease.observe(owner('a~0'))
    for (let second = 0; second < 9; second++) await ask(1_000)
    guards.heard.add('a~0')
    expect(lease.observe(owner('a~0'))).toBe(true)
    for (let second = 0; second < 9; second++) await ask(1_000)
    await ask(999)
    expect(lease.observe(owner('a~0'))).toBe(true)
    pass(1)
    expect(lease.observe(owner('a~0'))).toBe(false)
    expect(new Set(asked)).toEqual(new Set(['a~0']))
  })

  test('does not shrink because nobody has asked the owner for a while', async () => {
    const { lease, pass } = createScene()
    lease.observe(owner('a~0'))
    await lease.wait()
    pass(12_000)
    expect(lease.observe(owner('a~0'))).toBe(true)
    await lease.wait()
    pass(4_000)
    expect(lease.observe(owner('a~0'))).toBe(true)
  })
})

describe('a guard', () => {
  function createHolder(grants: boolean) {
    const held = new Set<string>()
    const guards = createGuards({
      createId: () => 'id',
      locks: {
        request(name = '') {
          if (grants) held.add(name)
          return { granted: Promise.resolve(grants ? () => held.delete(name) : undefined), cancel() {} }
        },
      },
    })
    return { guards, held }
  }

  test('is named after the owner and its grace, and ends with it', async () => {
    const { guards, held } = createHolder(true)
    expect(await guards.begin(1_875)).toBe('id~1875')
    expect([...held]).toEqual(['id~1875'])
    expect(guards.held.has('id~1875')).toBe(true)
    guards.end('id~1875')
    expect([...held]).toEqual([])
    expect(guards.held.has('id~1875')).toBe(false)
  })

  test('that is refused leaves an owner without a grace in its name', async () => {
    const { guards } = createHolder(false)
    expect(await guards.begin(0)).toBe('id')
    expect(guards.held.has('id')).toBe(true)
  })

  test('is given up when the page is hidden away', async () => {
    const { guards, held } = createHolder(true)
    const name = await guards.begin(0)
    guards.end()
    expect([...held]).toEqual([])
    expect(guards.held.has(name)).toBe(false)
  })
})
