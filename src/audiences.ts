/** Several audiences from one refresh token: an access token for each, chosen by the address of the request. */
// Decisions (ARCHITECTURE.md): D57.

import { type Audiences, type ConnectAudiences, connect } from './audiences/connect.ts'
import type { AudienceMembers } from './audiences/members.ts'
import type { ClientParts } from './audiences/parts.ts'
import { createRouter } from './audiences/router.ts'
import { check } from './core/errors.ts'
import { checkString, ownMembers } from './refresh/request.ts'

export type { Audiences } from './audiences/connect.ts'
export { AudienceDeniedError } from './audiences/denied-error.ts'

/** An audience, and what a refresh for it says. */
export interface Audience {
  /** Where its token is sent, and no other: absolute http(s) URLs that end in `/`. The longest one that an address begins with counts. */
  readonly urls: readonly (string | URL)[]
  /**
   * Parameters of a refresh for this audience, over those of the refresh function: `resource` (RFC 8707 section 2.2),
   * `audience`, `scope`.
   *
   * @default none: a refresh function of your own goes by the name of the audience
   */
  readonly parameters?: Readonly<Record<string, string>>
  /**
   * What the `aud` of its tokens must name (RFC 9068 section 2.2), if they are JWTs: some servers ignore an audience that
   * they do not know, and give another token.
   *
   * @default any token is taken, but not the one of another audience
   */
  readonly expect?: string
}

/** The parameters that are not an audience's to change. */
const FIXED = /^(grant_type|client_id|refresh_token)$/

/**
 * Names further audiences whose tokens come from the session's one refresh token, for the option `audiences`. List only
 * audiences that were granted: a server may spend the refresh token before it denies one.
 *
 * @throws TypeError that names the option at fault
 */
export function audiences(list: Readonly<Record<string, Audience>>): Audiences {
  check(list && typeof list === 'object' && !Array.isArray(list), 'audiences', 'an object')
  const checked = new Map<string, Audience>()
  for (const [name, audience] of Object.entries(list)) {
    check(name && !(name in Object.prototype), `audiences.${name}`, 'named otherwise')
    check(audience && typeof audience === 'object', `audiences.${name}`, 'an object')
    const { urls, parameters = {}, expect, ...unknown } = ownMembers(audience)
    for (const key of Object.keys(unknown)) check(false, `audiences.${name}.${key}`, 'left out: it is no option')
    check(Array.isArray(urls) && urls.length > 0, `audiences.${name}.urls`, 'a list of URLs')
    const isRecord = typeof parameters === 'object' && parameters !== null
    const isRight = isRecord && Object.values(parameters).every((value) => typeof value === 'string')
    check(isRight, `audiences.${name}.parameters`, 'an object of strings')
    for (const key of Object.keys(parameters))
      check(!FIXED.test(key), `audiences.${name}.parameters.${key}`, 'left to the refresh function')
    if (expect !== undefined) checkString(expect, `audiences.${name}.expect`)
    checked.set(name, ownMembers({ urls: [...urls], parameters: { ...parameters }, ...(expect && { expect }) }))
  }
  const audienceOf = createRouter(checked)
  const extend = <Client extends AudienceMembers>(client: Client, parts: ClientParts): Client =>
    connect(checked, audienceOf, client, parts)
  return Object.assign(extend, { audienceOf }) satisfies ConnectAudiences as Audiences
}
