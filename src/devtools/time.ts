/** One clock for all tabs of this machine, with fractions of milliseconds; exercises that shift clocks do not touch it. */

import { duration } from './words.ts'

export { clockTime, duration } from './words.ts'

const wall = Date.now.bind(Date)
const monotonic = performance.now.bind(performance)
/** The monotonic clock stands still while the machine sleeps (in milliseconds). */
const DRIFT = 100

let origin = performance.timeOrigin

/** In milliseconds since the epoch. */
export function now(): number {
  const fine = origin + monotonic()
  if (Math.abs(wall() - fine) <= DRIFT) return fine
  origin = wall() - monotonic()
  return wall()
}

export const later: typeof setTimeout = setTimeout.bind(globalThis) as typeof setTimeout

export const pause = (delay: number): Promise<void> => new Promise((resolve) => later(resolve, delay))

/** As `8 s`, for what runs down. */
export const countdown = (milliseconds: number): string =>
  duration(Math.ceil(Math.max(0, milliseconds) / 1_000) * 1_000).replace('.0 ', ' ')

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
