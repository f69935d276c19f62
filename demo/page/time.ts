// One clock for all tabs of this machine, with fractions of milliseconds; exercises that shift clocks do not touch it.

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

export const later = setTimeout.bind(window)

export const pause = (delay: number): Promise<void> => new Promise((resolve) => later(resolve, delay))

const two = (value: number): string => String(value).padStart(2, '0')

/** As `12:04:31`. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** As `38 ms`, `2.4 s`, `12 s`, `4 min 10 s`. */
export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  if (size < 10) return `${milliseconds.toFixed(1)} ms`
  if (size < 1_000) return `${Math.round(milliseconds)} ms`
  if (size < 10_000) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  return Math.abs(seconds) < 90 ? `${seconds} s` : `${Math.trunc(seconds / 60)} min ${Math.abs(seconds) % 60} s`
}

/** As `8 s`, for what runs down. */
export const countdown = (milliseconds: number): string =>
  duration(Math.ceil(Math.max(0, milliseconds) / 1_000) * 1_000).replace('.0 ', ' ')

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
