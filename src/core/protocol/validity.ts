/** Whether tokens may still be sent, by both clocks. */
// Decisions (ARCHITECTURE.md): D37.

import type { Clock } from '../ports.ts'
import { since } from './instant.ts'
import { leewayOf } from './schedule.ts'
import type { Held } from './view.ts'

/** How long one reading of both clocks serves a burst of calls (in milliseconds); the second clock is slow to read. */
const GLANCE = 500

/** Tells whether tokens last for at least so long (in milliseconds). */
export type Validity = (held: Held, minValidity: number) => boolean

export function createValidity(clock: Clock): Validity {
  /** The tokens that both clocks were read for, and for how long the wall clock alone is enough. */
  let asked: Held | undefined
  let askedAt = 0
  let answersUntil = 0

  return (held, minValidity) => {
    const { lifetime, receivedAt } = held
    if (lifetime === undefined) return true
    const now = clock.now()
    if (minValidity === 0 && held === asked && now >= askedAt && now < answersUntil) return true
    const rest = lifetime - Math.max(minValidity, leewayOf(lifetime)) - since(clock, receivedAt)
    asked = held
    askedAt = now
    answersUntil = now + Math.min(rest, GLANCE)
    return rest > 0
  }
}
