/** The types of a refresh function and of a sign-out function, and the wrapping of both as the core's transport. */
// Decisions (ARCHITECTURE.md): D4.

import { abortable } from '../abort.ts'
import { check, RefreshUnavailableError, SessionEndedError, TokenResponseError } from '../core/errors.ts'
import type { Platform, Transport } from '../core/ports.ts'
import { PROBING } from '../core/protocol/limits.ts'
import { answered, type Outcome, outcomeOf, parseObject } from '../core/responses/outcome.ts'
import type { TokenResponse } from '../core/responses/tokens.ts'
import { pageOrigin } from '../platform/page.ts'
import type { FetchBinding, JudgingProof } from './proofs.ts'
import { ownMembers } from './request.ts'

/** What a refresh function is given. */
export interface RefreshRequest {
  /** The refresh token to spend; undefined when it is in a cookie. */
  readonly refreshToken: string | undefined
  /** The newest access token, where the refresh function `needsAccessToken`. */
  readonly accessToken: string | undefined
  /** For whom the access token is, where the client has `audiences`; undefined for the session's own audience. */
  readonly audience?: string | undefined
  /** What the option `audiences` adds to the request for this audience. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Names this attempt, the same for a resend: a server that replays its answer makes rotation exactly-once. */
  readonly idempotencyKey: string
  /** The `DPoP` header, where the client has `proofs` (RFC 9449 section 5): for one request, to `endpoint`. */
  readonly proof: string | undefined
  /** Aborts after `refreshTimeout`. */
  readonly signal: AbortSignal
  /** The `fetch` that was captured when the client was made. */
  readonly fetch: typeof fetch
}

/**
 * Makes a token response of an answer of another shape. It may read the body, and is asked of errors too: it throws a
 * {@link SessionEndedError} to report a verdict, a {@link RefreshUnavailableError} when the server refused before
 * processing. With undefined, with whatever else it throws, and after an error status, the answer is read as ever.
 */
export type ReadResponse = (response: Response) => TokenResponse | undefined | Promise<TokenResponse | undefined>

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
  /** Set when a refresh needs the access token too, so that it is kept in IndexedDB beside the refresh token. */
  readonly needsAccessToken?: boolean
  /** Reads what it resolves with, and what a login resolves with, if that is a Response. */
  readonly read?: ReadResponse | undefined
  /** Whether the server replays its answer for an Idempotency-Key: then nobody waits for the answer to a page that is gone. */
  readonly replays?: boolean
  /** Further parameters of its requests, for the exchange of a code by `authfetch/login`, which is to bring such a token too. */
  readonly parameters?: () => Readonly<Record<string, string>>
}

/** A refresh function that resolves with the answer of the server, whatever that is. */
export interface ServerRefresh extends Refresh {
  /** Asks once, and never again by itself. */
  (request: RefreshRequest): Promise<Response>
  /** Where the requests go. */
  readonly endpoint: URL
}

/** What a sign-out function is given. */
export interface SignOutRequest {
  /** The session's refresh token; undefined when it is in a cookie. */
  readonly refreshToken: string | undefined
  /** The session's access token; undefined when it is in a cookie, or when this tab has none. */
  readonly accessToken: string | undefined
  /** Aborts after `refreshTimeout`. */
  readonly signal: AbortSignal
  /** The `fetch` that was captured when the client was made; it adds proofs, where the client has them. */
  readonly fetch: typeof fetch
}

/** Tells the server that a session is over. What it rejects with, `signOut()` rejects with. */
export type SignOut = (request: SignOutRequest) => Promise<unknown>

/** Checks `read`, and makes one refresh function of a request and what there is to know of it. */
export function asRefresh(
  request: (request: RefreshRequest) => Promise<Response>,
  traits: Omit<ServerRefresh, never>,
): ServerRefresh {
  check(traits.read === undefined || typeof traits.read === 'function', 'read', 'a function')
  return Object.assign(request, traits)
}

export interface TransportOptions {
  readonly refresh: Refresh
  readonly onSignOut: SignOut | undefined
  readonly refreshTimeout: number
  readonly fetch: typeof fetch
  readonly binding?: FetchBinding | undefined
}

export function createTransport(
  { refresh, onSignOut, refreshTimeout, fetch, binding }: TransportOptions,
  { clock, lifecycle }: Pick<Platform, 'clock' | 'lifecycle'>,
): Transport {
  /** Runs `task` with a signal that aborts after `timeout`, and rejects then even if the task does not listen. */
  function within<Result>(timeout: number, task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    const { signal } = controller
    const cancel = clock.after(timeout, () => {
      controller.abort(new DOMException('the server does not answer', 'TimeoutError'))
    })
    return abortable(() => task(signal), signal).finally(cancel)
  }

  /** Whether the last probe was answered, and no request has failed since. */
  let isReachable = false

  return {
    holdsRefreshToken: refresh.holdsRefreshToken === true,
    needsAccessToken: refresh.needsAccessToken === true,
    outlivesPage: !refresh.holdsRefreshToken && !refresh.replays,

    binding,

    async send(claim, prepared) {
      const { refreshToken, kept: accessToken, attempt } = claim
      let response: Response | undefined
      let body: string | undefined
      let mapped: object | undefined
      try {
        await within(refreshTimeout, async (signal) => {
          const result = await refresh({
            refreshToken,
            accessToken,
            idempotencyKey: attempt?.id ?? '',
            proof: prepared?.proof,
            signal,
            fetch,
          })
          if (isResponse(result)) {
            response = result
            mapped = await map(result)
            body = await result.text()
          } else {
            // A URLSearchParams or a Map has no members of its own, and would pass for "both tokens are in cookies".
            body = Symbol.toStringTag in Object(result) ? '[]' : (JSON.stringify(result) ?? '')
          }
        })
      } catch (error) {
        // Once the headers have come, the cookie jar is new, even though the body is lost.
        if (!response || isWord(error) || (refreshToken && response.ok)) return outcomeOfError(error, response)
      }
      const outcome = outcomeOf(
        {
          status: response ? statusOf(response) : 200,
          body,
          mapped,
          header: (name) => response?.headers.get(name),
          fromCookie: refreshToken === undefined,
          binding,
        },
        clock.now(),
      )
      return (response && (prepared as JudgingProof | undefined)?.judge(outcome, response, body, claim)) ?? outcome
    },

    async read(login) {
      if (!isResponse(login)) return login
      const status = statusOf(login)
      if (!login.ok) throw Object.assign(new TokenResponseError(answered(status)), { status, response: login })
      return (await map(login)) ?? (status === 204 ? {} : parseObject(await login.text()))
    },

    async probe() {
      const { endpoint } = refresh
      // Where there is no address to ask, the browser's word must do.
      if (!endpoint) return lifecycle.isOnline()
      const ask = (init: RequestInit): Promise<unknown> =>
        fetch(endpoint, ownMembers<RequestInit>({ method: 'HEAD', credentials: 'omit', cache: 'no-store', ...init }))
      isReachable = await within(PROBING, async (signal) => {
        // A Cross-Origin-Resource-Policy hides the answer from no-cors only; CORS hides it from the other one.
        await ask({ mode: 'no-cors', signal }).catch(() => ask({ redirect: 'manual', signal }))
        return true
      }).catch(() => false)
      return isReachable
    },

    async revoke(session, accessToken) {
      const { refreshToken, bound } = session ?? {}
      const send = binding?.fetch(bound) ?? fetch
      await within(refreshTimeout, async (signal) => onSignOut?.({ refreshToken, accessToken, signal, fetch: send }))
    },
  }

  /** What `read` makes of a copy, or what it throws to say it; where it merely fails, its message may quote the body. */
  async function map(response: Response): Promise<object | undefined> {
    try {
      return await refresh.read?.(response.clone())
    } catch (error) {
      if (isWord(error)) throw error
      return undefined
    }
  }

  function outcomeOfError(error: unknown, response?: Response): Outcome {
    if (error instanceof SessionEndedError) return { kind: 'rejected', reason: error.reason }
    // What a page's CORS refuses looks like a dead network, but the probe, which needs none, was answered.
    const isHidden = isReachable && !response && refresh.endpoint?.origin !== pageOrigin()
    // `fetch` throws a TypeError, and a DOMException when it is aborted: what else a refresh function throws is its own.
    const isMistake = error instanceof TypeError ? isHidden : error instanceof Error && !(error instanceof DOMException)
    isReachable = false
    if (!(error instanceof RefreshUnavailableError)) return { kind: 'doubt', isMistake, error }
    return { kind: 'refused', retryAfter: error.retryAt && error.retryAt - clock.now(), error }
  }
}

export const isResponse = (value: unknown): value is Response =>
  typeof (value as Response)?.text === 'function' && typeof (value as Response).status === 'number'

/** A redirect that was not followed has no status of its own. */
const statusOf = ({ type, status }: Response): number => (type === 'opaqueredirect' ? 302 : status)

/** What a refresh function says by throwing it. */
const isWord = (error: unknown): boolean =>
  error instanceof SessionEndedError || error instanceof RefreshUnavailableError
