/** What the built-in requests share: their init, checked options and the Idempotency-Key. */

import { check, RefreshUnavailableError } from '../core/errors.ts'
import { baseUrl, pageOrigin, parseUrl } from '../platform/page.ts'

/** Headers or parameters, or a function that is called for each request: one whose value is undefined is left out. */
export type Fields<Value = Readonly<Record<string, string | undefined>>> = Value | (() => Value)

/** The options as they were given, if they were: a polluted prototype adds none. */
export const ownMembers = <Options extends object>(options: Options | undefined): Options =>
  ({ __proto__: null, ...options }) as Options

/** The init of a request to the authorization server; a polluted prototype adds nothing to it. */
export const requestInit = (members: RequestInit): RequestInit =>
  ownMembers({
    method: 'POST',
    // Lets the answer's Set-Cookie be stored even if the page is gone by then.
    keepalive: true,
    // Followed nowhere, and told from a dead network.
    redirect: 'manual',
    cache: 'no-store',
    ...members,
  })

export function checkString(value: unknown, option: string): string {
  check(typeof value === 'string' && value, option, 'a non-empty string')
  return value
}

export function resolveEndpoint(url: unknown, option: string): URL {
  const isUrl = (typeof url === 'string' && url !== '') || url instanceof URL
  const endpoint = isUrl ? parseUrl(String(url), baseUrl()) : undefined
  check(endpoint, option, 'an http(s) URL')
  return endpoint
}

function checkFields(fields: unknown, option: string): Record<string, string> {
  const isRecord = typeof fields === 'object' && fields !== null && !(Symbol.iterator in fields || 'then' in fields)
  const entries = isRecord ? Object.entries(fields).filter(([, value]) => value !== undefined) : undefined
  check(
    entries?.every(([, value]) => typeof value === 'string'),
    option,
    'an object of strings',
  )
  return Object.fromEntries(entries as [string, string][])
}

/** Reads headers or parameters at each request; where a function of the caller's fails, nothing is sent. */
export function fieldsOf(fields: unknown, option: string): () => Record<string, string> {
  if (typeof fields !== 'function') {
    const fixed = checkFields(fields, option)
    return () => fixed
  }
  return () => {
    try {
      return checkFields(fields(), option)
    } catch (cause) {
      throw new RefreshUnavailableError(`nothing was sent: "${option}" failed`, { cause })
    }
  }
}

/** Own-origin requests need no preflight, so they carry the key unless told not to. */
export function carriesKey(endpoint: URL, option: unknown = endpoint.origin === pageOrigin()): boolean {
  check(typeof option === 'boolean', 'idempotencyKey', 'a boolean')
  return option
}
