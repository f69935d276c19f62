// One virtual browser profile: what its tabs share (ledger, lock, channel, cookie jar) and the platform of each tab.

import { type Change, type Entry, readEntry } from '../../src/core/entry/entry.ts'
import type { LifecycleEvent, Platform } from '../../src/core/ports.ts'
import type { Denial } from './audiences.ts'
import type { Fate } from './network.ts'
import type { Observer } from './observer.ts'
import type { Actor, World } from './world.ts'

export interface Profile {
  entry: Entry | undefined
  jar: string | undefined
  /** Who began the epoch of the ledger. */
  founder: Actor | undefined
  /** Rises with every login and sign-out that reaches the jar. */
  jarEpoch: number
  logins: number
  /** Two logins ran at once: the application itself sent two cookies on their way. */
  hasCrossedLogins: boolean
  /** A late answer has replaced the cookie of a newer session: what comes next is of the older one. */
  isJarMixed: boolean
  /** What becomes of the next refresh requests, whatever is chosen. */
  readonly fates: Fate[]
  /** What the server has against the audiences that are asked for next, whatever is chosen. */
  readonly denials: Denial[]
  /** Whether nothing but a refresh request reaches a server. */
  isDown: boolean
  /** Whether the next refresh request is late, whatever is chosen. */
  delaysNext: boolean
  /** Late requests by their token: the server hears them after the next request with the same one. */
  readonly overtaken: Map<string | undefined, () => void>
  /** Fault counts by kind. */
  readonly faults: Record<string, number>
  /** The ledger is lost, or only what a session wrote to it last. */
  wipe(isSetBack: boolean): void
  steal(): void
  /** The page is gone, or in a cache that keeps no locks. */
  releaseAll(actor: Actor): void
  heldBy(actor: Actor): number
  /** `isOlder`: of a version that knows no audiences. */
  openTab(actor: Actor, kind?: TabKind, isOlder?: boolean): Tab
}

/** A tab of a version that knows no guards, or in a browser without Web Locks. */
export type TabKind = 'new' | 'without guards' | 'without locks'

export interface Tab {
  readonly platform: Platform
  isHidden: boolean
  fire(event: LifecycleEvent): void
  /** What the tab has left open. */
  leftovers(): readonly string[]
  readonly reports: unknown[]
}

interface Waiter {
  readonly actor: Actor
  readonly name: string
  readonly grant: () => void
  readonly lose: () => void
}

/** What the lock of the client's name is called here. */
const LOCK = ''

export function createProfile(world: World, observer: () => Observer): Profile {
  const faults: Record<string, number> = {}
  /** For each name its holder, and who waits for it. */
  const queues = new Map<string, Waiter[]>()
  const ears = new Map<Actor, (message: unknown) => void>()
  const heard = new Map<string, number>()
  const past: Entry[] = []

  const count = (kind: string): void => {
    faults[kind] = (faults[kind] ?? 0) + 1
    world.note(`! ${kind}`)
  }
  const isStruck = (kind: string, oneIn: number): boolean => {
    if (!world.isHostile || world.choose(oneIn) !== oneIn - 1) return false
    count(kind)
    return true
  }

  const waitersOf = (name: string): Waiter[] => {
    const waiters = queues.get(name) ?? []
    queues.set(name, waiters)
    return waiters
  }
  const all = (): Waiter[] => [...queues.values()].flat()

  function release(waiter: Waiter): void {
    const waiters = waitersOf(waiter.name)
    const place = waiters.indexOf(waiter)
    if (place < 0) return
    waiters.splice(place, 1)
    if (place === 0) waiters[0]?.grant()
    if (waiters.length === 0) queues.delete(waiter.name)
  }

  const profile: Profile = {
    entry: undefined,
    jar: undefined,
    founder: undefined,
    jarEpoch: 0,
    logins: 0,
    hasCrossedLogins: false,
    isJarMixed: false,
    fates: [],
    denials: [],
    isDown: false,
    delaysNext: false,
    overtaken: new Map(),
    faults,
    wipe(isSetBack) {
      count(isSetBack ? 'ledger set back' : 'ledger wiped')
      const older = past.filter(
        ({ epoch, status }) => epoch === profile.entry?.epoch && status === profile.entry.status,
      )
      profile.entry = isSetBack ? older[world.choose(older.length)] : undefined
      world.elapsed += 10
      observer().wipes++
    },
    steal() {
      const [holder] = waitersOf(LOCK)
      if (!holder) return
      count('lock stolen')
      release(holder)
    },
    releaseAll(actor) {
      // Those who wait go first, so that none of them is granted a lock that the same page held.
      for (const waiter of all().reverse()) {
        if (waiter.actor !== actor) continue
        release(waiter)
        waiter.lose()
      }
      ears.delete(actor)
    },
    heldBy: (actor) => all().filter((one) => one.actor === actor).length,
    openTab,
  }

  /** What a version reads and writes that knows no audiences. */
  function withoutAudiences<Known extends Entry | null | undefined>(entry: Known): Known {
    if (!entry) return entry
    const { obtained: _, attempt, ...rest } = entry
    return { ...rest, attempt: attempt && { ...attempt, audience: undefined, denied: undefined } } as Known
  }

  function openTab(actor: Actor, kind: TabKind = 'new', isOlder = false): Tab {
    const seen = isOlder ? withoutAudiences : <Known>(entry: Known): Known => entry
    const timers = new Set<object>()
    const listeners = new Set<(event: LifecycleEvent) => void>()
    const reports: unknown[] = []
    let ids = 0
    let isLedgerClosed = false

    /** The transaction itself needs no tab; only its answer does. */
    function transact<Result>(
      label: string,
      work: (entry: Entry | undefined) => Result,
      overwrites = false,
    ): Promise<Result> {
      return new Promise((resolve, reject) => {
        const isSlow = world.isHostile && world.choose(8) === 7
        world.after(isSlow ? 3 : 0, undefined, `${actor.name} ${label}`, () => {
          if (actor.isCrashed) return
          const fails = isStruck('transaction failed', 60)
          const isUnreadable = fails && !overwrites && isStruck('record unreadable', 4)
          const entry = isUnreadable ? readEntry(null) : profile.entry
          if ((fails && !isUnreadable) || entry === null) {
            world.after(0, actor, 'transaction failed', () => reject(new Error('transaction failed')))
            return
          }
          const result = work(seen(entry))
          world.after(0, actor, `${label} done`, () => resolve(result))
        })
      })
    }

    const tab: Tab = {
      isHidden: false,
      reports,
      fire: (event) => {
        for (const listener of [...listeners]) listener(event)
      },
      leftovers: () => [
        ...(timers.size ? ['timer'] : []),
        ...(listeners.size ? ['listener'] : []),
        ...(ears.has(actor) ? ['channel'] : []),
        ...(profile.heldBy(actor) ? ['lock'] : []),
        ...(isLedgerClosed ? [] : ['ledger']),
      ],
      platform: {
        degraded: [],
        clock: {
          now: world.wall,
          elapsed: () => world.elapsed,
          after(delay, callback) {
            const timer = {}
            timers.add(timer)
            const cancel = world.after(Math.max(0, delay), actor, 'timer', () => {
              timers.delete(timer)
              callback()
            })
            return () => {
              timers.delete(timer)
              cancel()
            }
          },
        },
        random: world.random,
        createId: () => `${actor.name}-${ids++}`,
        report: (error) => reports.push(error),
        warn: () => {},
        locks: {
          request(name = LOCK) {
            let resolve: (release: (() => void) | undefined) => void = () => {}
            const granted = new Promise<(() => void) | undefined>((settle) => {
              resolve = settle
            })
            const isGuard = name !== LOCK
            const isRefused = kind === 'without locks' || (isGuard && kind === 'without guards')
            const isStruckNow = !isRefused && isGuard && isStruck('guard refused', 40)
            observer().isGuardRefused ||= isStruckNow
            if (isRefused || isStruckNow) {
              resolve(undefined)
              return { granted, cancel: () => {} }
            }
            const waiters = waitersOf(name)
            const waiter: Waiter = {
              actor,
              name,
              grant: () =>
                world.after(0, actor, isGuard ? `guard ${name} granted` : 'lock granted', () =>
                  // A cache that keeps no locks has dropped it by now.
                  resolve(waitersOf(name).includes(waiter) ? () => release(waiter) : undefined),
                ),
              // The page hears of it when it is back.
              lose: () => world.after(0, actor, 'lock lost', () => resolve(undefined)),
            }
            waiters.push(waiter)
            if (waiters[0] === waiter) waiter.grant()
            const cancel = (): void => {
              if (!waiters.includes(waiter) || waiters[0] === waiter) return
              release(waiter)
              resolve(undefined)
            }
            return { granted, cancel }
          },
        },
        channel: {
          open: (listener) => ears.set(actor, listener),
          close: () => ears.delete(actor),
          post(message) {
            observer().posted(message)
            for (const to of ears.keys()) {
              if (to === actor || isStruck('message lost', 12)) continue
              const isLate = isStruck('message late', 8)
              const key = `${actor.name}>${to.name}`
              // Messages of one sender keep their order.
              const due = Math.max(heard.get(key) ?? 0, world.elapsed + (isLate ? 150 : 0))
              heard.set(key, due)
              world.after(due - world.elapsed, to, `hears ${actor.name}`, () => ears.get(to)?.(message))
            }
          },
        },
        ledger: {
          shared: true,
          read: () => transact('reads', (entry) => entry),
          update: <Result>(transition: (entry: Entry | undefined) => Change<Result>, overwrites?: boolean) =>
            transact(
              'writes',
              (entry) => {
                const change = transition(entry)
                if (change.entry) {
                  observer().committed(profile.entry, change.entry, isOlder)
                  const { attempt, epoch, generation, status } = change.entry
                  world.note(
                    `  ledger ${epoch}/${generation} ${status}${attempt ? ` attempt ${attempt.owner}${attempt.audience ? ` for ${attempt.audience}` : ''}${attempt.doubt ? ' in doubt' : ''}${attempt.denied ? ', denied' : ''}` : ''}`,
                  )
                  if (change.entry.epoch !== profile.entry?.epoch) profile.founder = actor
                  past.push(change.entry)
                  profile.entry = change.entry
                }
                return change.result
              },
              overwrites,
            ),
          close() {
            isLedgerClosed = true
          },
        },
        lifecycle: {
          isHidden: () => tab.isHidden,
          isOnline: () => true,
          listen(listener) {
            listeners.add(listener)
            return () => listeners.delete(listener)
          },
        },
      },
    }
    return tab
  }

  return profile
}
