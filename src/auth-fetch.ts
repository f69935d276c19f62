/** `authFetch`: `fetch` with the access token, a wait for it, and a retry. It knows nothing of tabs. */

import { abortable } from './abort.ts'
import { optional } from './core/optional.ts'
import type { Access } from './core/protocol/access.ts'
import type { Bearer, Session } from './core/protocol/session.ts'
import { callsForRefresh } from './core/responses/challenge.ts'

/** The init of `fetch`, and one member of our own. */
export interface AuthRequestInit extends RequestInit {
  /** `false` sends this request as it is: no token, no wait, no retry. */
  readonly auth?: boolean
}

/** An init of our own making. */
type Options = RequestInit & { auth?: boolean }

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
  /** Hears of every response to a request of a signed-in session, unless it was redirected to another origin. */
  readonly onResponse: ((response: Response, epoch: number) => void) | undefined
}

/** A stream is read once; everything else that `fetch` takes can be sent again as it is. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

/** Has no members, whatever a page adds to Object.prototype; cheaper to inherit from than null. */
const NOTHING: Options = Object.freeze(Object.create(null))

/** The members of an init, inherited ones and getters included, so that the caller's own is read once and left alone. */
function copyOf(init: AuthRequestInit | null | undefined): Options {
  const copy = Object.create(NOTHING)
  for (let part = init; part && part !== Object.prototype; part = Object.getPrototypeOf(part)) {
    for (const key of Object.getOwnPropertyNames(part)) {
      const value = (init as AuthRequestInit)[key as keyof AuthRequestInit]
      if (value !== undefined) copy[key] = value
    }
  }
  return copy
}

/** Whether a Request has no body and says nothing of its referrer, so that an init with headers changes nothing else. */
const isPlain = ({ body, referrer, referrerPolicy, mode }: Request): boolean =>
  body === null && referrer === 'about:client' && referrerPolicy === '' && mode !== 'navigate'

function cancel({ body }: Response | Request, reason?: unknown): void {
  body?.cancel(reason).catch(() => {
    // A body that cannot be cancelled any more needs no cancelling.
  })
}

export function createAuthFetch({ session, access, fetch, allowedAddress, onResponse }: AuthFetchParts): AuthFetch {
  // Captured here, so that what a page patches later sees no token.
  const { Headers, Request, URL } = globalThis
  const urlOf = Object.getOwnPropertyDescriptor(Request.prototype, 'url')?.get

  /** The true address of a Request of any realm, whatever its own members say; undefined for all else. */
  const addressOf = (input: unknown): string | undefined =>
    // Cheaper than the exception.
    typeof input === 'string' || input instanceof URL ? undefined : optional(() => urlOf?.call(input))

  const authorizationOf = ({ held }: Bearer): string | undefined =>
    held?.accessToken === undefined ? undefined : `Bearer ${held.accessToken}`

  /** Whether the server that answers was sent the token: a redirect to another origin drops it. */
  const isOurs = ({ redirected, url }: Response, address: string): boolean =>
    !redirected || url.startsWith(new URL('/', address).href)

  function hear(response: Response, address: string, { epoch }: Bearer): Response {
    if (onResponse && isOurs(response, address)) onResponse(response, epoch)
    return response
  }

  const isRefused = (response: Response, address: string): boolean =>
    response.status === 401 && isOurs(response, address) && callsForRefresh(response.headers.get('www-authenticate'))

  /** In whose name a refused request is to be sent again, if at all; then its first answer is of no use to anybody. */
  async function recover(response: Response, bearer: Bearer, signal?: AbortSignal | null): Promise<Bearer | undefined> {
    const recovered = await abortable(() => access.recover(bearer), signal).catch((reason) => {
      cancel(response)
      throw reason
    })
    // Six unread bodies block the next request of an HTTP/1.1 origin.
    if (recovered) cancel(response)
    return recovered
  }

  /**
   * Retries once; once more only if this client has replaced the token of the retry meanwhile: there are servers on which
   * a refresh revokes the access token before it.
   */
  async function retry(
    refused: Response,
    before: Bearer,
    address: string,
    send: (bearer: Bearer) => Promise<Response>,
    signal?: AbortSignal | null,
  ): Promise<Response> {
    let response = refused
    let bearer = before
    for (let retries = 0; retries < 2 && (retries === 0 || session.held !== bearer.held); retries++) {
      const recovered = await recover(response, bearer, signal)
      if (!recovered) break
      bearer = recovered
      response = hear(await send(bearer), address, bearer)
      if (!isRefused(response, address)) break
    }
    return response
  }

  function sendAddress(address: string, bearer: Bearer): Promise<Response> {
    const options = Object.create(NOTHING)
    const authorization = authorizationOf(bearer)
    if (authorization) options.headers = { Authorization: authorization }
    return fetch(address, options)
  }

  /** A string without an init: there is nothing to copy, so that it costs little more than `fetch`. */
  async function fetchAddress(url: string): Promise<Response> {
    const address = allowedAddress(url)
    if (address === undefined || session.status === 'signed-out') return fetch(url)
    const isReady = session.isReady(0)
    const bearer = isReady ? session.bearer : await access.ensure(0, false)
    // After a wait, the address under the base that the page had when it was called.
    const response = hear(await sendAddress(isReady ? url : address, bearer), address, bearer)
    if (!isRefused(response, address)) return response
    return retry(response, bearer, address, (recovered) => sendAddress(address, recovered))
  }

  async function fetchInput(...given: Parameters<AuthFetch>): Promise<Response> {
    const [input, init] = given
    // What `fetch` refuses, it refuses.
    if (!given.length || Object(init ?? given) !== (init ?? given)) return fetch(...given)
    const requested = addressOf(input)
    const request = requested === undefined ? undefined : (input as Request)
    let target: string | Request
    let options: Options
    try {
      // Read once, so that what was checked is what is sent; a template refuses symbols, as `fetch` does.
      target = request ?? `${input}`
      options = copyOf(init)
      // Headers that can be read only once are read for whoever comes first.
      if (typeof options.headers === 'object' && Symbol.iterator in options.headers) {
        options.headers = [...(options.headers as Headers)]
      }
    } catch {
      // In its own words.
      return fetch(...given)
    }
    const { auth, body = null, mode = request?.mode, signal = request?.signal } = options
    // A deletion makes every reading slower.
    if (auth !== undefined) delete options.auth
    const address = allowedAddress(requested ?? (target as string))
    if (auth === false || session.status === 'signed-out' || mode === 'no-cors' || address === undefined) {
      return fetch(target, options)
    }

    /** A Request and its own body: a member that the init has not resets its referrer, so it is copied instead. */
    const isBare = request !== undefined && body === null && !isPlain(request)
    const isReady = session.isReady(0)
    // A record, because a Headers costs more to copy, and `fetch` checks what is in it once more.
    let record: Record<string, string> = {}
    let copy: Request | undefined
    try {
      const { headers = request?.headers ?? {} } = options
      const isList = Symbol.iterator in headers
      record = isList ? Object.fromEntries(Array.isArray(headers) ? new Headers(headers) : headers) : { ...headers }
      if (options.headers !== undefined) options.headers = record
      if (Object.keys(record).some((name) => name.toLowerCase() === 'authorization')) return fetch(target, options)
      // Takes what `fetch` would take now: the address under this base, the bytes of a buffer, the body of a Request.
      if (isBare || !isReady) copy = new Request(target, options)
    } catch {
      return fetch(target, options)
    }
    const others = copy ? copyOf(options) : options
    if (copy) {
      delete others.body
      delete others.headers
    }

    function send(to: string | Request, bearer: Bearer): Promise<Response> {
      const own = typeof to === 'string' || to === request ? undefined : to
      const authorization = authorizationOf(bearer)
      if (authorization) {
        if (own) own.headers.set('Authorization', authorization)
        else options.headers = { ...record, Authorization: authorization }
      } else if (own) own.headers.delete('Authorization')
      else if (options.headers) options.headers = record
      return fetch(to, own ? others : options)
    }

    const ensure = (): Promise<Bearer> =>
      abortable(() => access.ensure(0, false), signal).catch((reason) => {
        if (copy) cancel(copy, reason)
        throw reason
      })
    const bearer = isReady ? session.bearer : await ensure()
    // Firefox does not tell whether a Request has a body.
    let spare = isBare && copy?.body !== null ? copy?.clone() : undefined
    try {
      const response = hear(await send(copy ?? target, bearer), address, bearer)
      if (!isRefused(response, address)) return response
      if (isStream(body)) {
        // The body is gone, but the next request shall fare better. `recover` tells its failures to listeners.
        void access.recover(bearer)
        return response
      }
      const sendAgain = async (recovered: Bearer): Promise<Response> => {
        // A cancelled answer counts in the keepalive quota until the next task.
        if (options.keepalive ?? request?.keepalive) await new Promise((resolve) => setTimeout(resolve))
        const again = spare ?? (isBare && copy ? copy : (request ?? address))
        spare = spare?.clone()
        return send(again, recovered)
      }
      return await retry(response, bearer, address, sendAgain, signal)
    } finally {
      if (spare) cancel(spare)
    }
  }

  // Both are async, so that nothing is ever thrown; no await comes before `fetch` when there is a valid token.
  return (...given) => {
    const [input, init] = given
    return typeof input === 'string' && init == null ? fetchAddress(input) : fetchInput(...given)
  }
}
