// What the caller of a fetch can see, as JSON.

import type { Observation } from './context.ts'

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

async function bodyOf(response: Response): Promise<unknown> {
  if (response.body === null) return null
  try {
    const text = latin1(new Uint8Array(await response.arrayBuffer()))
    return text.length < 300 ? text : `${text.length} bytes`
  } catch (error) {
    return rejectionOf(error)
  }
}

export function rejectionOf(reason: unknown, signal?: AbortSignal | null): Observation {
  const { name, message } = (reason ?? {}) as Error
  const kind = Object.prototype.toString.call(reason)
  const isNative = reason instanceof Error
  const maker = Object(reason).constructor as { readonly name: string } | undefined
  return {
    kind,
    maker: maker?.name,
    name,
    message,
    isNative,
    isReason: signal ? reason === signal.reason : null,
  }
}

export async function responseOf(response: Response): Promise<Observation> {
  const { status, statusText, url, redirected, type, ok, bodyUsed } = response
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  const isNative = response instanceof Response && response.constructor === Response
  const own = Reflect.ownKeys(response).length
  return {
    status,
    statusText,
    url,
    redirected,
    type,
    ok,
    bodyUsed,
    headers,
    isNative,
    own,
    body: await bodyOf(response),
  }
}

const membersOf = (value: unknown): unknown[] =>
  Object(value) === value
    ? Reflect.ownKeys(value as object).map((key) => [
        key,
        Reflect.getOwnPropertyDescriptor(value as object, key)?.value,
      ])
    : [value]

function isUntouched(before: unknown[], after: unknown[]): boolean {
  const flat = [before.flat(), after.flat()] as const
  return flat[0].length === flat[1].length && flat[0].every((part, index) => Object.is(part, flat[1][index]))
}

export interface Observer {
  /** Whether the network has been reached since the last time. */
  reached(): boolean
}

/** Calls, and tells whether that reached the network at once, what came of it, and what became of the arguments. */
export async function observe(call: typeof fetch, { reached }: Observer, given: unknown[]): Promise<Observation> {
  const [input, init] = given
  const members = membersOf(init)
  const headers = input instanceof Request ? [...input.headers].flat() : []
  reached()
  let promise: Promise<Response>
  try {
    promise = (call as (...given: unknown[]) => Promise<Response>)(...given)
  } catch (error) {
    return { threw: rejectionOf(error) }
  }
  const isAtOnce = reached()
  const isPromise = promise instanceof Promise
  const isUsedAtOnce = input instanceof Request && input.bodyUsed
  const signal = (init as RequestInit | undefined)?.signal ?? (input instanceof Request ? input.signal : undefined)
  const result = await promise.then(responseOf, (reason) => rejectionOf(reason, signal))
  const after = {
    isInitUntouched: isUntouched(members, membersOf(init)),
    areHeadersUntouched: isUntouched(headers, input instanceof Request ? [...input.headers].flat() : []),
    isUsed: input instanceof Request && input.bodyUsed,
  }
  // A call that is refused reaches nothing, whoever refuses it.
  return { isAtOnce: 'status' in result ? isAtOnce : null, isPromise, isUsedAtOnce, result, after }
}
