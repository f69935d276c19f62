/** What a client, or one of its audiences, gives to callers who need no `fetch`: the token, the headers, the claims. */

import { abortable } from './abort.ts'
import type { AuthClient, GetClaimsOptions } from './auth-client.ts'
import { check } from './core/errors.ts'
import type { Access } from './core/protocol/access.ts'
import type { Session } from './core/protocol/session.ts'
import type { FetchBinding } from './refresh/proofs.ts'
import { ownMembers } from './refresh/request.ts'

/** What a client has for each audience. */
export type AccessMembers = Pick<AuthClient, 'getAccessToken' | 'getHeaders' | 'getClaims'>

/** Other audiences have members of their own. */
const checkAudience = (audience: unknown): void => check(audience === undefined, 'audience', 'one of "audiences"')

/** @param allowedAddress gives the absolute address, if it may carry the token */
export function createAccessMembers(
  session: Session,
  ensure: Access['ensure'],
  allowedAddress: (url: string) => string | undefined,
  binding: FetchBinding | undefined,
): AccessMembers {
  return {
    async getAccessToken(options) {
      const { minValidity = 0, forceRefresh = false, refused, signal, audience } = ownMembers(options)
      check(typeof minValidity === 'number' && minValidity >= 0, 'minValidity', 'a number of milliseconds')
      check(signal === undefined || signal?.throwIfAborted, 'signal', 'an AbortSignal')
      check(refused === undefined || typeof refused === 'string', 'refused', 'a string')
      checkAudience(audience)
      const { held } = await abortable(() => ensure(minValidity, forceRefresh, refused), signal)
      return held?.accessToken
    },
    async getHeaders({ url, method }) {
      const address = allowedAddress(`${url}`)
      if (!address) return {}
      const bearer = await ensure(0, false)
      const { authorization: Authorization, proofs } = bearer.held ?? {}
      if (!Authorization) return {}
      return proofs && binding ? binding.headers(bearer, method, address) : { Authorization }
    },
    getClaims<Claims extends object>(options?: GetClaimsOptions) {
      checkAudience(ownMembers(options).audience)
      return session.held?.claims as Claims | undefined
    },
  }
}
