/** What the built-in requests share: checked options and the Idempotency-Key. */

import { baseUrl, pageOrigin } from '../platform/page.ts'

export function checkString(value: unknown, option: string): string {
  if (typeof value === 'string' && value) return value
  throw new TypeError(`"${option}" must be a non-empty string`)
}

export function resolveEndpoint(url: unknown, option: string): URL {
  const isUrl = (typeof url === 'string' && url !== '') || url instanceof URL
  const resolved = isUrl ? parse(String(url)) : undefined
  if (resolved && /^https?:$/.test(resolved.protocol)) return resolved
  throw new TypeError(`"${option}" must be an http(s) URL, absolute or relative to the page`)
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url, baseUrl())
  } catch {
    return undefined
  }
}

export function checkHeaders(headers: unknown, preset: Record<string, string>): Readonly<Record<string, string>> {
  if (headers === undefined) return preset
  const isRecord = typeof headers === 'object' && headers !== null && !(Symbol.iterator in headers)
  if (isRecord && Object.values(headers).every((value) => typeof value === 'string')) return { ...headers }
  throw new TypeError('"headers" must be an object of strings')
}

/** Own-origin requests need no preflight, so they carry the key unless told not to. */
export function idempotencyHeader(endpoint: URL, option: unknown): (key: string) => Record<string, string> {
  if (option !== undefined && typeof option !== 'boolean') throw new TypeError('"idempotencyKey" must be a boolean')
  const isOn = option ?? endpoint.origin === pageOrigin()
  return (key) => (isOn ? { 'Idempotency-Key': key } : {})
}
