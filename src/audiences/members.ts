/** What a client has for each audience, and the client whose members choose among them. */
// Decisions (ARCHITECTURE.md): D57.

import { type AccessMembers, createAccessMembers } from '../access-members.ts'
import { type AuthFetch, createAuthFetch } from '../auth-fetch.ts'
import { optional } from '../core/optional.ts'
import type { FetchBinding } from '../refresh/proofs.ts'
import { ownMembers } from '../refresh/request.ts'
import type { Face } from './face.ts'
import type { ClientParts } from './parts.ts'
import type { Router } from './router.ts'

/** What a client has for each audience. */
export interface AudienceMembers extends AccessMembers {
  readonly authFetch: AuthFetch
}

/** @param isAsking tells whether a refresh request begins now: what the refresh function fetches gets no token */
export function withAudiences<Client extends AudienceMembers>(
  client: Client,
  { checked, context }: ClientParts,
  faces: ReadonlyMap<string, Face>,
  audienceOf: Router,
  isAsking: () => boolean,
): Client {
  // Captured here, so that what a page patches later sees no token.
  const { Request } = globalThis
  const urlOf = Request && Object.getOwnPropertyDescriptor(Request.prototype, 'url')?.get
  /** The address as it is written; `fetch` gives the right error for what has none. */
  const addressIn = (input: unknown): string =>
    // The getter knows Requests of any realm, whatever their members say.
    (typeof input === 'string' ? input : (optional(() => urlOf?.call(input)) ?? optional(() => String(input)))) ?? ''

  const members = new Map([...faces].map(([name, face]) => [name, membersOf(face)]))
  const memberOf = (audience: string | undefined): AudienceMembers =>
    (audience === undefined ? undefined : members.get(audience)) ?? client

  /** They check each address themselves: what another reading of the input would give counts for nothing. */
  function membersOf(face: Face): AudienceMembers {
    const { session, ensure, recover } = face
    const allowedAddress = (url: string): string | undefined => (isAsking() ? undefined : face.allowedAddress(url))
    // One binding, so that what a server has told of its nonces and its time counts for all audiences.
    const binding = (context.transport.binding as FetchBinding | undefined)?.for(allowedAddress)
    return {
      ...createAccessMembers(session, ensure, allowedAddress, binding),
      authFetch: createAuthFetch({
        ...checked,
        session,
        report: context.report,
        binding,
        access: { ensure, recover },
        allowedAddress,
      }),
    }
  }

  return {
    ...client,
    authFetch: Object.defineProperty(
      (...given: Parameters<AuthFetch>) => memberOf(audienceOf(addressIn(given[0]))).authFetch(...given),
      'length',
      { value: 1 },
    ),
    getAccessToken(options) {
      const { audience, ...others } = ownMembers(options)
      return members.has(audience as string)
        ? memberOf(audience).getAccessToken(others)
        : client.getAccessToken(options)
    },
    getClaims(options) {
      const { audience } = ownMembers(options)
      return members.has(audience as string) ? memberOf(audience).getClaims() : client.getClaims(options)
    },
    getHeaders: async (request) => memberOf(audienceOf(String(request.url))).getHeaders(request),
  }
}
