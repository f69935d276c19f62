/** Signing in by redirect: the authorization code flow with PKCE (RFC 6749 section 4.1, RFC 7636) for one client. */
// Decisions (ARCHITECTURE.md): D39, D41, D55, D61.

import type { AuthClient } from './auth-client.ts'
import { check } from './core/errors.ts'
import type { TokenResponse } from './core/responses/tokens.ts'
import { insides } from './insides.ts'
import { LoginError, oauthError, wrongIssuer } from './login/error.ts'
import { checkIdToken } from './login/id-token.ts'
import { type PendingLogin, transact } from './login/pending.ts'
import {
  ask,
  discover,
  type Form,
  type LoginMetadata,
  type LoginParameters,
  pairsOf,
  readParameters,
} from './login/requests.ts'
import { pageOrigin, surroundings } from './platform/page.ts'
import type { FetchBinding } from './refresh/proofs.ts'
import { checkString, ownMembers, resolveEndpoint } from './refresh/request.ts'

export type { LoginErrorCode } from './core/errors.ts'
export { LoginError } from './login/error.ts'
export type { LoginMetadata, LoginParameters } from './login/requests.ts'
export { stepUpOf } from './login/step-up.ts'

/** The options of `createLogin`. */
export interface LoginOptions {
  /** The authorization server's identifier, letter by letter as the server writes it (RFC 8414 section 2). */
  readonly issuer: string
  /** The public client's identifier (RFC 6749 section 2.2). */
  readonly clientId: string
  /** Where the server sends the user back to: on the page's own origin, and a path that no other sign-in uses. */
  readonly redirectUri: string | URL
  /**
   * What to ask for, such as `openid offline_access` (RFC 6749 section 3.3).
   *
   * @default the server's own choice
   */
  readonly scope?: string
  /**
   * Further parameters of each authorization request, such as `audience` or `resource` (RFC 8707 section 2.1). The
   * exchange of the code carries those of `oauthRefresh()` instead.
   */
  readonly parameters?: LoginParameters
  /**
   * The server's endpoints, absolute or relative to the page.
   *
   * @default asked of the issuer before the first sign-in (OpenID Connect Discovery 1.0, RFC 8414)
   */
  readonly metadata?: LoginMetadata
  /**
   * Whether the request is pushed to the server, so that the address has nothing to read or to change (RFC 9126).
   *
   * @default whether the metadata requires it
   */
  readonly pushed?: boolean
  /** Called with the answer to each exchange, once the session has begun: for those who need the ID token. */
  readonly onTokens?: (tokens: TokenResponse) => void
  /**
   * The `fetch` to use.
   *
   * @default the global one, as it is now
   */
  readonly fetch?: typeof fetch
}

/** How one sign-in differs from others. */
export interface LoginStartOptions {
  /**
   * Where the user goes afterwards: an address of the page's own origin.
   *
   * @default where the user is
   */
  readonly returnTo?: string | URL | undefined
  /** Further parameters, in place of those of the login: `prompt`, `login_hint`, `max_age`, `acr_values`, or another `scope`. */
  readonly parameters?: LoginParameters | undefined
}

/** How a session at the server is ended. */
export interface EndSessionOptions {
  /** Where the server sends the user back to, as registered there. */
  readonly postLogoutRedirectUri?: string | URL
  /** Further parameters, such as `id_token_hint` or `state`. */
  readonly parameters?: LoginParameters
}

/** Signs in by redirect, in any number of tabs at once. */
export interface Login {
  /**
   * Leaves the page for the server's. It resolves when the browser has been told to, and the user may come back.
   *
   * Rejects with a {@link LoginError} when the metadata cannot be had or the server refuses a pushed request, with a
   * TypeError when an option is wrong, when `returnTo` is of another origin, or outside of a secure context.
   */
  start(options?: LoginStartOptions): Promise<void>
  /**
   * Finishes a sign-in, and cleans the address; to be called on every page load. Resolves with where the user wants to
   * go, a path of the page's own origin; with undefined when this page is no answer to a sign-in. Called again
   * meanwhile, it joins the first call.
   *
   * Rejects with a {@link LoginError}, and as `signIn` does.
   */
  finish(): Promise<string | undefined>
  /**
   * The address that ends the session at the server too, to go to after `signOut()` (OpenID Connect RP-Initiated Logout
   * 1.0 section 2).
   *
   * Rejects with a {@link LoginError} when the metadata cannot be had, with a TypeError when the server has no such
   * endpoint.
   */
  endSessionUrl(options?: EndSessionOptions): Promise<string>
}

const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
const createSecret = (): string => encode(crypto.getRandomValues(new Uint8Array(32)))

/**
 * Makes the sign-in of one client, in a module of its own. Nothing is sent before the first call.
 *
 * @throws TypeError that names the option at fault
 */
export function createLogin(auth: AuthClient, options: LoginOptions): Login {
  const own = ownMembers(options)
  const { scope, pushed, onTokens, fetch: send = globalThis.fetch?.bind(globalThis) } = own
  check(onTokens === undefined || typeof onTokens === 'function', 'onTokens', 'a function')
  if (scope !== undefined) checkString(scope, 'scope')
  const issuer = checkString(own.issuer, 'issuer')
  const clientId = checkString(own.clientId, 'clientId')
  const callback = resolveEndpoint(own.redirectUri, 'redirectUri')
  const page = pageOrigin() ?? callback.origin
  check(callback.origin === page, 'redirectUri', `of the page's origin ${page}, not of ${callback.origin}`)
  const common = { ...(scope && { scope }), ...readParameters(own.parameters) }
  const client = { client_id: clientId, redirect_uri: callback.href }
  const parts = insides.get(auth)
  /** Of a client with `proofs`: what ties its tokens to a key. */
  const binding = parts?.context.transport.binding as FetchBinding | undefined
  let { metadata } = own
  let finishing: Promise<string> | undefined

  /** The address of an endpoint of the server, with a query. */
  async function endpoint(name: keyof LoginMetadata, query: Form = {}): Promise<string> {
    metadata ??= await discover(send, issuer)
    const address = resolveEndpoint(metadata[name], name)
    for (const parameter of Object.keys(query)) address.searchParams.delete(parameter)
    for (const parameter of pairsOf(query)) address.searchParams.append(...parameter)
    return address.href
  }

  const isCallback = (): boolean => surroundings.location?.pathname === callback.pathname

  async function exchange(answer: URLSearchParams, state: string): Promise<string> {
    // Read and deleted in one transaction, so that a code is used once.
    const login = await transact((store) => {
      const found: IDBRequest<PendingLogin | undefined> = store.get(state)
      store.delete(state)
      return found
    })
    if (!login) {
      // Opened twice, or loaded again: whoever came first has signed in.
      if ((await auth.restore()).status === 'signed-in') return '/'
      throw new LoginError('unknown-state')
    }
    const iss = answer.get('iss')
    if (iss === null ? login.iss : iss !== issuer) throw wrongIssuer(issuer, iss)
    const error = answer.get('error')
    if (error !== null) throw oauthError(error, 'the answer by redirect says so')
    const code = answer.get('code')
    if (!code) throw new LoginError('no-code')
    let tokens: TokenResponse = {}
    await auth.signIn(async () => {
      const kit = await binding?.begin(login.key)
      // The first access token is for whom the next ones are.
      const more = parts?.checked.refresh.parameters?.()
      tokens = await ask(kit?.fetch ?? send, login.url, {
        ...more,
        ...login.form,
        grant_type: 'authorization_code',
        code,
      })
      if (tokens.id_token) checkIdToken(tokens.id_token, issuer, clientId, login.nonce)
      return { ...tokens, key: kit?.key }
    })
    // What a listener throws is reported as uncaught, and harms nobody.
    void Promise.resolve(tokens).then(onTokens)
    return login.returnTo
  }

  return {
    async start(startOptions = {}) {
      const { returnTo = isCallback() ? '/' : location.href, parameters: more } = ownMembers(startOptions)
      const { origin, pathname, search, hash } = resolveEndpoint(returnTo, 'returnTo')
      check(origin === callback.origin, 'returnTo', 'of the origin of "redirectUri"')
      const wanted: Form = { ...common, ...readParameters(more) }
      check(crypto.subtle, 'location', 'https or localhost')
      // The user may take ten minutes.
      const state = `${Date.now() + 600_000}.${createSecret()}`
      const code_verifier = createSecret()
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(code_verifier))
      // The code is good for this key alone (RFC 9449 section 10).
      const kit = await binding?.begin()
      const nonce = /\bopenid\b/.test(`${wanted.scope}`) ? createSecret() : undefined
      let query: Form = {
        ...wanted,
        ...client,
        response_type: 'code',
        state,
        ...(nonce && { nonce }),
        ...(kit && { dpop_jkt: kit.thumbprint }),
        code_challenge: encode(new Uint8Array(digest)),
        code_challenge_method: 'S256',
      }
      const login: PendingLogin = {
        url: await endpoint('token_endpoint'),
        form: { ...client, code_verifier },
        key: kit?.key,
        nonce,
        iss: metadata?.authorization_response_iss_parameter_supported,
        // Beginning with two slashes, it would be another origin.
        returnTo: pathname.replace(/^\/+/, '/') + search + hash,
      }
      if (pushed ?? metadata?.require_pushed_authorization_requests) {
        const { request_uri } = await ask(
          kit?.fetch ?? send,
          await endpoint('pushed_authorization_request_endpoint'),
          query,
        )
        query = { client_id: clientId, request_uri: checkString(request_uri, 'request_uri') }
      }
      const address = await endpoint('authorization_endpoint', query)
      await transact((store) => store.put(login, state))
      location.assign(address)
    },

    async finish() {
      const answer = new URLSearchParams(surroundings.location?.search)
      const state = isCallback() && answer.get('state')
      if (state) {
        history.replaceState(history.state, '', callback)
        finishing = exchange(answer, state).finally(() => {
          finishing = undefined
        })
      }
      return finishing
    },

    endSessionUrl: async ({ postLogoutRedirectUri, parameters: more } = {}) =>
      endpoint('end_session_endpoint', {
        client_id: clientId,
        ...(postLogoutRedirectUri && {
          post_logout_redirect_uri: resolveEndpoint(postLogoutRedirectUri, 'postLogoutRedirectUri').href,
        }),
        ...readParameters(more),
      }),
  }
}
