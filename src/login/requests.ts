/** The requests of a sign-in: discovery, and POSTs of forms to the authorization server. */

import { check } from '../core/errors.ts'
import { requestInit } from '../refresh/request.ts'
import { loginError, oauthError, wrongIssuer } from './error.ts'

/**
 * What has to be known of the authorization server, by the names of its metadata document.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export interface LoginMetadata {
  /** Where the user signs in (RFC 6749 section 3.1). */
  readonly authorization_endpoint: string
  /** Where the code is exchanged (RFC 6749 section 3.2). */
  readonly token_endpoint: string
  /** Where the request is pushed to (RFC 9126 section 5). */
  readonly pushed_authorization_request_endpoint?: string
  /** Whether the request must be pushed (RFC 9126 section 5). */
  readonly require_pushed_authorization_requests?: boolean
  /** Whether the server names itself in each answer by redirect (RFC 9207 section 3). */
  readonly authorization_response_iss_parameter_supported?: boolean
  /** Where the session at the server is ended (OpenID Connect RP-Initiated Logout 1.0 section 2.1). */
  readonly end_session_endpoint?: string
}

/** Further parameters: one with several values, such as `resource`, is sent as often; undefined is left out. */
export type LoginParameters = Readonly<Record<string, string | readonly string[] | undefined>>

export type Form = Readonly<Record<string, string | readonly string[]>>

/** The values of each parameter; throws a TypeError that names the one at fault. */
export function readParameters(given: LoginParameters = {}): Form {
  // URLSearchParams or a list of pairs would add nothing, or something else.
  check({}.toString.call(given) === '[object Object]', 'parameters', 'an object')
  return Object.fromEntries(
    Object.entries(given).map(([name, value = []]) => {
      const values = [value].flat()
      check(
        values.every((one) => typeof one === 'string'),
        `parameters.${name}`,
        'a string or an array of strings',
      )
      return [name, values]
    }),
  )
}

/** Each parameter as often as it has values. */
export const pairsOf = (form: Form): [string, string][] =>
  Object.entries(form).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]))

/**
 * Asks the server for a JSON object, for 30 s: by a POST where there is a form. It asks once, also after a lost answer: a
 * code is good for one use.
 */
export async function ask(send: typeof fetch, url: string, form?: Form): Promise<Readonly<Record<string, unknown>>> {
  const signal = AbortSignal.timeout(30_000)
  const init: RequestInit = form ? { body: new URLSearchParams(pairsOf(form)) } : { method: 'GET' }
  let status: number | string | undefined
  const { error, ...members } = await send(url, requestInit({ credentials: 'omit', signal, ...init }))
    .then(async (response) => {
      status = response.status || 'a redirect'
      return { error: !response.ok, ...(await response.json()) }
    })
    .catch((cause) => {
      // The parser's message may quote a token.
      throw loginError(
        'network',
        `${url} gave ${status ? `${status} without JSON` : 'no answer'}`,
        status ? undefined : { cause },
      )
    })
  if (!error) return members
  throw oauthError(error, `${url} gave ${status}`)
}

/** The metadata document of the issuer: OpenID Connect Discovery 1.0 section 4, else RFC 8414 section 3. */
export async function discover(send: typeof fetch, issuer: string): Promise<LoginMetadata> {
  check(/^https?:\/\/./.test(issuer), 'issuer', 'an http(s) URL')
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const found = await ask(send, `${origin}${path}/.well-known/openid-configuration`).catch((first) =>
    // Where there is neither, the first one is missed.
    ask(send, `${origin}/.well-known/oauth-authorization-server${path}`).catch(() => Promise.reject(first)),
  )
  if (found.issuer !== issuer) throw wrongIssuer(issuer, found.issuer)
  return found as unknown as LoginMetadata
}
