/** As its documentation: an entry for each further audience, and plain calls. */

import { audiences } from '../../../src/audiences.ts'
import { createAuthClient, oauthRefresh } from '../../../src/index.ts'
import type { CreateAudienceSession } from './session.ts'

export const authfetch: CreateAudienceSession = ({ tokenEndpoint, clientId, scope, apis }) => {
  const of = (api: string) => ({ urls: [api], parameters: { audience: api, scope } })
  const auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint, clientId }),
    origins: [new URL(apis.own).origin],
    audiences: audiences({ orders: of(apis.orders), billing: of(apis.billing) }),
  })
  return {
    signIn: { kind: 'tokens', give: (tokens) => auth.signIn(tokens) },
    start: () => auth.restore(),
    call: async (audience) => (await auth.authFetch(apis[audience])).status,
  }
}
