// The real OpenID provider of the other tests, as one of the servers.

import { startProvider } from '../../support/provider.ts'
import type { Server } from '../server.ts'

export const oidcProvider: Server = {
  name: 'oidc-provider',
  configuration: 'oidc-provider',
  refreshPath: '/token',
  resourcePath: '/me',
  holdsRefreshToken: true,
  async start({ lifetime }) {
    const provider = await startProvider({ accessTokenTtl: lifetime })
    return {
      origin: provider.issuer,
      credentials: (user) => provider.seed(user),
      sessions: async (user) => provider.sessions(user),
      endSessions: async (user) => provider.endSessions(user),
      recall: async (user) => provider.refuseIssuedTokens(user),
      close: provider.close,
    }
  },
}
