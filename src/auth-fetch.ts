/** `authFetch`: `fetch` with the access token, a wait for it, and one retry. It knows nothing of tabs. */

import { abortable } from './abort.ts'
import type { Access } from './core/access.ts'
import { callsForRefresh } from './core/challenge.ts'
import type { Session } from './core/session.ts'

/** The init of `fetch`, and one member of our own. */
export interface AuthRequestInit extends RequestInit {
  /** `false` sends this request as it is: no token, no wait, no retry. */
  readonly auth?: boolean
}

/** `fetch`, as this library extends it; assignable to `typeof fetch`. */
export type AuthFetch = (input: RequestInfo | URL, init?: AuthRequestInit) => Promise<Response>

export interface AuthFetchParts {
  readonly session: Session
  readonly access: Access
  readonly fetch: typeof fetch
  isAllowed(url: string): boolean
  /** Hears of every response to a request of a signed-in session. */
  onResponse(response: Response, epoch: number): void
}

/** A stream is read once; everything else that `fetch` takes can be sent again as it is. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

/** The members of an init, inherited ones and getters included, so that the caller's own is read once and left alone. */
function copyOf(init: AuthRequestInit): AuthRequestInit {
  const copy = Object.create(null)
  for (let part = init; part && part !== Object.prototype; part = Object.getPrototypeOf(part)) {
    for (const key of Object.getOwnPropertyNames(part)) {
      const value = init[key as keyof AuthRequestInit]
      if (value !== undefined) copy[key] = value
    }
  }
  return copy
}

function cancel({ body }: Response | Request): void {
  body?.cancel().catch(() => {
    // A body that cannot be cancelled any more needs no cancelling.
  })
}

export function createAuthFetch({ session, access, fetch, isAllowed, onResponse }: AuthFetchParts): AuthFetch {
  // Captured here, so that what a page patches later sees no token.
  const { Headers, Request } = globalThis
  const urlOf = Object.getOwnPropertyDescriptor(Request.prototype, 'url')?.get

  /** The true address of a Request of any realm, whatever its own members say; undefined for all else. */
  function addressOf(input: unknown): string | undefined {
    try {
      return urlOf?.call(input)
    } catch {
      return undefined
    }
  }

  // Async, so that nothing is ever thrown; no await comes before `fetch` when there is a valid token.
  return async (...given) => {
    const [input, init] = given
    // What `fetch` refuses, it refuses.
    if (!given.length || Object(init ?? given) !== (init ?? given)) return fetch(...given)
    const address = addressOf(input)
    const request = address === undefined ? undefined : (input as Request)
    let target: string | Request
    let own: AuthRequestInit
    try {
      // Read once, so that what was checked is what is sent; a template refuses symbols, as `fetch` does.
      target = request ?? `${input}`
      own = copyOf(init ?? {})
    } catch {
      // In its own words.
      return fetch(...given)
    }
    const { auth, ...options } = own
    const { body = null, mode = request?.mode, signal = request?.signal } = options
    if (
      auth === false ||
      session.status === 'signed-out' ||
      mode === 'no-cors' ||
      !isAllowed(address ?? (target as string)) ||
      (body === null && (request?.bodyUsed || request?.body?.locked))
    ) {
      return fetch(target, options)
    }

    let headers: Headers
    try {
      headers = new Headers(options.headers === undefined ? request?.headers : options.headers)
    } catch {
      return fetch(target, options)
    }
    // A member that the init has not might reset the Request's referrer, so its headers are set on a copy of it.
    const isBare = request && options.headers === undefined && body === null
    if (options.headers) options.headers = headers
    if (headers.has('Authorization')) return fetch(target, options)

    const send = async (to: string | Request): Promise<Response> => {
      const { epoch, held } = access.bearer()
      const token = held?.accessToken
      let sent = to
      let rest: RequestInit | undefined = options
      if (token !== undefined) {
        if (isBare) {
          try {
            sent = new Request(to, options)
            rest = undefined
          } catch {
            return fetch(to, options)
          }
        } else options.headers = headers
        const carrier = rest ? headers : (sent as Request).headers
        carrier.set('Authorization', `Bearer ${token}`)
      }
      const response = await fetch(sent, rest)
      onResponse(response, epoch)
      return response
    }

    if (!session.isReady(0)) await abortable(() => access.ensure(0, false), signal)
    const bearer = access.bearer()
    let spare = request?.body !== null && body === null ? request?.clone() : undefined
    try {
      const response = await send(target)
      const isOurs = !response.redirected || isAllowed(response.url)
      if (response.status !== 401 || !isOurs || !callsForRefresh(response.headers.get('www-authenticate'))) {
        return response
      }
      if (isStream(body)) {
        // The body is gone, but the next request shall fare better. `recover` tells its failures to listeners.
        void access.recover(bearer)
        return response
      }
      const isRecovered = await abortable(() => access.recover(bearer), signal).catch((reason) => {
        cancel(response)
        throw reason
      })
      if (!isRecovered) return response
      // Six unread bodies block the next request of an HTTP/1.1 origin. One that is cancelled counts in the keepalive
      // quota for another task; one that is read does not.
      if (options.keepalive ?? request?.keepalive) await response.text().catch(() => '')
      else cancel(response)
      const again = spare ?? target
      spare = undefined
      return await send(again)
    } finally {
      if (spare) cancel(spare)
    }
  }
}
