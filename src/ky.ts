/** A ky instance over the client. It changes ky's time-out and what ky retries. */

import ky, { type InitHook, isHTTPError, type KyInstance, type Options, TimeoutError } from 'ky'
import { abortable } from './abort.ts'
import type { AuthClient } from './auth-client.ts'
import { AuthError } from './core/errors.ts'
import type { AuthState } from './core/protocol/view.ts'

/** The options of ky, without `fetch`. */
export type KyOptions = Omit<Options, 'fetch'>

/** Ky's own default time-out (in milliseconds). */
const TIMEOUT = 10_000
/** The most that waiting for a token may add to it: for another tab's attempt, then for one of our own. */
const WAITING = 120_000
/** The longest delay of a timer. */
const LONGEST = 2 ** 31 - 1

/**
 * Makes a ky instance that sends its requests with `client.authFetch`; hooks and `extend` work as ever.
 *
 * Its `timeout` stands still while the client refreshes, for two minutes at most; to read a body by `.json()` and its
 * like, ky allows these two minutes more. `totalTimeout` counts everything. Not retried, whatever `retry` says: a 401,
 * since the client has retried it, and an `AuthError`, since the client paces its refreshes.
 */
export function createKy(client: AuthClient, options: KyOptions = {}): KyInstance {
  // Runs once a call, when the options of all levels have been merged.
  const init: InitHook = (call) => {
    const { fetch = client.authFetch, timeout = TIMEOUT } = call
    const retry = typeof call.retry === 'number' ? { limit: call.retry } : call.retry
    call.retry = {
      ...retry,
      shouldRetry(state) {
        const { error } = state
        const isFinal = error instanceof AuthError || (isHTTPError(error) && error.response.status === 401)
        return isFinal ? false : retry?.shouldRetry?.(state)
      },
    }
    if (timeout === false) return
    call.fetch = withTimeout(client, timeout, fetch)
    // Ky's own timer cannot be paused, so it gets the longest time.
    call.timeout = Math.max(timeout, Math.min(timeout + WAITING, LONGEST))
  }
  return ky.create(options).extend({ fetch: client.authFetch, hooks: { init: [init] } })
}

type Fetch = NonNullable<Options['fetch']>

function isRefreshing(state: AuthState): boolean {
  return state.status !== 'signed-out' && state.refreshing
}

/** Rejects with ky's own error when `send` takes longer than `timeout`, the time of refreshes left out. */
function withTimeout(client: AuthClient, timeout: number, send: Fetch): Fetch {
  return async (input, init) => {
    const expired = new AbortController()
    const request = input as Request
    const { referrer, referrerPolicy } = request
    // An init resets the referrer.
    const limited = new Request(request, {
      signal: AbortSignal.any([request.signal, expired.signal]),
      referrer,
      referrerPolicy,
    })
    let left = timeout
    let since: number | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const run = (): void => {
      clearTimeout(timer)
      const now = performance.now()
      if (since !== undefined) left -= now - since
      since = isRefreshing(client.getState()) ? undefined : now
      if (since !== undefined) timer = setTimeout(() => expired.abort(new TimeoutError(request)), Math.max(0, left))
    }
    const unsubscribe = client.subscribe(run)
    run()
    try {
      return await abortable(() => send(limited, init), expired.signal)
    } finally {
      unsubscribe()
      clearTimeout(timer)
    }
  }
}
