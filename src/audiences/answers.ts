/** Asking for a token of an audience, and reading what its denial means for the refresh token. */
// Decisions (ARCHITECTURE.md): D58, D59.

import { RefreshUnavailableError } from '../core/errors.ts'
import { optional } from '../core/optional.ts'
import { parseObject } from '../core/responses/outcome.ts'
import { ownMembers } from '../refresh/request.ts'
import type { Refresh, RefreshRequest } from '../refresh/transport.ts'
import { AudienceDeniedError } from './denied-error.ts'

/** How long a denial stands (in milliseconds). */
export const DENIAL = 60_000

/** Refused before the refresh token is looked at (RFC 6749 section 5.2). */
const REFUSED = /^(invalid_scope|invalid_request|unauthorized_client)$/
/** The user must be asked, which does not end the session (OpenID Connect Core 1.0 section 3.1.2.6). */
const INTERACTION = /^(interaction|consent|login)_required$/
/** What Entra ID says beside `invalid_grant` when a scope was never consented to. */
const SUBERROR = /^(consent_required|basic_action|additional_action|message_only)$/

/** The code of a denial in a body; undefined if it is none. */
function denialIn(text: string): string | undefined {
  const { error, suberror, access_token } = parseObject(text) ?? {}
  if (access_token) return undefined
  const code = `${error}`
  if (code === 'invalid_grant') return SUBERROR.test(`${suberror}`) ? `${suberror}` : undefined
  return code === 'invalid_target' || REFUSED.test(code) || INTERACTION.test(code) ? code : undefined
}

/**
 * The code of a denial in an answer, with whatever status: some servers send errors with 200. If the body is lost, the status
 * says what there is to say.
 */
async function denialOf(answer: unknown): Promise<string | undefined> {
  const copy = optional(() => (answer as Partial<Response>).clone?.())
  return denialIn((await copy?.text().catch(() => '')) ?? '')
}

/** Whether the server may have spent the refresh token before it denied the audience, as oidc-provider does. */
export const mayBeSpent = ({ error }: AudienceDeniedError): boolean => error === 'invalid_target'

/** The failure of a refresh that a denial explains. */
export const failureOf = (denied: AudienceDeniedError, retryAt: number): RefreshUnavailableError =>
  new RefreshUnavailableError(denied.message, { cause: denied, retryAt })

/** Adds parameters to the body of a built-in refresh, over its own: to a form, to JSON, or to none. */
export function withParameters(
  init: RequestInit | undefined,
  parameters: Readonly<Record<string, string>> | undefined,
): RequestInit | undefined {
  const { body } = init ?? {}
  if (!parameters) return init
  if (typeof body === 'string') {
    const members = parseObject(body)
    return members ? ownMembers({ ...init, body: JSON.stringify({ ...members, ...parameters }) }) : init
  }
  if (body && !(body instanceof URLSearchParams)) return init
  const form = new URLSearchParams(body ?? '')
  for (const [name, value] of Object.entries(parameters)) form.set(name, value)
  return ownMembers({ ...init, body: form })
}

/** An answer as a service worker reads it: it does not know whose request it has heard, so that a denial is no verdict. */
export async function withoutDenial(answer: Promise<Response>): Promise<Response> {
  if (await denialOf(await answer)) throw new RefreshUnavailableError()
  return answer
}

/** Adds the parameters of an audience to each request for it, and tells what its answer says of the audience. */
export function refreshFor(
  refresh: Refresh,
  parametersOf: (audience: string) => Readonly<Record<string, string>> | undefined,
  hear: (denied: AudienceDeniedError) => void,
): Refresh {
  const refreshOne = async (request: RefreshRequest): ReturnType<Refresh> => {
    const { audience } = request
    if (audience === undefined) return refresh(request)
    const parameters = parametersOf(audience)
    const fetch: typeof request.fetch = (input, init) => request.fetch(input, withParameters(init, parameters))
    // A tab that does not know the audience, such as one of an older version, repeats the request without the parameters. A
    // server that replays its answers must not take the two for one.
    const idempotencyKey = request.idempotencyKey + (parameters ? `-${encodeURIComponent(audience)}` : '')
    const answer = await refresh({
      ...request,
      parameters,
      idempotencyKey,
      fetch: refresh.endpoint ? fetch : request.fetch,
    })
    const code = await denialOf(answer)
    if (code && !request.signal.aborted) hear(new AudienceDeniedError(audience, code))
    return answer
  }
  return Object.assign(refreshOne, refresh)
}
