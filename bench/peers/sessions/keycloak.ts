/** As its guide: `init` with the tokens of a sign-in, and `updateToken` before each call. It keeps tokens in memory only. */

import Keycloak from 'keycloak-js'
import { bearer, type CreateSession, leadOf, type Tokens } from './session.ts'

export const keycloak: CreateSession = ({ issuer, clientId, resource, lifetime }) => {
  const adapter = new Keycloak({ clientId, oidcProvider: issuer })
  let seeded: Tokens | undefined
  return {
    async seed(tokens) {
      seeded = tokens
    },
    async start() {
      if (!seeded) return
      await adapter.init({
        token: seeded.access_token,
        refreshToken: seeded.refresh_token,
        checkLoginIframe: false,
      })
    },
    async call() {
      await adapter.updateToken(Math.min(5, leadOf(lifetime)))
      return (await fetch(resource, bearer(adapter.token))).status
    },
    refresh: () => adapter.updateToken(-1),
  }
}
