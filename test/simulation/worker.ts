// The service workers of a schedule: requests pass through them, and the browser may stop them at any moment.

import { withoutDenial } from '../../src/audiences/answers.ts'
import { createAnswerKeeper } from '../../src/core/protocol/answer-keeper.ts'
import type { Refresh } from '../../src/refresh/transport.ts'
import { createTransport } from '../../src/refresh/transport.ts'
import type { Profile } from './browser.ts'
import type { Kept, Observer } from './observer.ts'
import { type Actor, createRandom, type World } from './world.ts'

/** Gives an answer, or fails. */
export type Settle = (ends: Ends) => void

export interface Ends {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A request on its way through a worker. */
export interface Passage {
  /** The answer reaches the worker after `wait` (in milliseconds). */
  arrive(what: string, isGranted: boolean, settle: Settle, wait: number): void
}

export interface Workers {
  /** Whether the server answers the next request with a challenge, so that the refresh function sends another. */
  challenges(): boolean
  /** Whether a page that leaves hears that its request has failed, as in WebKit, and has a moment to write that. */
  failsOnLeaving(): boolean
  /** Undefined where the page has no worker; `cut` is called when the worker is stopped, because the page's request fails. */
  pass(token: string | undefined, cut: () => void): Passage | undefined
}

/** How long a worker waits for an answer (in milliseconds). */
const PATIENCE = 20_000
const STARTS = [0, 0, 5, 120]

export function createWorkers(terms: {
  readonly world: World
  readonly profile: Profile
  readonly observer: Observer
  readonly seed: number
}): Workers {
  const { world, profile, observer } = terms
  const chance = createRandom(terms.seed ^ 0x1b56c4e9)
  let count = 0
  let current = install()

  function install() {
    const actor: Actor = { name: `worker${count++}`, isCrashed: false, isFrozen: false }
    const { platform } = profile.openTab(actor)
    return { actor, platform, keeper: createAnswerKeeper(platform), cuts: new Set<() => void>() }
  }

  function stop({ actor, cuts }: typeof current): void {
    if (!world.isHostile || actor.isCrashed) return
    world.note(`${actor.name} is stopped`)
    profile.faults['worker stopped'] = (profile.faults['worker stopped'] ?? 0) + 1
    actor.isCrashed = true
    observer.interruptions++
    profile.releaseAll(actor)
    for (const cut of cuts) cut()
  }

  return {
    challenges: () => world.isHostile && chance() < 0.1,
    failsOnLeaving: () => world.isHostile && chance() < 0.5,
    pass(token, cut) {
      // A page that was reloaded without its cache has no worker.
      const isControlled = !world.isHostile || chance() > 0.15
      // Another version may take over while the one before waits for an answer.
      if (current.actor.isCrashed || (world.isHostile && chance() < 0.15)) current = install()
      const worker = current
      const { actor, platform, keeper, cuts } = worker
      if (world.isHostile && chance() < 0.25) {
        const delay = Math.floor(chance() * 1_500)
        world.after(delay, undefined, `the browser stops ${actor.name}`, () => stop(worker))
      }
      if (token === undefined || !isControlled) return undefined
      cuts.add(cut)
      const kept: Kept = { actor, token, isOver: false, isGranted: false, isAlone: true, markedAt: undefined, jumps: 0 }
      observer.keeps.push(kept)
      let ends: Ends | undefined
      const answer = new Promise<unknown>((resolve, reject) => {
        ends = { resolve, reject }
      })
      answer.catch(() => {})
      const refresh: Refresh = Object.assign(() => withoutDenial(answer as Promise<never>), { holdsRefreshToken: true })
      const transport = createTransport({ refresh, onSignOut: undefined, refreshTimeout: PATIENCE, fetch }, platform)
      world.after(STARTS[Math.floor(chance() * STARTS.length)] ?? 0, actor, 'hears a request', () => {
        keeper
          .keep((refreshToken) => refreshToken === token, transport.send({ refreshToken: token }))
          .then(
            () => {
              kept.isOver = true
            },
            () => observer.keeps.splice(observer.keeps.indexOf(kept), 1),
          )
      })
      return {
        arrive(what, isGranted, settle, wait) {
          world.after(wait, actor, `${what} for ${token}`, () => {
            // After its time-out, the worker no longer listens.
            kept.isGranted = isGranted && !kept.isOver
            // Of any other answer there is nothing to wait for.
            kept.isOver ||= !isGranted
            cuts.delete(cut)
            settle(ends as Ends)
          })
        },
      }
    },
  }
}
