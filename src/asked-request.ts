/** What a caller asks of `authFetch`. It is read once, so that what was checked is what is sent. */

import { optional } from './core/optional.ts'

/** The init of `fetch`, and one member of our own. */
export interface AuthRequestInit extends RequestInit {
  /** `false` sends this request as it is: no token, no wait, no retry. */
  readonly auth?: boolean
}

/** Headers of our own making. */
export type OwnHeaders = string[][] | Record<string, string>

/** An init of our own making. */
export interface OwnInit extends Omit<RequestInit, 'headers'> {
  auth?: boolean
  headers?: OwnHeaders
}

/** A request as it was asked for. */
export interface AskedRequest {
  /** The Request that was given, of any realm; undefined when it was an address. */
  readonly request: Request | undefined
  /** The Request, or the address as it was given. */
  readonly target: string | Request
  /** The address, whatever the members of a Request say. */
  readonly url: string
  /** Whether the caller wants the token. */
  readonly auth: boolean | undefined
  readonly init: OwnInit
  /** What is sent with it: the init's headers, or those of the Request. */
  readonly headers: OwnHeaders
}

/**
 * The prototype of every init of ours. It has no members, so nothing that a page adds to Object.prototype is read; and an
 * object with a null prototype would be slow.
 */
const NOTHING: object = Object.freeze(Object.create(null))

/** An init without members. */
export const emptyInit = (): OwnInit => Object.create(NOTHING)

/** The members of an init, inherited ones and getters included, each read once. */
export function copyInit(init: object | null | undefined): OwnInit {
  const copy = emptyInit()
  for (let part = init; part && part !== Object.prototype; part = Object.getPrototypeOf(part)) {
    for (const key of Object.getOwnPropertyNames(part) as (keyof OwnInit)[]) {
      if (key in copy) continue
      const value = (init as OwnInit)[key]
      if (value !== undefined) copy[key] = value as never
    }
  }
  return copy
}

/** Copies headers: a list keeps the case of names and repeated names; a record is copied faster than a Headers. */
function copyHeaders(headers: Headers | OwnHeaders): OwnHeaders {
  // `in` throws if `headers` is no object.
  if (!(Symbol.iterator in headers)) return { ...headers }
  // `fetch` rejects an entry that is no pair. A template literal throws for symbols, as `fetch` does.
  return [...headers].map((pair) =>
    typeof pair === 'object' ? [...(pair as string[])].map((part) => `${part}`) : pair,
  )
}

/** Reads what was asked for; throws what the caller's getters throw. */
export type ReadRequest = (input: RequestInfo | URL, init: AuthRequestInit | null | undefined) => AskedRequest

/** @param Request and `URL` were captured early, so that what a page patches later reads nothing */
export function createReadRequest(Request: typeof globalThis.Request, URL: typeof globalThis.URL): ReadRequest {
  // jsdom has no Request: then every input is an address.
  const urlOf = Request && Object.getOwnPropertyDescriptor(Request.prototype, 'url')?.get

  return (input, given) => {
    // Checked first, because an exception costs more.
    const isAddress = typeof input === 'string' || input instanceof URL
    const requested: string | undefined = isAddress ? undefined : optional(() => urlOf?.call(input))
    const request = requested === undefined ? undefined : (input as Request)
    const target = request ?? `${input as string}`
    const init = copyInit(given)
    const { auth } = init
    // Only if it is there: `delete` makes the object slower to read.
    if (auth !== undefined) delete init.auth
    const { headers: asked = request?.headers ?? {} } = init
    const headers = copyHeaders(asked)
    if (init.headers !== undefined) init.headers = headers
    return { request, target, url: requested ?? (target as string), auth, init, headers }
  }
}

/** Whether the caller has an Authorization or a proof of its own. */
export function hasAuthorization(headers: OwnHeaders): boolean {
  const names = Array.isArray(headers) ? headers.map(([name]) => name as string) : Object.keys(headers)
  return names.some((name) => /^(authorization|dpop)$/i.test(name))
}

/** Of a call without any; to spread an object without members takes a tenth of a call. */
export const NO_HEADERS: OwnHeaders = Object.freeze({})

export function withAuthorization(headers: OwnHeaders, value: string): OwnHeaders {
  if (headers === NO_HEADERS) return { Authorization: value }
  return Array.isArray(headers) ? [...headers, ['Authorization', value]] : { ...headers, Authorization: value }
}

export function setAuthorization(headers: Headers, value: string | undefined): void {
  if (value === undefined) headers.delete('Authorization')
  else headers.set('Authorization', value)
}
