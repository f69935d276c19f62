/** Every option once: its type, its meaning, its default and its check. Options are read when the client is made. */
// Decisions (ARCHITECTURE.md): D20.

import type { Audiences, ConnectAudiences } from './audiences/connect.ts'
import { check, checkNames } from './core/errors.ts'
import type { Adopt, Platform } from './core/ports.ts'
import { pageOrigin, parseUrl } from './platform/page.ts'
import type { CreateBinding, Proofs } from './refresh/proofs.ts'
import type { Refresh, SignOut } from './refresh/transport.ts'
import type { ResponseTokens } from './response-tokens.ts'

/** The options of `createAuthClient`; a member that is none of them is an error. */
export interface AuthClientOptions {
  /** How to refresh: `cookieRefresh()`, `oauthRefresh()`, or a function of your own. */
  readonly refresh: Refresh
  /**
   * The origins that the access token may be sent to, each as a whole: a URL with a path is an error.
   *
   * @default the page's own
   */
  readonly origins?: readonly (string | URL)[]
  /**
   * How long before its expiry an access token is refreshed (in milliseconds), at most a quarter of its lifetime.
   *
   * @default 60_000
   */
  readonly refreshLead?: number
  /**
   * How long the server may take to answer a refresh (in milliseconds).
   *
   * @default 30_000
   */
  readonly refreshTimeout?: number
  /**
   * For how long a refresh token may be sent again when the answer to it was lost (in milliseconds): 0 is never, and
   * the session ends; a number is the server's grace period; Infinity tries, and leaves the verdict to the server.
   *
   * @default Infinity
   */
  readonly resendWithin?: number
  /**
   * Tells the server that the user has signed out: `cookieSignOut()`, `oauthRevocation()`, or a function of your own.
   *
   * @default the server is not told
   */
  readonly onSignOut?: SignOut
  /**
   * Takes over the session that another library left behind: `formerSession()`.
   *
   * @default nothing is taken over
   */
  readonly adopt?: Adopt
  /**
   * Takes over tokens in ordinary responses, for servers that send new ones with any answer: `responseTokens()`.
   *
   * @default such tokens are ignored
   */
  readonly readTokens?: ResponseTokens
  /**
   * Says whether an API's response means that the token was refused, if that is not a 401: a 403, a 419, an error in the
   * body of a 200. It is called with responses to requests of a session. It may read the body, which is a copy. If it
   * throws, the answer counts as no.
   *
   * @default a 401 that a new token can fix
   */
  readonly isRefused?: (response: Response) => boolean | Promise<boolean>
  /**
   * The word before the token in `Authorization`, and the scheme of the challenges that count (RFC 9110 section 11.1).
   *
   * @default 'Bearer'
   */
  readonly scheme?: string
  /**
   * Ties each session to a key that cannot leave the browser: `dpop()` of `authfetch/dpop`. Such a client has a lock, a
   * channel and a database of its own, so that no older version meets a bound token.
   *
   * @default tokens are sent as they are
   */
  readonly proofs?: Proofs
  /**
   * Further audiences whose access tokens come from the same refresh token: `audiences()` of `authfetch/audiences`.
   *
   * @default the session's own audience alone
   */
  readonly audiences?: Audiences
  /**
   * Names the lock, the channel and the IndexedDB database; clients of one name share one session.
   *
   * @default 'authfetch'
   */
  readonly name?: string
  /**
   * The `fetch` to use; `lateFetch()` is for whatever replaces the global one later, such as mocks and tracing.
   *
   * @default the global fetch when the client is made
   */
  readonly fetch?: typeof fetch
  /**
   * Replaces parts of the platform, for tests.
   *
   * @default the browser's
   */
  readonly platform?: Partial<Platform>
}

/** The options after the check. */
export interface CheckedOptions {
  readonly refresh: Refresh
  readonly origins: readonly string[]
  readonly refreshLead: number
  readonly refreshTimeout: number
  readonly resendWithin: number
  readonly onSignOut: SignOut | undefined
  readonly adopt: Adopt | undefined
  readonly readTokens: AuthClientOptions['readTokens']
  readonly isRefused: AuthClientOptions['isRefused']
  readonly scheme: string
  readonly proofs: CreateBinding | undefined
  readonly audiences: ConnectAudiences | undefined
  readonly name: string
  readonly fetch: typeof fetch
  readonly platform: Partial<Platform>
}

type Rule = readonly [isRight: (value: unknown) => unknown, wanted: string, preset?: unknown]

const isFunction = (value: unknown): boolean => typeof value === 'function'
const isCallback = (value: unknown): boolean => value === undefined || isFunction(value)
const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0
const milliseconds = 'a number of milliseconds'

/** Reads the options; throws a TypeError that names the one at fault. */
export function checkOptions(options: AuthClientOptions): CheckedOptions {
  check(options && typeof options === 'object', 'options', 'an object')
  // Own members only, so that a polluted prototype sets nothing.
  const own: Readonly<Record<string, unknown>> = { __proto__: null, ...options }
  const page = pageOrigin()
  const rules: Readonly<Record<keyof AuthClientOptions, Rule>> = {
    refresh: [
      // One that takes two arguments is a factory, such as `cookieRefresh` itself.
      (value) => isFunction(value) && (value as Refresh).length < 2,
      'a function of one argument, such as cookieRefresh() makes',
    ],
    origins: [Array.isArray, 'an array', page ? [page] : []],
    refreshLead: [isTime, milliseconds, 60_000],
    refreshTimeout: [(value) => isTime(value) && value > 0, `${milliseconds} above 0`, 30_000],
    resendWithin: [
      (value) => value === Number.POSITIVE_INFINITY || isTime(value),
      `${milliseconds} or Infinity`,
      Number.POSITIVE_INFINITY,
    ],
    onSignOut: [isCallback, 'a function'],
    adopt: [isCallback, 'a function, such as formerSession() makes'],
    readTokens: [
      (value) => value === undefined || isFunction((value as ResponseTokens | null)?.take),
      'made by responseTokens()',
    ],
    isRefused: [isCallback, 'a function'],
    scheme: [(value) => typeof value === 'string' && /^[\w-]+$/.test(value), 'one word', 'Bearer'],
    proofs: [
      // One without arguments is a factory: `dpop` itself.
      (value) => value === undefined || (isFunction(value) && (value as Proofs).length),
      'made by dpop()',
    ],
    audiences: [
      (value) => value === undefined || isFunction((value as Audiences | null)?.audienceOf),
      'made by audiences()',
    ],
    name: [(value) => value && typeof value === 'string', 'a non-empty string', 'authfetch'],
    fetch: [isFunction, 'a function', globalThis.fetch?.bind(globalThis)],
    platform: [(value) => value && typeof value === 'object', 'an object', {}],
  }
  checkNames(own, rules)
  const checked = Object.entries(rules).map(([name, [isRight, wanted, preset]]) => {
    const { [name]: value = preset } = own
    check(isRight(value), name, wanted)
    return [name, name === 'origins' ? (value as unknown[]).map(toOrigin) : value]
  })
  return Object.fromEntries(checked)
}

function toOrigin(value: unknown): string {
  const url = parseUrl(String(value))
  check(
    url && url.href === `${url.origin}/`,
    'origins',
    value === pageOrigin() ? 'given: this page is not of http(s)' : 'http(s) origins without a path',
  )
  return url.origin
}
