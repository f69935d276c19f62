/** What the built-in requests share: checked options and the Idempotency-Key. */

import { check } from '../core/errors.ts'
import { baseUrl, pageOrigin, parseUrl } from '../platform/page.ts'

/** The options as they were given: a polluted prototype adds none. */
export const ownMembers = <Options extends object>(options: Options): Options => ({ __proto__: null, ...options })

export function checkString(value: unknown, option: string): string {
  check(typeof value === 'string' && value, option, 'a non-empty string')
  return value
}

export function resolveEndpoint(url: unknown, option: string): URL {
  const isUrl = (typeof url === 'string' && url !== '') || url instanceof URL
  const endpoint = isUrl ? parseUrl(String(url), baseUrl()) : undefined
  check(endpoint, option, 'an http(s) URL, absolute or relative to the page')
  return endpoint
}

export function checkHeaders(headers: unknown, preset: Record<string, string>): Readonly<Record<string, string>> {
  if (headers === undefined) return preset
  const isRecord = typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers)
  const isRight = isRecord && Object.values(headers).every((value) => typeof value === 'string')
  check(isRight, 'headers', 'an object of strings')
  return { ...headers }
}

/** Own-origin requests need no preflight, so they carry the key unless told not to. */
export function carriesKey(endpoint: URL, option: unknown = endpoint.origin === pageOrigin()): boolean {
  check(typeof option === 'boolean', 'idempotencyKey', 'a boolean')
  return option
}
