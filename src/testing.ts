/** For the tests of an application: a real client in a virtual browser, whose authorization server always answers. */

import type { AudienceDeniedError } from './audiences/denied-error.ts'
import type { AuthClient, WithDispose } from './auth-client.ts'
import { createAuthClient } from './client.ts'
import { type SignedOutReason, tombstone } from './core/entry/entry.ts'
import { type AuthError, RefreshUnavailableError, SessionEndedError } from './core/errors.ts'
import type { Cancel, Platform } from './core/ports.ts'
import { ASKING } from './core/protocol/limits.ts'
import type { AuthState } from './core/protocol/view.ts'
import type { TokenResponse } from './core/responses/tokens.ts'
import type { AuthClientOptions } from './options.ts'
import { pageOrigin } from './platform/page.ts'
import { createVirtualBrowser, drain, START, type VirtualTab } from './testing/virtual-platform.ts'

export type { Attempt, Change, Entry, Mark, Retry } from './core/entry/entry.ts'
export type {
  Cancel,
  Channel,
  Clock,
  Ledger,
  Lifecycle,
  LifecycleEvent,
  LockRequest,
  Locks,
  MissingPart,
  Platform,
} from './core/ports.ts'

/** What a test begins with. */
export interface TestAuthOptions extends Omit<AuthClientOptions, 'refresh' | 'platform' | 'name'> {
  /**
   * The state to begin in. Of `unknown`, `restore()` makes `signed-in`.
   *
   * @default 'signed-in'
   */
  readonly status?: AuthState['status']
  /**
   * Whether the token of who is signed in is here; if not, it comes after `latency`.
   *
   * @default true
   */
  readonly ready?: boolean
  /**
   * Why nobody is signed in, if nobody is.
   *
   * @default 'initial'
   */
  readonly reason?: SignedOutReason
  /**
   * The claim set of the access tokens, besides `iat`, `exp` and `jti`; a function gives each audience its own, by the
   * audience's name, and by undefined the session's own.
   *
   * @default { sub: 'test-user' }
   */
  readonly claims?: object | ((audience: string | undefined) => object)
  /**
   * How long an access token lives (in milliseconds).
   *
   * @default 3_600_000
   */
  readonly lifetime?: number
  /**
   * How long the answer to a refresh takes (in milliseconds of the virtual clock).
   *
   * @default 0
   */
  readonly latency?: number
  /**
   * What the virtual clock shows at first (in milliseconds since the epoch).
   *
   * @default 2026-01-01T00:00:00Z
   */
  readonly now?: number
}

/** A virtual browser with one client in each tab, and a server that always answers. */
export interface TestAuth extends WithDispose {
  /** The client of the first tab. */
  readonly client: AuthClient
  /** How often the server was asked for new tokens, since the beginning, by all tabs, for all audiences. */
  readonly refreshes: number
  /** What the virtual clock shows (in milliseconds since the epoch). It moves only when told. */
  now(): number
  /** Lets time pass: timers fire, and all that they start has run when the promise resolves. */
  advance(milliseconds: number): Promise<void>
  /** Lets time pass until the access tokens have expired, without a timer firing, as in a machine that sleeps. */
  expireNow(): void
  /**
   * Fails the next refresh: by default the server refuses it for now. A `SessionEndedError` ends the session; after
   * anything else nobody knows whether the refresh token was spent.
   *
   * A `TypeError` is a connection that died: callers wait for the next try, up to 3 s of the virtual clock. An
   * `AudienceDeniedError` of `authfetch/audiences` waits for the next refresh of its audience.
   */
  failNextRefresh(error?: Error): void
  /** Opens another tab of the same browser; its client knows nothing yet. */
  openTab(): AuthClient
  /** Closes all tabs. */
  dispose(): void
}

/**
 * Makes a client in a chosen state, without a server. It is the real one; only its surroundings are virtual: clock,
 * lock, channel, ledger, and the authorization server.
 *
 * @throws TypeError that names the option at fault
 */
export async function createTestAuth(options: TestAuthOptions = {}): Promise<TestAuth> {
  const {
    status = 'signed-in',
    ready = true,
    reason = 'initial',
    claims = { sub: 'test-user' },
    lifetime = 3_600_000,
    latency = 0,
    now = START,
    ...rest
  } = options
  const browser = createVirtualBrowser()
  browser.jump(now - START)
  // Without jitter, so that a test can tell when what happens.
  browser.random = 0
  const failures: Error[] = []
  const clients: AuthClient[] = []
  let hasSession = status !== 'signed-out'
  let issued = 0
  let refreshes = 0
  /** When the newest token of any audience expires; the states of the clients tell only that of the session's own. */
  let expiresAt = 0

  function issue(audience?: string): TokenResponse {
    const iat = Math.floor(browser.now() / 1000)
    const expires_in = lifetime / 1000
    const given = typeof claims === 'function' ? claims(audience) : claims
    const access_token = encode({ ...given, iat, exp: iat + expires_in, jti: `token-${++issued}` })
    if (audience !== undefined) expiresAt = browser.now() + lifetime
    return { access_token, expires_in }
  }

  function takeFailure(audience: string | undefined): Error | undefined {
    const next = failures.findIndex((error) => !isDenial(error) || error.audience === audience)
    return next < 0 ? undefined : failures.splice(next, 1)[0]
  }

  function openTab(): AuthClient {
    const tab = browser.openTab()
    const client = createAuthClient({
      // A blank page has no origin of its own.
      ...(pageOrigin() === 'null' && { origins: [] }),
      ...rest,
      platform: platformOf(tab, browser.advance),
      async refresh({ audience }) {
        refreshes++
        const failure = takeFailure(audience)
        if (latency > 0) await new Promise<void>((resolve) => tab.platform.clock.after(latency, resolve))
        if (failure) throw failure
        if (!hasSession) throw new SessionEndedError('initial')
        return issue(audience)
      },
    })
    client.on('signed-in', () => {
      hasSession = true
    })
    client.on('signed-out', () => {
      hasSession = false
      expiresAt = 0
    })
    clients.push(client)
    return client
  }

  function dispose(): void {
    for (const client of clients) client.dispose()
  }

  if (status === 'signed-out') browser.entry = tombstone({ epoch: 0, generation: 0 }, reason, now)
  const client = openTab()
  if (status === 'signed-in') await client.signIn(ready ? issue() : {})
  if (status === 'signed-out') await client.restore()
  refreshes = 0
  return {
    client,
    get refreshes() {
      return refreshes
    },
    now: browser.now,
    advance: browser.advance,
    expireNow() {
      const expiries = clients
        .map((one) => one.getState())
        .map((state) => ('expiresAt' in state && state.expiresAt) || 0)
      browser.sleep(Math.max(0, Math.max(expiresAt, ...expiries) - browser.now()))
    },
    failNextRefresh(error = new RefreshUnavailableError()) {
      // Throws for a name that is no audience.
      if (isDenial(error)) client.getClaims(error)
      failures.push(error)
    },
    openTab,
    dispose,
    [Symbol.dispose]: dispose,
  }
}

/** By its code: only applications with audiences load the class. */
const isDenial = (error: Error): error is AudienceDeniedError =>
  (error as Partial<AuthError>).code === 'audience-denied'

/** The platform of a tab. That of the page itself reports errors, and nobody waits for siblings that are not there. */
function platformOf({ platform }: VirtualTab, advance: (milliseconds: number) => Promise<void>): Partial<Platform> {
  const { report: _, warn: __, clock, ...parts } = platform

  function after(delay: number, callback: () => void): Cancel {
    let isOver = false
    const cancel = clock.after(delay, () => {
      isOver = true
      callback()
    })
    const pass = async (): Promise<void> => {
      // The question, its answer, and what becomes of it.
      for (let turn = 0; turn < 5; turn++) await drain()
      if (!isOver) await advance(delay)
    }
    if (delay <= ASKING) void pass()
    return () => {
      isOver = true
      cancel()
    }
  }

  return { ...parts, clock: { ...clock, after } }
}

/** A JWT that is signed with nothing (RFC 7519 section 6). */
function encode(claims: object): string {
  const part = (value: object): string =>
    btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
  return `${part({ alg: 'none' })}.${part(claims)}.`
}
