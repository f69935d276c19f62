/** What a response of the token endpoint means: tokens, a verdict (a 401 to a cookie is one), a refusal, or doubt. */
// Decisions (ARCHITECTURE.md): D1, D2, D7.

import type { Setback, SignedOutReason } from '../entry/entry.ts'
import { TokenResponseError } from '../errors.ts'
import { optional } from '../optional.ts'
import { readRefreshToken, readTokenResponse, type TokenResponse, type Tokens } from './tokens.ts'

export type Verdict = Extract<SignedOutReason, 'rejected' | 'reuse-detected'>

/** What a binding adds to an outcome. */
interface Proven {
  /** What the tokens are bound by from now on. */
  readonly bound?: unknown
  /** Set if the server may be asked again at once: it has refused a proof, and the refresh token is unspent. */
  readonly again?: unknown
}

/** An outcome without new tokens that is no verdict. */
export interface Failure extends Setback {
  readonly retryAfter?: number | undefined
  /** Most likely the set-up is at fault. */
  readonly isMistake?: boolean
  readonly error: unknown
}

export type Outcome = Proven &
  (
    | /** Without tokens: the cookie jar is new, but the body was lost. */
    { readonly kind: 'granted'; readonly tokens: Tokens | undefined }
    | { readonly kind: 'rejected'; readonly reason: SignedOutReason }
    | Failure
  )

/** An answer, read as far as it could be. */
export interface ServerResponse {
  readonly status: number
  /** The body as text; undefined when it was lost on the way. */
  readonly body: string | undefined
  /** What the caller's `read` has made of it. */
  readonly mapped?: object | undefined
  /** Whether the refresh token came from the cookie jar. */
  readonly fromCookie: boolean
  /** What ties tokens to a key, if anything does. */
  readonly binding?: unknown
  /** A header, where it can be read. */
  header(name: string): string | null | undefined
}

/** The codes of a reuse that servers are known to send: our reference server, Supabase, Cognito. */
const REUSE = /^refresh_?token_?(reused|already_used|reuseexception)$/i

export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  // The parser's message may quote a token, so it is dropped.
  const value: unknown = optional(() => JSON.parse(text))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

/** The verdict in an error response (RFC 6749 section 5.2), if there is one. */
function verdictOf({ error_code, code, __type, error }: Readonly<Record<string, unknown>>): Verdict | undefined {
  if ([error_code, code, __type, error].some((value) => REUSE.test(`${value}`))) return 'reuse-detected'
  return error === 'invalid_grant' ? 'rejected' : undefined
}

/** `Retry-After` (in milliseconds): seconds or a date (RFC 9110 section 10.2.3). */
function readRetryAfter(value: string | null | undefined, now: number): number | undefined {
  if (!value) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return delay > 0 ? delay : undefined
}

/** Errors of the request or of the server, not of the session (RFC 6749 sections 4.1.2.1 and 5.2). */
const FAULT = /^(invalid_(client|request|scope)|un\w+_(client|grant_type)|server_error|temporarily_un)/
/** A code is a word or words in one case, wherever it stands: nothing that could be a token. */
const CODE = /"(?:error|\w*code)"\s*:\s*"([a-z_]+|[A-Z_]+)"/
/** Statuses that may say that a session is over. */
const NO = /401|403|410|419|422|440|498/

export const answered = (status: number): string => `the server has answered with status ${status}`

/** Classifies an answer of the token endpoint; `now` is the local time (in milliseconds since the epoch). */
export function outcomeOf({ status, body, mapped, header, fromCookie, binding }: ServerResponse, now: number): Outcome {
  const text = body ?? ''
  const parsed = parseObject(text)
  const servedAt = Date.parse(header('date') ?? '') || 0
  const isOk = status >= 200 && status < 300
  // Cloudflare sends its own errors as text or JSON to whoever accepts no page.
  const isPage = /^\s*<|^error code: \d|"cloudflare_error"/.test(text)
  if (isOk && body === undefined && fromCookie) return { kind: 'granted', tokens: undefined }
  // Some servers send errors with status 200.
  const isError = parsed?.error && typeof parsed.error === 'string' && !(parsed.access_token ?? parsed.accessToken)
  if (isOk && (mapped ?? !(isPage || isError))) {
    // A dying connection looks like an empty 200. 204 says that there is no body: tokens are in cookies.
    const value = mapped ?? (status === 204 && fromCookie ? {} : parsed)
    try {
      const tokens = readTokenResponse(value, now, binding, true, servedAt)
      if (!tokens.accessToken && !fromCookie) throw new TokenResponseError('"access_token" is missing')
      return { kind: 'granted', tokens }
    } catch (error) {
      const refreshToken = optional(() => readRefreshToken(value as TokenResponse))
      return {
        kind: value && (fromCookie || refreshToken) ? 'refused' : 'doubt',
        refusal: value || text ? 'nothing' : undefined,
        rotated: value && { refreshToken },
        isMistake: true,
        error,
      }
    }
  }
  const verdict = status < 500 && parsed && verdictOf(parsed)
  if (verdict) return { kind: 'rejected', reason: verdict }
  const code = CODE.exec(text)?.[1]
  const said = answered(status) + (isPage ? ' and a page' : '') + (code ? `, ${code}` : '')
  const error = new TokenResponseError(said)
  const retryAfter = readRetryAfter(header('retry-after'), servedAt || now)
  const isPause = retryAfter && status > 401 && status < 500
  if (status === 429 || status === 503 || isPause) return { kind: 'refused', retryAfter, error }
  // oidc-provider spends the refresh token before it looks at the resource (RFC 8707 section 2). A status of less than
  // three digits, such as 0, is none.
  if (/^(5|.?.?$|408|425)/.test(`${status}`) || code === 'invalid_target') return { kind: 'doubt', error }
  // Laravel Passport says so of a dead refresh token.
  const isOfPassport = status === 401 && parsed?.error === 'invalid_request'
  const isNo =
    // Nothing but the session can be wrong with a request that is a cookie alone.
    (isPage ? status === 401 : NO.test(`${status}`) || (fromCookie && status <= 400)) &&
    (!FAULT.test(`${parsed?.error}`) || isOfPassport) &&
    !/^(basic|digest|negotiate|ntlm|key)\b/i.test(header('www-authenticate') ?? '')
  const isStale = status === 419 || /csrf/i.test(text)
  if (status === 401 && isNo && fromCookie && !isPage && !isStale) return { kind: 'rejected', reason: 'rejected' }
  return {
    kind: 'refused',
    refusal: isNo ? 'no' : 'nothing',
    isStale,
    isMistake: !isNo || status < 400,
    error,
  }
}
