/** `createAuthClient`: checks the options, wires the platform to the core, and returns a frozen object. */

import type { JwtPayload } from 'jwt-decode'
import { abortable } from './abort.ts'
import { createAllowList } from './allow-list.ts'
import { type AuthFetch, createAuthFetch } from './auth-fetch.ts'
import { check, DisposedError } from './core/errors.ts'
import { createAccess } from './core/protocol/access.ts'
import { type Context, createPersist } from './core/protocol/context.ts'
import { createGuards } from './core/protocol/guards.ts'
import { createLease } from './core/protocol/lease.ts'
import { leaseOf } from './core/protocol/limits.ts'
import { startRefreshTimer } from './core/protocol/refresh-timer.ts'
import { createRefresher } from './core/protocol/refresher.ts'
import { type AuthEvents, createSession } from './core/protocol/session.ts'
import { createSiblings } from './core/protocol/siblings.ts'
import { createSignInOut } from './core/protocol/sign-in-out.ts'
import type { AuthState } from './core/protocol/view.ts'
import type { TokenResponse } from './core/responses/tokens.ts'
import { insides } from './insides.ts'
import { type AuthClientOptions, checkOptions } from './options.ts'
import { createBrowserPlatform } from './platform/browser.ts'
import type { LoginTools } from './refresh/proofs.ts'
import { ownMembers } from './refresh/request.ts'
import { createTransport, type Refresh, type RefreshRequest } from './refresh/transport.ts'

const EVENTS: readonly (keyof AuthEvents)[] = ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']

/** What the access token must be good for. */
export interface GetAccessTokenOptions {
  /**
   * How long the token must last at least (in milliseconds).
   *
   * @default 0
   */
  readonly minValidity?: number
  /**
   * Refreshes even though the token at hand is valid.
   *
   * @default false
   */
  readonly forceRefresh?: boolean
  /**
   * The access token that a server has refused, for requests made without `authFetch`. It is refreshed only if it is still
   * in use and did not come just now, as after a 401.
   *
   * @default none was refused
   */
  readonly refused?: string
  /** Ends the waiting, not the refresh. */
  readonly signal?: AbortSignal
}

/** `dispose` for `using`, where TypeScript knows it: without `ESNext.Disposable` in `lib` it has no such symbol. */
export type WithDispose = SymbolConstructor extends { readonly dispose: infer Name extends symbol }
  ? { readonly [Key in Name]: () => void }
  : Record<never, never>

/** One session, shared with the clients of the same name in all tabs of the origin. */
export interface AuthClient extends WithDispose {
  /**
   * `fetch` with the access token, a wait for it, and one retry after a 401; bound, so it can be passed around.
   *
   * Rejects as `fetch` does; and before anything is sent, as `getAccessToken` does.
   */
  readonly authFetch: AuthFetch
  /**
   * Resolves with a valid access token; undefined when nobody is signed in, or when tokens live in cookies alone.
   *
   * Rejects with a {@link RefreshUnavailableError} when none can be had now, with a {@link SessionEndedError} when
   * somebody else has signed in meanwhile, with a {@link DisposedError} after `dispose()`, with `signal.reason` when
   * aborted, with a TypeError when `minValidity` is no time.
   */
  getAccessToken(options?: GetAccessTokenOptions): Promise<string | undefined>
  /**
   * The headers that one request needs, for what takes no `fetch`: `Authorization`, and `DPoP` where the token is bound
   * (RFC 9449 section 7.1). None where the address may not carry the token, or nobody is signed in.
   *
   * Rejects as `getAccessToken` does.
   */
  getHeaders(request: { readonly url: string | URL; readonly method?: string }): Promise<Record<string, string>>
  /**
   * The claim set of the access token, for display only: it is not verified; undefined for opaque tokens (RFC 7519
   * section 4, RFC 9068 section 6).
   */
  getClaims<Claims extends object = JwtPayload>(): Claims | undefined
  /**
   * Starts a session with tokens at hand (`{}` when the server has set cookies), or by a login that is run when nothing
   * of an earlier session can interfere any more: in cookie custody, use the latter. A login may resolve with the
   * server's `Response`, which is read as that of a refresh is.
   *
   * Rejects with a {@link TokenResponseError} when there are no tokens or the `Response` is an error, with what the login
   * rejects with, with a {@link SessionEndedError} when another tab has signed in or out during the login, and with a
   * {@link RefreshUnavailableError} when IndexedDB cannot be written.
   */
  signIn(tokens: TokenResponse | ((tools: LoginTools) => Promise<TokenResponse | Response>)): Promise<void>
  /**
   * Ends the session on this device at once, then tells the server.
   *
   * Rejects with what `onSignOut` rejects with, and when the server does not answer within `refreshTimeout`; the browser
   * is signed out all the same. Rejects with a {@link RefreshUnavailableError} when IndexedDB cannot be written.
   */
  signOut(): Promise<void>
  /**
   * Finds the session again: from other tabs, from IndexedDB, by one refresh. Resolves when its token is here, or cannot be
   * had now. Does not reject if there is no session.
   */
  restore(): Promise<AuthState>
  /** The state of the session: the same object until it changes. */
  getState(): AuthState
  /** Calls back when the state has changed; returns the function that ends this. */
  subscribe(listener: () => void): () => void
  /** Calls back at each transition; returns the function that ends this. */
  on<Name extends keyof AuthEvents>(event: Name, listener: (detail: AuthEvents[Name]) => void): () => void
  /** Ends every timer, listener, lock, channel and connection, once the answer to a pending refresh is written. */
  dispose(): void
}

/**
 * Makes the client of one session: one for an application, in a module of its own. `fetch` and the other globals are
 * captured now; nothing is sent before the first call.
 *
 * @throws TypeError that names the option at fault
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const checked = checkOptions(options)
  const { origins, refreshLead, refreshTimeout, readTokens } = checked
  let isAsking = false
  /** It calls `fetch` before its first `await`, and that may be `authFetch`: then it must not wait for itself. */
  const refresh: Refresh = Object.assign((request: RefreshRequest) => {
    isAsking = true
    try {
      return checked.refresh(request)
    } finally {
      isAsking = false
    }
  }, checked.refresh)
  const allowedAddress = createAllowList(origins, refresh.endpoint)
  const binding = checked.proofs?.({ endpoint: refresh.endpoint, fetch: checked.fetch, allowedAddress })
  // A version that knows no proofs would end a session whose tokens are bound.
  const platform = createBrowserPlatform(checked.name + (binding ? '-dpop' : ''), checked.platform)
  const transport = createTransport({ ...checked, refresh, binding }, platform)
  const session = createSession(platform, transport.holdsRefreshToken, refreshLead, checked.scheme)
  const guards = createGuards(platform)
  const siblings = createSiblings(platform, session, guards, binding)
  const lease = createLease(platform, siblings, guards, leaseOf(refreshTimeout))
  const persist = createPersist(platform)
  const context: Context = {
    ...checked,
    ...platform,
    transport,
    session,
    siblings,
    guards,
    lease,
    persist,
  }
  const refresher = createRefresher(context)
  const signInOut = createSignInOut(context, refresher)
  const access = createAccess(context, refresher, signInOut)
  const stopRefreshTimer = startRefreshTimer(context, refresher)
  let disposed: DisposedError | undefined

  const takeTokens = readTokens?.take({ ...context, ...signInOut })
  const busy = new Map<Promise<unknown>, (reason: DisposedError) => void>()

  /** Rejects everybody who waits, and finishes the refresh that is under way before it closes the ledger. */
  const whileAlive =
    <Terms extends unknown[], Value>(task: (...terms: Terms) => Promise<Value>) =>
    (...terms: Terms): Promise<Value> =>
      new Promise((resolve, reject) => {
        if (disposed) return reject(disposed)
        const promise = task(...terms)
        busy.set(promise, reject)
        promise.then(resolve, reject).finally(() => busy.delete(promise))
      })

  const ensure = whileAlive(access.ensure)
  const recover = whileAlive(access.recover)
  const authFetch = createAuthFetch({
    ...checked,
    session,
    report: platform.report,
    binding,
    // If the client is disposed of meanwhile, the caller gets its 401.
    access: { ensure, recover: (bearer) => recover(bearer).catch(() => undefined) },
    allowedAddress: (url) => (isAsking ? undefined : allowedAddress(url)),
    onResponse: takeTokens && ((response, epoch) => disposed || takeTokens(response, epoch)),
  })

  function dispose(): void {
    if (disposed) return
    disposed = new DisposedError()
    insides.delete(client)
    for (const reject of busy.values()) reject(disposed)
    stopRefreshTimer()
    session.clear()
    void Promise.allSettled([...busy.keys(), refresher.stop()]).then(() => {
      guards.end()
      platform.ledger.close()
    })
  }

  const client = Object.freeze<AuthClient>({
    authFetch,
    async getAccessToken(options = {}) {
      const { minValidity = 0, forceRefresh = false, refused, signal } = ownMembers(options)
      check(typeof minValidity === 'number' && minValidity >= 0, 'minValidity', 'a number of milliseconds')
      check(signal === undefined || signal?.throwIfAborted, 'signal', 'an AbortSignal')
      check(refused === undefined || typeof refused === 'string', 'refused', 'a string')
      const { held } = await abortable(() => ensure(minValidity, forceRefresh, refused), signal)
      return held?.accessToken
    },
    async getHeaders({ url, method }) {
      const address = allowedAddress(`${url}`)
      const bearer = address ? await ensure(0, false) : undefined
      const { authorization: Authorization, proofs } = bearer?.held ?? {}
      if (!bearer || !Authorization) return {}
      return proofs && binding ? binding.headers(bearer, method, address as string) : { Authorization }
    },
    getClaims: <Claims extends object>() => session.held?.claims as Claims | undefined,
    signIn: whileAlive(signInOut.signIn),
    signOut: whileAlive(signInOut.signOut),
    restore: whileAlive(signInOut.restore),
    getState: session.getState,
    subscribe(listener) {
      check(typeof listener === 'function', 'listener', 'a function')
      return session.on('changed', () => listener())
    },
    on(name, listener) {
      check(EVENTS.includes(name), 'name', EVENTS.join(' or '))
      check(typeof listener === 'function', 'listener', 'a function')
      return session.on(name, listener)
    },
    dispose,
    [Symbol.dispose]: dispose,
  })
  insides.set(client, { checked, context, refresher })
  return client
}
