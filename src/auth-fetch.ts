/** `authFetch`: `fetch` with the access token, a wait for it, and a retry. It knows nothing of tabs. */
// Decisions (ARCHITECTURE.md): D33, D34, D35, D38.

import { abortable } from './abort.ts'
import {
  type AskedRequest,
  type AuthRequestInit,
  copyInit,
  createReadRequest,
  emptyInit,
  hasAuthorization,
  NO_HEADERS,
  type OwnHeaders,
  type OwnInit,
  setAuthorization,
  withAuthorization,
} from './asked-request.ts'
import { optional } from './core/optional.ts'
import type { Access } from './core/protocol/access.ts'
import type { Bearer, Session } from './core/protocol/session.ts'
import { callsForRefresh } from './core/responses/challenge.ts'
import type { FetchBinding } from './refresh/proofs.ts'

/**
 * `fetch`, as this library extends it; assignable to `typeof fetch`.
 *
 * Bodies are sent as they are, and again after a 401. Two are special: a stream in the init is sent once, so that its 401
 * is returned; a stream in a Request is kept in memory until its answer comes.
 */
export type AuthFetch = (input: RequestInfo | URL, init?: AuthRequestInit) => Promise<Response>

export interface AuthFetchParts {
  readonly session: Session
  readonly access: Access
  readonly fetch: typeof fetch
  /** The absolute address, if it may carry the token. */
  allowedAddress(url: string): string | undefined
  /** The word before the token (RFC 9110 section 11.1). */
  readonly scheme: string
  /** Whether a response says that the token was refused; undefined: a 401 that a new token can fix. */
  readonly isRefused: ((response: Response) => boolean | Promise<boolean>) | undefined
  report(error: unknown): void
  /** Sends requests whose token is bound to a key. */
  readonly binding: FetchBinding | undefined
  /** Called with every response to a request of a session, unless it was redirected to another origin. */
  readonly onResponse?: ((response: Response, epoch: number) => unknown) | undefined
}

/** A stream is read once; everything else that `fetch` takes can be sent again as it is. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

/** Whether a Request has no body and the default referrer, so that an init with headers changes nothing else. */
const isPlain = ({ body, referrer, referrerPolicy, mode }: Request): boolean =>
  body === null && referrer === 'about:client' && referrerPolicy === '' && mode !== 'navigate'

function cancel(message: Response | Request | undefined, reason?: unknown): void {
  message?.body?.cancel(reason).catch(() => {
    // It is being read, or was read or cancelled: that is no problem.
  })
}

export function createAuthFetch(parts: AuthFetchParts): AuthFetch {
  const { session, access, fetch, allowedAddress, scheme, binding, onResponse } = parts
  // Captured here, so that what a page patches later sees no token.
  const { Request, URL } = globalThis
  const readRequest = createReadRequest(Request, URL)

  /** Whether the server that answers was sent the token: a redirect to another origin drops it. */
  const isOurs = ({ redirected, url }: Response, address: string): boolean =>
    !redirected || url.startsWith(new URL('/', address).href)

  /** Returns a promise only if the option `isRefused` decides, so that other calls do not wait. */
  const isRefused = (response: Response, address: string): boolean | Promise<boolean> =>
    (parts.isRefused || response.status === 401) &&
    isOurs(response, address) &&
    (parts.isRefused
      ? askIsRefused(response.clone())
      : callsForRefresh(response.headers?.get?.('www-authenticate') ?? null, session.held?.proofs ? 'DPoP' : scheme))

  /** Gives a copy to the option `isRefused`, and cancels it afterwards: the browser keeps an unread copy in memory. */
  async function askIsRefused(copy: Response): Promise<boolean> {
    try {
      return Boolean(await parts.isRefused?.(copy))
    } catch (error) {
      parts.report(error)
      return false
    } finally {
      cancel(copy)
    }
  }

  /**
   * Sends one attempt; the token is attached here and nowhere else. It joins the headers, or, where there are none, those
   * of the target, which is a Request of our own then.
   */
  function send(target: string | Request, init: OwnInit, bearer: Bearer, headers?: OwnHeaders): Promise<Response> {
    const { held } = bearer
    const authorization = held?.authorization
    if (!headers) setAuthorization((target as Request).headers, authorization)
    else if (authorization) init.headers = withAuthorization(headers, authorization)
    else if (init.headers) init.headers = headers
    return held?.proofs && binding ? binding.send(target, init, bearer) : fetch(target, init as RequestInit)
  }

  /**
   * Sends a request, and again if the token was refused: once, and once more only if this client has replaced the token of
   * the retry meanwhile. There are servers on which a refresh revokes the access token before it.
   */
  async function sendUntilTaken(
    first: Bearer,
    address: string,
    attempt: (bearer: Bearer, retries: number) => Promise<Response>,
    mayRetry = true,
    signal?: AbortSignal | null,
  ): Promise<Response> {
    let bearer = first
    for (let retries = 0; ; retries++) {
      const response = await attempt(bearer, retries)
      if (onResponse && isOurs(response, address)) onResponse(response, bearer.epoch)
      const refused = isRefused(response, address)
      if (!refused || !(await refused)) return response
      if (!mayRetry) {
        // Refresh for the next request; `recover` reports failures to listeners.
        void access.recover(bearer)
        return response
      }
      if (retries > 1 || (retries > 0 && session.held === bearer.held)) return response
      const before = bearer
      const recovered = await abortable(() => access.recover(before), signal).catch((reason) => {
        cancel(response)
        throw reason
      })
      if (!recovered) return response
      // Six unread bodies would block the next request to an HTTP/1.1 origin.
      cancel(response)
      bearer = recovered
    }
  }

  /** A string without an init: there is nothing to copy, so that it costs little more than `fetch`. */
  function fetchAddress(url: string, address: string): Promise<Response> {
    const isReady = session.isReady(0)
    const sendAll = (first: Bearer): Promise<Response> =>
      sendUntilTaken(first, address, (bearer, retries) =>
        // After a wait, the address under the base that the page had when it was called.
        send(isReady && !retries ? url : address, emptyInit(), bearer, NO_HEADERS),
      )
    return isReady ? sendAll(session.bearer) : access.ensure(0, false).then(sendAll)
  }

  async function fetchAsked(
    asked: AskedRequest,
    address: string,
    signal: AbortSignal | null | undefined,
  ): Promise<Response> {
    const { request, target, init, headers } = asked
    const { body = null, keepalive = request?.keepalive } = init
    /** A Request and its own body: a member that the init has not resets its referrer, so it is copied instead. */
    const isBare = request !== undefined && body === null && !isPlain(request)
    const isReady = session.isReady(0)
    let copy: Request | undefined
    try {
      // Takes what `fetch` would take now: the address under this base, the bytes of a buffer, the body of a Request.
      if (isBare || (!isReady && Request)) copy = new Request(target, init as RequestInit)
    } catch {
      return fetch(target, init as RequestInit)
    }
    const others = copyInit(copy && init)
    delete others.body
    delete others.headers

    const first = isReady
      ? session.bearer
      : await abortable(() => access.ensure(0, false), signal).catch((reason) => {
          cancel(copy, reason)
          throw reason
        })
    // Firefox does not tell whether a Request has a body.
    let spare = isBare && copy?.body !== null ? copy?.clone() : undefined
    const attempt = async (bearer: Bearer, retries: number): Promise<Response> => {
      let own = copy
      if (retries) {
        // A cancelled answer counts in the keepalive quota until the next task.
        if (keepalive) await new Promise((resolve) => setTimeout(resolve))
        own = spare ?? (isBare ? copy : undefined)
        spare = spare?.clone()
      }
      return own ? send(own, others, bearer) : send(retries ? (request ?? address) : target, init, bearer, headers)
    }
    try {
      // A stream cannot be sent again.
      return await sendUntilTaken(first, address, attempt, !isStream(body), signal)
    } finally {
      cancel(spare)
    }
  }

  // Not async: with a valid token, no await may come before `fetch`, and its promise is returned as it is.
  function start(...given: Parameters<AuthFetch>): Promise<Response> {
    const [input, init] = given
    if (typeof input === 'string' && init == null) {
      const address = allowedAddress(input)
      return address === undefined || session.status === 'signed-out' ? fetch(input) : fetchAddress(input, address)
    }
    // `fetch` gives the right error if there is no input, if the init is no object, or if they cannot be read.
    const isReadable = given.length && Object(init ?? given) === (init ?? given)
    const asked = isReadable && optional(() => readRequest(input, init))
    if (!asked) return fetch(...given)
    const { request, target, url, auth, headers } = asked
    const { mode = request?.mode, signal = request?.signal } = asked.init
    const address = allowedAddress(url)
    const isLeftAlone =
      auth === false ||
      address === undefined ||
      session.status === 'signed-out' ||
      mode === 'no-cors' ||
      signal?.aborted ||
      hasAuthorization(headers)
    return isLeftAlone ? fetch(target, asked.init as RequestInit) : fetchAsked(asked, address, signal)
  }

  const authFetch: AuthFetch = (...given) => {
    try {
      return start(...given)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return Object.defineProperty(authFetch, 'length', { value: 1 })
}
