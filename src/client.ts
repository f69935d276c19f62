/** `createAuthClient`: checks the options, wires the platform to the core, and returns a frozen object. */

import { abortable } from './abort.ts'
import { createAccessMembers } from './access-members.ts'
import { createAllowList } from './allow-list.ts'
import type { AuthClient } from './auth-client.ts'
import { createAuthFetch } from './auth-fetch.ts'
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
import { insides } from './insides.ts'
import { type AuthClientOptions, checkOptions } from './options.ts'
import { createBrowserPlatform } from './platform/browser.ts'
import { createTransport, type Refresh, type RefreshRequest } from './refresh/transport.ts'

const EVENTS: readonly (keyof AuthEvents)[] = ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']

/**
 * Makes the client of one session: one for an application, in a module of its own. `fetch` and the other globals are
 * captured now; nothing is sent before the first call.
 *
 * @throws TypeError that names the option at fault
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const checked = checkOptions(options)
  const { origins, refreshLead, refreshTimeout, readTokens, audiences } = checked
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
  const allowedAddress = createAllowList(origins, refresh.endpoint, audiences)
  const binding = checked.proofs?.({ endpoint: refresh.endpoint, fetch: checked.fetch, allowedAddress })
  // A version that knows no proofs would end a session whose tokens are bound.
  const platform = createBrowserPlatform(checked.name + (binding ? '-dpop' : ''), checked.platform)
  const transport = createTransport({ ...checked, refresh, binding }, platform)
  const session = createSession(platform, transport.holdsRefreshToken, refreshLead, checked.scheme)
  const guards = createGuards(platform)
  const siblings = createSiblings(platform, session, guards, binding)
  const lease = createLease(platform, siblings, guards, leaseOf(refreshTimeout))
  const persist = createPersist(platform)
  const context = {
    ...checked,
    ...platform,
    transport,
    session,
    siblings,
    guards,
    lease,
    persist,
    unsettled: {},
    of: (audience) => (audience ? undefined : session),
    inTurn: (task) => Promise.resolve().then(task),
  } satisfies Context
  const refresher = createRefresher(context)
  const signInOut = createSignInOut(context, refresher)
  const access = createAccess(context, refresher, signInOut)
  const disposal = new AbortController()

  const takeTokens = readTokens?.take({ ...context, ...signInOut })
  const busy = new Set<Promise<unknown>>()

  /** Rejects everybody who waits, and finishes the refresh that is under way before it closes the ledger. */
  const whileAlive =
    <Terms extends unknown[], Value>(task: (...terms: Terms) => Promise<Value>) =>
    (...terms: Terms): Promise<Value> =>
      abortable(() => {
        const promise = task(...terms)
        busy.add(promise)
        return promise.finally(() => busy.delete(promise))
      }, disposal.signal)

  const ensure = whileAlive(access.ensure)
  const recover = whileAlive(access.recover)
  const authFetch = createAuthFetch({
    ...context,
    binding,
    // If the client is disposed of meanwhile, the caller gets its 401.
    access: { ensure, recover: (bearer) => recover(bearer).catch(() => undefined) },
    allowedAddress: (url) => (isAsking ? undefined : allowedAddress(url)),
    onResponse: takeTokens && ((response, epoch) => disposal.signal.aborted || takeTokens(response, epoch)),
  })

  function dispose(): void {
    if (disposal.signal.aborted) return
    insides.delete(client)
    disposal.abort(new DisposedError())
    stopRefreshTimer()
    session.clear()
    void Promise.allSettled([...busy, refresher.stop()]).then(() => {
      guards.end()
      platform.ledger.close()
    })
  }

  const own: AuthClient = {
    authFetch,
    ...createAccessMembers(session, ensure, allowedAddress, binding),
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
  }
  const parts = { checked, context, refresher, signInOut, whileAlive }
  const client = Object.freeze(audiences?.(own, parts) ?? own)
  const stopRefreshTimer = startRefreshTimer(context, refresher)
  insides.set(client, parts)
  return client
}
