// The types of the public names, checked by `npm run typecheck`, and against the package by `package.test.ts`.

import {
  type AuthClient,
  type AuthClientOptions,
  AuthError,
  type AuthEvents,
  type AuthFetch,
  type AuthState,
  cookieRefresh,
  cookieSignOut,
  createAuthClient,
  DisposedError,
  oauthRefresh,
  oauthRevocation,
  type Refresh,
  type RefreshRequest,
  RefreshUnavailableError,
  responseTokens,
  type ServerRefresh,
  SessionEndedError,
  type SignedOutReason,
  type SignOut,
  type TokenResponse,
  TokenResponseError,
} from 'authfetch'
import { type Audience, AudienceDeniedError, type Audiences, audiences } from 'authfetch/audiences'
import { dpop } from 'authfetch/dpop'
import { createKy, type KyOptions } from 'authfetch/ky'
import {
  createLogin,
  type Login,
  type LoginError,
  type LoginErrorCode,
  type LoginOptions,
  stepUpOf,
} from 'authfetch/login'
import * as react from 'authfetch/react'
import { createTestAuth, type Entry, type LockRequest, type Platform, type TestAuth } from 'authfetch/testing'
import * as vue from 'authfetch/vue'
import { expectTypeOf } from 'expect-type'
import type { KyInstance } from 'ky'
import type { ReactElement, ReactNode } from 'react'
import { type ComputedRef, createApp, h } from 'vue'

declare const auth: AuthClient
declare const redirect: Login

/** Authorization is decided by more than `sub`. */
interface Claims {
  readonly sub: string
  readonly roles: readonly string[]
}

export function client(): void {
  expectTypeOf(createAuthClient).parameters.toEqualTypeOf<[AuthClientOptions]>()
  expectTypeOf(createAuthClient({ refresh: cookieRefresh('/refresh') })).toEqualTypeOf<AuthClient>()
  expectTypeOf(auth[Symbol.dispose]).returns.toBeVoid()

  // @ts-expect-error: there is nothing to refresh with
  createAuthClient({})
  // @ts-expect-error: not an option
  createAuthClient({ refresh: cookieRefresh('/refresh'), refreshLeed: 1 })
  // @ts-expect-error: milliseconds, not text
  createAuthClient({ refresh: cookieRefresh('/refresh'), refreshLead: '1s' })
  // @ts-expect-error: a client is read only
  auth.authFetch = fetch
}

export function authFetch(): void {
  const asFetch: typeof fetch = auth.authFetch
  expectTypeOf(asFetch).toEqualTypeOf<typeof fetch>()
  expectTypeOf<AuthFetch>().toMatchTypeOf<typeof fetch>()
  expectTypeOf(auth.authFetch('/api')).resolves.toEqualTypeOf<Response>()
  void auth.authFetch(new URL('https://api.example'), { method: 'PUT', body: new FormData(), auth: false })
  void auth.authFetch(new Request('https://api.example'), { signal: null })
  // @ts-expect-error: neither on nor off
  void auth.authFetch('/api', { auth: 'no' })
  // @ts-expect-error: nothing to fetch
  void auth.authFetch()
}

export function tokens(): void {
  expectTypeOf(auth.getAccessToken()).resolves.toEqualTypeOf<string | undefined>()
  void auth.getAccessToken({ minValidity: 1, forceRefresh: true, signal: AbortSignal.abort() })
  // @ts-expect-error: not an option
  void auth.getAccessToken({ minimum: 1 })

  expectTypeOf(auth.getClaims()?.sub).toEqualTypeOf<string | undefined>()
  expectTypeOf(auth.getClaims<Claims>()).toEqualTypeOf<Claims | undefined>()
  // @ts-expect-error: claims are an object
  auth.getClaims<string>()

  expectTypeOf(auth.signIn).toBeCallableWith({ access_token: 'a', expires_in: 900 })
  expectTypeOf(auth.signIn).toBeCallableWith({ accessToken: 'a', expiresIn: '900' })
  expectTypeOf(auth.signIn).toBeCallableWith({})
  expectTypeOf(auth.signIn).toBeCallableWith(async () => ({ access_token: 'a' }))
  // @ts-expect-error: a token is text
  void auth.signIn({ access_token: 1 })
}

export async function inAudiences(error: unknown): Promise<string | undefined> {
  const graph = { urls: ['https://graph.example/', new URL('https://g.example/')], parameters: { scope: 'read' } }
  const made = audiences({ graph, billing: { urls: ['https://api.example/billing/'], expect: 'billing' } })
  expectTypeOf(made).toEqualTypeOf<Audiences>()
  expectTypeOf(graph).toMatchTypeOf<Audience>()
  expectTypeOf(createAuthClient({ refresh: cookieRefresh('/refresh'), audiences: made })).toEqualTypeOf<AuthClient>()
  const listed: Readonly<Record<string, Audience>> = { graph }
  audiences(listed)
  // @ts-expect-error: dpop is to be called
  createAuthClient({ refresh: cookieRefresh('/refresh'), proofs: dpop })
  createAuthClient({ refresh: cookieRefresh('/refresh'), proofs: dpop() })
  // @ts-expect-error: the list is made by audiences()
  createAuthClient({ refresh: cookieRefresh('/refresh'), audiences: { graph } })
  // @ts-expect-error: where is its token sent?
  audiences({ graph: { parameters: { scope: 'read' } } })
  // @ts-expect-error: a list of URLs
  audiences({ graph: { urls: 'https://graph.example/' } })
  // @ts-expect-error: the wire has text
  audiences({ graph: { urls: ['https://graph.example/'], parameters: { max_age: 5 } } })
  // @ts-expect-error: not an option
  audiences({ graph: { urls: ['https://graph.example/'], scope: 'read' } })
  // @ts-expect-error: named, not listed
  audiences([graph])

  expectTypeOf(auth.getAccessToken({ audience: 'graph' })).resolves.toEqualTypeOf<string | undefined>()
  expectTypeOf(auth.getHeaders({ url: 'https://graph.example/me' })).resolves.toEqualTypeOf<Record<string, string>>()
  expectTypeOf(auth.getClaims<Claims>({ audience: 'graph' })).toEqualTypeOf<Claims | undefined>()
  // @ts-expect-error: by its name
  auth.getClaims('graph')
  // @ts-expect-error: one at a time
  void auth.getAccessToken({ audience: ['graph'] })
  // @ts-expect-error: claims are those of the token at hand
  auth.getClaims({ audience: 'graph', forceRefresh: true })

  auth.on('refreshed', ({ audience }) => expectTypeOf(audience).toEqualTypeOf<string | undefined>())
  auth.on('refresh-failed', ({ audience, error: { cause } }) => {
    expectTypeOf(audience).toEqualTypeOf<string | undefined>()
    if (cause instanceof AudienceDeniedError) expectTypeOf(cause.audience).toBeString()
  })
  // @ts-expect-error: a session ends for all audiences
  auth.on('signed-out', ({ audience }) => audience)

  const own: Refresh = async ({ audience, parameters }) => {
    expectTypeOf(audience).toEqualTypeOf<string | undefined>()
    expectTypeOf(parameters).toEqualTypeOf<Readonly<Record<string, string>> | undefined>()
    if (audience) throw new AudienceDeniedError(audience, 'invalid_target')
    return { access_token: 'a' }
  }
  createAuthClient({ refresh: own, audiences: made })
  // @ts-expect-error: which one?
  new AudienceDeniedError()
  if (!(error instanceof AudienceDeniedError)) return undefined
  expectTypeOf<AudienceDeniedError['code']>().toEqualTypeOf<'audience-denied'>()
  expectTypeOf(error).toMatchTypeOf<AuthError>()
  // @ts-expect-error: an error is read only
  error.audience = 'billing'
  return error.error
}

export function state(): unknown {
  const current = auth.getState()
  expectTypeOf(current).toEqualTypeOf<AuthState>()
  switch (current.status) {
    case 'unknown':
      expectTypeOf(current.refreshing).toBeBoolean()
      // @ts-expect-error: nobody knows
      return current.expiresAt
    case 'signed-in':
      return expectTypeOf(current.expiresAt).toEqualTypeOf<number | undefined>()
    case 'signed-out':
      expectTypeOf(current.reason).toEqualTypeOf<SignedOutReason>()
      expectTypeOf(current.reason).toEqualTypeOf<
        'initial' | 'requested' | 'rejected' | 'reuse-detected' | 'in-doubt' | 'no-refresh-token' | 'superseded'
      >()
      return current.degraded
    default:
      return expectTypeOf(current).toBeNever()
  }
}

export function events(): void {
  expectTypeOf(auth.subscribe(() => {})).toEqualTypeOf<() => void>()
  auth.on('signed-out', (detail) => expectTypeOf(detail).toEqualTypeOf<AuthEvents['signed-out']>())
  auth.on('signed-out', ({ reason, source }) => {
    expectTypeOf(reason).toEqualTypeOf<SignedOutReason>()
    expectTypeOf(source).toEqualTypeOf<'this-tab' | 'other-tab'>()
  })
  auth.on('refresh-failed', ({ error, retryAt }) => {
    expectTypeOf(error).toEqualTypeOf<RefreshUnavailableError>()
    expectTypeOf(retryAt).toEqualTypeOf<number | undefined>()
  })
  // @ts-expect-error: no such event
  auth.on('signed-up', () => {})
  // @ts-expect-error: this event has no reason
  auth.on('refreshed', ({ reason }) => reason)
}

type AnyError = SessionEndedError | RefreshUnavailableError | AudienceDeniedError | TokenResponseError | DisposedError

export function errors(error: unknown): string | number | undefined {
  if (error instanceof AuthError) {
    expectTypeOf(error.code).toEqualTypeOf<
      'session-ended' | 'refresh-unavailable' | 'audience-denied' | 'token-response' | 'disposed' | LoginErrorCode
    >()
  }
  expectTypeOf<(AnyError | LoginError)['code']>().toEqualTypeOf<AuthError['code']>()
  // @ts-expect-error: the base is for `instanceof` only
  new AuthError()
  new SessionEndedError('rejected', { cause: error })
  // @ts-expect-error: no such reason
  new SessionEndedError('bored')
  new RefreshUnavailableError('later', { retryAt: 1 })
  new TokenResponseError('"access_token" is missing')
  new DisposedError()
  return narrow(error as AnyError)
}

function narrow(error: AnyError): string | number | undefined {
  switch (error.code) {
    case 'session-ended':
      expectTypeOf(error).toEqualTypeOf<SessionEndedError>()
      return error.reason
    case 'refresh-unavailable':
      expectTypeOf(error).toEqualTypeOf<RefreshUnavailableError>()
      return error.retryAt
    case 'token-response':
      // @ts-expect-error: only the end of a session has a reason
      return error.reason
    case 'audience-denied':
      expectTypeOf(error).toEqualTypeOf<AudienceDeniedError>()
      // @ts-expect-error: it stands for a minute, and no member tells
      void error.retryAt
      return error.audience
    case 'disposed':
      return error.message
    // @ts-expect-error: no such code
    case 'offline':
      return undefined
    default:
      return expectTypeOf(error).toBeNever() as never
  }
}

export async function login(response: Response): Promise<string | undefined> {
  const options = { issuer: 'https://id.example', clientId: 'spa', redirectUri: '/callback' }
  expectTypeOf(createLogin).parameters.toEqualTypeOf<[AuthClient, LoginOptions]>()
  const { start, finish, endSessionUrl }: Login = createLogin(auth, { ...options, pushed: true })
  createLogin(auth, { ...options, metadata: { authorization_endpoint: '/authorize', token_endpoint: '/token' } })
  // @ts-expect-error: not an option
  createLogin(auth, { ...options, responseMode: 'fragment' })
  // @ts-expect-error: where is the code exchanged?
  createLogin(auth, { ...options, metadata: { authorization_endpoint: '/authorize' } })
  await start({ returnTo: new URL('https://app.example/x'), parameters: stepUpOf(response) })
  // @ts-expect-error: the wire has text
  await start({ parameters: { max_age: 5 } })
  const resource = ['https://main.example/', 'https://billing.example/'] as const
  createLogin(auth, { ...options, parameters: { resource, prompt: undefined } })
  await start({ parameters: { resource: [...resource] } })
  // @ts-expect-error: named, not listed
  await start({ parameters: new URLSearchParams({ resource: 'https://main.example/' }) })
  // @ts-expect-error: not a function, as those of oauthRefresh() may be
  await start({ parameters: () => ({ prompt: 'login' }) })
  expectTypeOf(endSessionUrl({ postLogoutRedirectUri: '/' })).resolves.toBeString()
  return finish()
}

export function loginErrors(error: SessionEndedError | LoginError): string | undefined {
  switch (error.code) {
    case 'session-ended':
      expectTypeOf(error).toEqualTypeOf<SessionEndedError>()
      return error.reason
    case 'unknown-state':
    case 'access_denied':
      return error.message
    // @ts-expect-error: no such code
    case 'accessDenied':
      return undefined
    default:
      expectTypeOf(error).toEqualTypeOf<LoginError>()
      return undefined
  }
}

export function requests(): void {
  expectTypeOf(cookieRefresh(new URL('https://as.example'))).toEqualTypeOf<ServerRefresh>()
  expectTypeOf(cookieSignOut('/sign-out', { headers: { 'X-CSRF': '1' } })).toEqualTypeOf<SignOut>()
  expectTypeOf(oauthRefresh({ tokenEndpoint: '/token', clientId: 'spa' })).toEqualTypeOf<ServerRefresh>()
  // A function that wraps a built-in one reads its Response without a cast.
  const inner = cookieRefresh('/refresh')
  createAuthClient({
    refresh: Object.assign(async (request: RefreshRequest) => {
      const response = await inner(request)
      expectTypeOf(response.headers.get('x-tenant')).toEqualTypeOf<string | null>()
      return response
    }, inner),
  })
  expectTypeOf(oauthRevocation({ revocationEndpoint: '/revoke', clientId: 'spa' })).toEqualTypeOf<SignOut>()
  // @ts-expect-error: whose token?
  oauthRefresh({ tokenEndpoint: '/token' })
  const own: Refresh = async ({ fetch, signal, refreshToken, idempotencyKey }) => {
    expectTypeOf(refreshToken).toEqualTypeOf<string | undefined>()
    expectTypeOf(idempotencyKey).toBeString()
    return fetch('/renew', { signal })
  }
  const another: Refresh = async () => ({ access_token: 'a' })
  // @ts-expect-error: neither tokens nor a response
  const wrong: Refresh = async () => 'a'
  createAuthClient({
    refresh: own,
    onSignOut: async ({ accessToken }) => accessToken,
    readTokens: responseTokens((response): TokenResponse | undefined => (response.ok ? {} : undefined)),
  })
  const platform: Partial<Platform> = { random: () => 0 }
  expectTypeOf<ReturnType<Platform['locks']['request']>>().toEqualTypeOf<LockRequest>()
  expectTypeOf<Awaited<ReturnType<Platform['ledger']['read']>>>().toEqualTypeOf<Entry | undefined>()
  createAuthClient({ refresh: another, platform })
  void wrong
}

export function useReact(): void {
  expectTypeOf(react.AuthProvider({ client: auth, children: 'text' })).toEqualTypeOf<ReactElement>()
  expectTypeOf(react.AuthGate({ unknown: null, signedOut: 'text' })).toEqualTypeOf<ReactNode>()
  // @ts-expect-error: whose state?
  react.AuthProvider({})
  const current = react.useAuth()
  if (current.status === 'signed-out') expectTypeOf(current.reason).toEqualTypeOf<SignedOutReason>()
  expectTypeOf(current.signOut).toEqualTypeOf<AuthClient['signOut']>()
  expectTypeOf(react.useAuthClient()).toEqualTypeOf<AuthClient>()
  expectTypeOf(react.useAuthFetch()).toEqualTypeOf<AuthFetch>()
  expectTypeOf(react.useLogin(redirect, (returnTo) => returnTo?.length)).toEqualTypeOf<react.LoginControls>()
  expectTypeOf(react.useClaims()?.sub).toEqualTypeOf<string | undefined>()
  expectTypeOf(react.useClaims<Claims>()).toEqualTypeOf<Claims | undefined>()
  expectTypeOf(react.useClaims<Claims>({ audience: 'graph' })).toEqualTypeOf<Claims | undefined>()
  // @ts-expect-error: not an option
  react.useClaims({ audiences: ['graph'] })
}

export function useVue(): void {
  createApp({ components: { AuthGate: vue.AuthGate } })
    .component('AuthGate', vue.AuthGate)
    .use(vue.createAuth(auth))
  h(vue.AuthGate, null, { default: () => 'text', unknown: () => [h('p')] })
  expectTypeOf<vue.AuthGateSlots>().toHaveProperty('signed-out')
  const { state: current, status, signIn } = vue.useAuth()
  expectTypeOf(current).toEqualTypeOf<ComputedRef<AuthState>>()
  expectTypeOf(status.value).toEqualTypeOf<AuthState['status']>()
  expectTypeOf(signIn).toEqualTypeOf<AuthClient['signIn']>()
  expectTypeOf(vue.useLogin(redirect, () => {}).error.value).toEqualTypeOf<Error | undefined>()
  expectTypeOf(vue.useAuthFetch()).toEqualTypeOf<AuthFetch>()
  expectTypeOf(vue.useClaims<Claims>()).toEqualTypeOf<ComputedRef<Claims | undefined>>()
  expectTypeOf(vue.useClaims({ audience: 'graph' }).value?.sub).toEqualTypeOf<string | undefined>()
  // @ts-expect-error: by its name
  vue.useClaims('graph')
  // @ts-expect-error: the app's own client, not its options
  vue.createAuth({ client: auth })
}

export function inKy(): void {
  expectTypeOf(createKy(auth, { prefix: '/api', timeout: false })).toEqualTypeOf<KyInstance>()
  // @ts-expect-error: the client is the fetch
  createKy(auth, { fetch })
  expectTypeOf<KyOptions>().not.toHaveProperty('fetch')
}

export async function inTests(): Promise<void> {
  const test = await createTestAuth({ status: 'signed-out', reason: 'rejected', claims: { sub: 'alice' }, latency: 1 })
  expectTypeOf(test).toEqualTypeOf<TestAuth>()
  expectTypeOf(test.client).toEqualTypeOf<AuthClient>()
  expectTypeOf(test.openTab()).toEqualTypeOf<AuthClient>()
  test.failNextRefresh(new SessionEndedError())
  test.failNextRefresh(new AudienceDeniedError('graph'))
  await createTestAuth({
    audiences: audiences({ graph: { urls: ['https://graph.example/'] } }),
    claims: (audience) => {
      expectTypeOf(audience).toEqualTypeOf<string | undefined>()
      return { sub: 'alice', aud: audience }
    },
  })
  // @ts-expect-error: claims are an object
  await createTestAuth({ claims: 'alice' })
  // @ts-expect-error: the server of tests is given
  await createTestAuth({ refresh: cookieRefresh('/refresh') })
  // @ts-expect-error: no such state
  await createTestAuth({ status: 'signing-in' })
}
