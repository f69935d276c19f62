/** What an answer of the token endpoint means. Only a verdict ends a session; a status alone is none. */

import type { SignedOutReason } from '../entry/entry.ts'
import { TokenResponseError } from '../errors.ts'
import { optional } from '../optional.ts'
import { readTokenResponse, type Tokens } from './tokens.ts'

export type Verdict = Extract<SignedOutReason, 'rejected' | 'reuse-detected'>

export type Outcome =
  /** Without tokens: the cookie jar is new, but the body was lost. */
  | { readonly kind: 'granted'; readonly tokens: Tokens | undefined }
  | { readonly kind: 'rejected'; readonly reason: SignedOutReason }
  /** Refused before processing: the refresh token is unspent. */
  | { readonly kind: 'refused'; readonly retryAfter?: number | undefined; readonly error: unknown }
  /** The token may or may not be spent. */
  | { readonly kind: 'doubt'; readonly error: unknown }

/** An answer, read as far as it could be. */
export interface ServerResponse {
  readonly status: number
  /** The body as text; undefined when it was lost on the way. */
  readonly body: string | undefined
  readonly retryAfter: string | null | undefined
  readonly date: string | null | undefined
  /** Whether the refresh token came from the cookie jar. */
  readonly fromCookie: boolean
}

/** The codes of a reuse that servers are known to send: our reference server, Supabase, Cognito. */
const REUSE = /^(refresh_token_reused|refresh_token_already_used|RefreshTokenReuseException)$/

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  // The parser's message quotes the text, tokens and all, so it goes no further.
  const value: unknown = optional(() => JSON.parse(text))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

/** The verdict in an error response (RFC 6749 section 5.2), if there is one. */
export function verdictOf(body: Readonly<Record<string, unknown>> | undefined): Verdict | undefined {
  if (!body) return undefined
  const code = [body.error_code, body.code, body.__type, body.error].find((value) => REUSE.test(String(value)))
  if (code) return 'reuse-detected'
  return body.error === 'invalid_grant' ? 'rejected' : undefined
}

/** `Retry-After` (in milliseconds): seconds or a date (RFC 9110 section 10.2.3). */
function readRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (!value) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return delay > 0 ? delay : undefined
}

/** Classifies an answer of the token endpoint; `now` is the local time (in milliseconds since the epoch). */
export function outcomeOf(answer: ServerResponse, now: number): Outcome {
  const { status, body, fromCookie } = answer
  const error = new TokenResponseError(`the token endpoint answered with status ${status}`)
  const parsed = parseObject(body ?? '')
  const serverNow = Date.parse(answer.date ?? '') || now
  const isOk = status >= 200 && status < 300
  // Some servers send their errors with a 200.
  const isError = typeof parsed?.error === 'string' && parsed.error !== ''
  if (isOk && body === undefined) return fromCookie ? { kind: 'granted', tokens: undefined } : { kind: 'doubt', error }
  if (isOk && !isError) {
    try {
      // An empty 200 is what a dying connection looks like; 204 says that there is nothing to say: cookies only.
      const tokens = readTokenResponse(status === 204 && fromCookie ? {} : parsed, serverNow, true)
      if (!tokens.accessToken && !fromCookie) throw new TokenResponseError('"access_token" is missing')
      return { kind: 'granted', tokens }
    } catch (cause) {
      return { kind: 'doubt', error: cause }
    }
  }
  const verdict = status < 500 ? verdictOf(parsed) : undefined
  if (verdict) return { kind: 'rejected', reason: verdict }
  // An error response of the authorization server itself: it granted nothing (RFC 6749 section 5.2).
  if (status === 429 || status === 503 || (status < 500 && isError)) {
    return { kind: 'refused', retryAfter: readRetryAfter(answer.retryAfter, serverNow), error }
  }
  return { kind: 'doubt', error }
}
