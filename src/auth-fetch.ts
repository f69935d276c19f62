/** `authFetch`: `fetch` with the access token, a wait for it, and one retry. It knows nothing of tabs. */

import { abortable } from './abort.ts'
import type { Access, Bearer } from './core/access.ts'
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

/** One call, ready to be sent: with a token, and once more if its body can be had twice. */
interface Call {
  send(token: string | undefined): Promise<Response>
  /** Undefined when a 401 stands, because the body is gone. */
  readonly sendAgain: ((token: string | undefined) => Promise<Response>) | undefined
  /** Frees what was kept for the second time. */
  drop(): void
}

/** A stream is read once; everything else that `fetch` takes can be sent again as it is. */
function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

/** A copy of the init with the member replaced; the caller's own is left alone, and inherited members still count. */
function replace(
  init: AuthRequestInit | undefined,
  member: 'auth' | 'headers',
  value: Headers | undefined,
): RequestInit {
  const prototype = init && Object.getPrototypeOf(init)
  const copy: Record<string, unknown> = prototype && prototype !== Object.prototype ? Object.create(init) : { ...init }
  // Defined, not assigned: an inherited setter or a frozen init would have its say.
  Object.defineProperty(copy, member, { value, enumerable: true, configurable: true, writable: true })
  if (member === 'auth' && Object.hasOwn(init ?? {}, member) && prototype === Object.prototype) delete copy.auth
  return copy
}

export function createAuthFetch({ session, access, fetch, isAllowed, onResponse }: AuthFetchParts): AuthFetch {
  // Captured here, so that what a page patches later sees no token.
  const { Headers, Request } = globalThis

  function prepare(
    input: string | URL | Request,
    init: AuthRequestInit | undefined,
    headers: Headers | undefined,
  ): Call {
    const isRequest = input instanceof Request
    const attach = (token: string | undefined): RequestInit | undefined => {
      if (token === undefined) return headers ? replace(init, 'headers', headers) : init
      const withToken = headers ?? new Headers(isRequest ? input.headers : undefined)
      withToken.set('Authorization', `Bearer ${token}`)
      return replace(init, 'headers', withToken)
    }
    if (!isRequest) {
      const send: Call['send'] = (token) => fetch(input, attach(token))
      return { send, sendAgain: isStream(init?.body) ? undefined : send, drop() {} }
    }
    const hasOwnBody = init?.body !== undefined && init.body !== null
    const mayHaveBody = !hasOwnBody && !/^(GET|HEAD)$/.test(input.method)
    const spare = mayHaveBody ? input.clone() : input
    const sendOf =
      (request: Request): Call['send'] =>
      (token) => {
        // A non-empty init would reset the referrer of the Request.
        if (init || token === undefined) return fetch(request, attach(token))
        const copy = new Request(request)
        copy.headers.set('Authorization', `Bearer ${token}`)
        return fetch(copy)
      }
    return {
      send: sendOf(input),
      sendAgain: isStream(init?.body) ? undefined : sendOf(spare),
      drop() {
        if (spare !== input) cancel(spare)
      },
    }
  }

  async function answer401(
    call: Call,
    response: Response,
    bearer: Bearer,
    signal: AbortSignal | null,
  ): Promise<Response> {
    const { headers, redirected, url } = response
    const isOurs = !(redirected && !isAllowed(url)) && callsForRefresh(headers.get('www-authenticate'))
    if (isOurs && !call.sendAgain) {
      // The body is gone, but the next request shall fare better. `recover` tells its failures to listeners.
      void access.recover(bearer)
    }
    if (!isOurs || !call.sendAgain) {
      call.drop()
      return response
    }
    try {
      if (!(await abortable(access.recover(bearer), signal))) {
        call.drop()
        return response
      }
    } catch (reason) {
      call.drop()
      void cancel(response)
      throw reason
    }
    // Six unread bodies block the next request of an HTTP/1.1 origin.
    await cancel(response)
    const { epoch } = access.bearer()
    const second = await call.sendAgain(session.held?.accessToken)
    onResponse(second, epoch)
    return second
  }

  function dispatch(call: Call, signal: AbortSignal | null): Promise<Response> {
    // Signed out meanwhile: as the caller wrote it.
    if (session.status !== 'signed-in') {
      call.drop()
      return call.send(undefined)
    }
    const bearer = access.bearer()
    return call.send(bearer.held?.accessToken).then(
      (response) => {
        onResponse(response, bearer.epoch)
        if (response.status === 401) return answer401(call, response, bearer, signal)
        call.drop()
        return response
      },
      (error) => {
        call.drop()
        throw error
      },
    )
  }

  function start(input: RequestInfo | URL, init: AuthRequestInit | undefined): Promise<Response> {
    if (init?.auth !== undefined) {
      const plain = replace(init, 'auth', undefined)
      return init.auth === false ? fetch(input, plain) : start(input, plain)
    }
    if (session.status === 'signed-out') return fetch(input, init)
    const isRequest = input instanceof Request
    // Read once, so that what was checked is what is sent.
    const target = isRequest || input instanceof URL ? input : String(input)
    const isCrossOriginSafe = (init?.mode ?? (isRequest ? input.mode : undefined)) !== 'no-cors'
    if (!isCrossOriginSafe || !isAllowed(isRequest ? input.url : String(target))) return fetch(target, init)

    const given = init?.headers
    const headers = given === undefined ? undefined : new Headers(given)
    if ((headers ?? (isRequest ? input.headers : undefined))?.has('Authorization')) {
      return fetch(target, headers ? replace(init, 'headers', headers) : init)
    }
    const signal = init?.signal === undefined ? (isRequest ? input.signal : null) : init.signal
    if (signal?.aborted || (isRequest && input.bodyUsed)) return fetch(target, init)

    if (session.isReady(0)) return dispatch(prepare(target, init, headers), signal)
    return abortable(access.ensure(0, false), signal).then(() => dispatch(prepare(target, init, headers), signal))
  }

  return (input, init) => {
    try {
      return start(input, init)
    } catch (error) {
      // `fetch` never throws, it rejects.
      return Promise.reject(error)
    }
  }

  function cancel(owner: Response | Request): Promise<void> {
    // A body that cannot be cancelled any more needs no cancelling.
    return owner.body?.cancel().catch(() => {}) ?? Promise.resolve()
  }
}
