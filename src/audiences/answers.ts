/** Asking for a token of an audience, and reading what its denial means for the refresh token. */
// Decisions (ARCHITECTURE.md): D58, D59.

import { abortable } from '../abort.ts'
import { RefreshUnavailableError } from '../core/errors.ts'
import { optional } from '../core/optional.ts'
import { type Outcome, parseObject } from '../core/responses/outcome.ts'
import { ownMembers } from '../refresh/request.ts'
import { isResponse, type Refresh, type RefreshRequest } from '../refresh/transport.ts'
import { AudienceDeniedError } from './denied-error.ts'

/** How long a denial stands (in milliseconds). */
export const DENIAL = 60_000

/** Refused before the refresh token is looked at (RFC 6749 section 5.2). */
const REFUSED = /^(invalid_scope|invalid_request|unauthorized_client)$/
/** The user must be asked, which does not end the session (OpenID Connect Core 1.0 section 3.1.2.6). */
const INTERACTION = /^(interaction|consent|login)_required$/
/** What Entra ID says beside `invalid_grant` when a scope was never consented to. */
const SUBERROR = /^(consent_required|basic_action|additional_action|message_only)$/

/** The code of a denial in what a server has said; undefined if it is none. */
function denialIn({ error, suberror, access_token }: Readonly<Record<string, unknown>>): string | undefined {
  if (access_token) return undefined
  const code = `${error}`
  if (code === 'invalid_grant') return SUBERROR.test(`${suberror}`) ? `${suberror}` : undefined
  return code === 'invalid_target' || REFUSED.test(code) || INTERACTION.test(code) ? code : undefined
}

/**
 * The code of a denial in an answer; if its body is lost, the status says what there is to say. Some servers send errors with
 * status 200, and a refresh function may resolve with the error as an object.
 */
async function denialOf(answer: unknown): Promise<string | undefined> {
  if (!isResponse(answer)) return denialIn({ ...(answer as object) })
  // What such a status says is not about the audience, whatever the body.
  if (answer.status === 429 || answer.status >= 500) return undefined
  const copy = optional(() => answer.clone())
  const text = await copy?.text().catch(() => undefined)
  return denialIn(parseObject(text ?? '') ?? {})
}

/** Whether the server may have spent the refresh token before it denied the audience, as oidc-provider does. */
export const mayBeSpent = ({ error }: AudienceDeniedError): boolean => error === 'invalid_target'

const byStatus = new WeakSet<AudienceDeniedError>()

/** Whether no more than a status denies the audience, which may mean that the session is over. */
export const isByStatus = (denied: AudienceDeniedError): boolean => byStatus.has(denied)

/** The denial that an answer to a request for this audience stands for, if any; `code` is the one in its body. */
export function denialFrom(
  outcome: Outcome,
  audience: string,
  code: string | undefined,
): AudienceDeniedError | undefined {
  if (outcome.kind === 'granted') return undefined
  const { error, refusal, isStale } = outcome.kind === 'rejected' ? { error: undefined } : outcome
  if (error instanceof AudienceDeniedError)
    return error.audience === audience ? error : new AudienceDeniedError(audience, error.error)
  const said = refusal === 'no' && !isStale ? (error as Error).message : undefined
  if (!code && !said) return undefined
  const denied = new AudienceDeniedError(audience, code ?? said)
  if (!code) byStatus.add(denied)
  return denied
}

/** The failure of a refresh that a denial explains. */
export const failureOf = (denied: AudienceDeniedError, retryAt: number): RefreshUnavailableError =>
  new RefreshUnavailableError(denied.message, { cause: denied, retryAt })

/** Adds parameters to the body of a POST, over its own: to a form, to JSON, or to none. */
export function withParameters(
  init: RequestInit | undefined,
  parameters: Readonly<Record<string, string>>,
): RequestInit | undefined {
  const { body, method = '' } = init ?? {}
  if (!/^post$/i.test(method)) return init
  if (typeof body === 'string') {
    const members = parseObject(body)
    if (!members || Array.isArray(members)) return init
    return ownMembers({ ...init, body: JSON.stringify({ ...members, ...parameters }) })
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

/** What the request under way is for; `denial` settles when its answer has been read, or its time is over. */
export interface Asked {
  readonly audience: string
  readonly parameters: Readonly<Record<string, string>> | undefined
  denial?: Promise<string | undefined>
}

/** Names the audience of each request, adds its parameters, and reads the answer for a denial. */
export function refreshFor(refresh: Refresh, asked: () => Asked | undefined): Refresh {
  const refreshOne = (request: RefreshRequest): ReturnType<Refresh> => {
    const wanted = asked()
    if (!wanted) return refresh(request)
    const { audience, parameters } = wanted
    const { signal, fetch } = request
    const endpoint = refresh.endpoint?.href
    const answer = refresh({
      ...request,
      audience,
      parameters,
      // A tab that does not know the audience, such as one of an older version, repeats the request without the parameters.
      // A server that replays its answers must not take the two for one.
      idempotencyKey: request.idempotencyKey + (parameters ? `-${encodeURIComponent(audience)}` : ''),
      fetch: (input, init) =>
        fetch(input, parameters && `${input}` === endpoint ? withParameters(init, parameters) : init),
    })
    // The answer itself goes on at once: its headers say that a cookie has come, even if the body never ends.
    wanted.denial = abortable(() => answer.then(denialOf), signal).catch(() => undefined)
    return answer
  }
  return Object.assign(refreshOne, refresh)
}
