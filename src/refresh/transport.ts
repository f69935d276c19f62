/** The types of a refresh function and of a sign-out function, and the wrapping of both as the core's transport. */

import { abortable } from '../abort.ts'
import { RefreshUnavailableError, SessionEndedError } from '../core/errors.ts'
import type { Platform, Transport } from '../core/ports.ts'
import { PROBING } from '../core/protocol/limits.ts'
import { type Outcome, outcomeOf } from '../core/responses/outcome.ts'
import type { TokenResponse } from '../core/responses/tokens.ts'
import { ownMembers } from './request.ts'

/** What a refresh function is given. */
export interface RefreshRequest {
  /** The refresh token to spend; undefined when it is in a cookie. */
  readonly refreshToken: string | undefined
  /** Names this attempt, the same for a resend: a server that replays its answer makes rotation exactly-once. */
  readonly idempotencyKey: string
  /** Aborts after `refreshTimeout`. */
  readonly signal: AbortSignal
  /** The `fetch` that was captured when the client was made. */
  readonly fetch: typeof fetch
}

/**
 * Asks the server for new tokens, once. It calls `fetch` before its first `await`, and resolves with the token response
 * or with the server's `Response`.
 *
 * It throws a {@link SessionEndedError} to report a verdict, a {@link RefreshUnavailableError} when the server refused
 * before processing; after anything else the refresh token counts as in doubt.
 */
export interface Refresh {
  /** Asks once, and never again by itself. */
  (request: RefreshRequest): Promise<TokenResponse | Response>
  /** Where the requests go: `authFetch` lets this address pass, and probes it when the network is suspect. */
  readonly endpoint?: URL
  /** Set when the client holds the refresh token, so that there is nothing to spend without one. */
  readonly holdsRefreshToken?: boolean
}

/** What a sign-out function is given. */
export interface SignOutRequest {
  /** The session's refresh token; undefined when it is in a cookie. */
  readonly refreshToken: string | undefined
  /** The session's access token; undefined when it is in a cookie, or when this tab has none. */
  readonly accessToken: string | undefined
  /** Aborts after `refreshTimeout`. */
  readonly signal: AbortSignal
  /** The `fetch` that was captured when the client was made. */
  readonly fetch: typeof fetch
}

/** Tells the server that a session is over. What it rejects with, `signOut()` rejects with. */
export type SignOut = (request: SignOutRequest) => Promise<unknown>

/** The init of a request to the authorization server; a polluted prototype adds nothing to it. */
export const requestInit = (members: RequestInit): RequestInit =>
  ownMembers({
    method: 'POST',
    // Lets the answer's Set-Cookie be stored even if the page is gone by then.
    keepalive: true,
    redirect: 'error',
    cache: 'no-store',
    ...members,
  })

export interface TransportOptions {
  readonly refresh: Refresh
  readonly onSignOut: SignOut | undefined
  readonly refreshTimeout: number
  readonly fetch: typeof fetch
}

export function createTransport(
  { refresh, onSignOut, refreshTimeout, fetch }: TransportOptions,
  { clock, lifecycle }: Pick<Platform, 'clock' | 'lifecycle'>,
): Transport {
  /** Runs `task` with a signal that aborts after `timeout`, and rejects then even if the task does not listen. */
  function within<Result>(timeout: number, task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    const { signal } = controller
    const cancel = clock.after(timeout, () => {
      controller.abort(new DOMException('the authorization server did not answer in time', 'TimeoutError'))
    })
    return abortable(() => task(signal), signal).finally(cancel)
  }

  return {
    holdsRefreshToken: refresh.holdsRefreshToken === true,

    async send(refreshToken, idempotencyKey) {
      let response: Response | undefined
      let body: string | undefined
      try {
        await within(refreshTimeout, async (signal) => {
          const result = await refresh({ refreshToken, idempotencyKey, signal, fetch })
          if (isResponse(result)) response = result
          body = response ? await response.text() : (JSON.stringify(result) ?? '')
        })
      } catch (error) {
        // Once the headers have come, the cookie jar is new, even though the body is lost.
        if (!response || (refreshToken && response.ok)) return outcomeOfError(error)
      }
      return outcomeOf(
        {
          status: response ? response.status : 200,
          body,
          retryAfter: response?.headers.get('retry-after'),
          date: response?.headers.get('date'),
          fromCookie: refreshToken === undefined,
        },
        clock.now(),
      )
    },

    async probe() {
      const { endpoint } = refresh
      // Where there is no address to ask, the browser's word must do.
      if (!endpoint) return lifecycle.isOnline()
      const init: RequestInit = { method: 'HEAD', mode: 'no-cors', credentials: 'omit', cache: 'no-store' }
      return within(PROBING, async (signal) => fetch(endpoint, ownMembers({ ...init, signal }))).then(
        () => true,
        () => false,
      )
    },

    async revoke(refreshToken, accessToken) {
      await within(refreshTimeout, async (signal) => onSignOut?.({ refreshToken, accessToken, signal, fetch }))
    },
  }

  function outcomeOfError(error: unknown): Outcome {
    if (error instanceof SessionEndedError) return { kind: 'rejected', reason: error.reason }
    if (!(error instanceof RefreshUnavailableError)) return { kind: 'doubt', error }
    return { kind: 'refused', retryAfter: error.retryAt && error.retryAt - clock.now(), error }
  }
}

const isResponse = (value: TokenResponse | Response): value is Response =>
  typeof (value as Response)?.text === 'function' && typeof (value as Response).status === 'number'
