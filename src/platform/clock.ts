/** The clocks and timers of the browser. */

import type { Cancel, Clock } from '../core/ports.ts'

/** Longer delays overflow `setTimeout` and fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

export function createClock(): Clock {
  function after(delay: number, callback: () => void): Cancel {
    let timer: ReturnType<typeof setTimeout>
    const wait = (rest: number): void => {
      const step = Math.min(rest, LONGEST_TIMEOUT)
      timer = setTimeout(() => (rest > step ? wait(rest - step) : callback()), step)
    }
    wait(delay)
    return () => clearTimeout(timer)
  }
  return { now: () => Date.now(), elapsed: () => performance.now(), after }
}
