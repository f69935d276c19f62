// The little of HTTP that the server needs beyond node:http.

import type { IncomingMessage, ServerResponse } from 'node:http'

const BODY_LIMIT = 64 * 1024

/** Ends a request with a status and a JSON body. */
export class HttpError extends Error {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`status ${status}`)
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export const invalidRequest = (description: string, status = 400): HttpError =>
  new HttpError(status, { error: 'invalid_request', error_description: description })

/** Reads to the end, even what is too much: an answer sent before that might never be read. */
export async function readBody(request: IncomingMessage, limit: number = BODY_LIMIT): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= limit) chunks.push(chunk)
  }
  if (size > limit) throw invalidRequest('the body is too large', 413)
  return Buffer.concat(chunks)
}

export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse((await readBody(request)).toString() || '{}')
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    if (error instanceof HttpError) throw error
  }
  throw invalidRequest('the body is not a JSON object')
}

export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const body = (await readBody(request)).toString()
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? ''))
    return new URLSearchParams(body)
  throw invalidRequest('the body is not form-encoded')
}

/** Whether a page of an origin that is not ours sent this (Fetch standard: `Origin`, `Sec-Fetch-Site`). */
export function isForeign(request: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  if (origin === undefined) return site === 'cross-site' || site === 'same-site'
  return !origins.includes(origin) && URL.parse(origin)?.host !== host
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}

export function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=')
    if (key === name && value) return value
  }
  return undefined
}

export interface CookieOptions {
  readonly path: string
  /** In seconds; 0 deletes the cookie. */
  readonly maxAge: number
  readonly secure: boolean
}

export function writeCookie(name: string, value: string, { path, maxAge, secure }: CookieOptions): string {
  return `${name}=${value}; Path=${path}; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}
