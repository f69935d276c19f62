/** As its documentation of multi-resource refresh tokens: `useRefreshTokens`, `useMrrt`, and the audience for each call. */

import { Auth0Client } from '@auth0/auth0-spa-js'
import { bearer } from '../sessions/session.ts'
import type { CreateAudienceSession } from './session.ts'

export const auth0 =
  (cacheLocation: 'memory' | 'localstorage'): CreateAudienceSession =>
  ({ issuer, clientId, scope, apis }) => {
    const client = new Auth0Client({
      domain: new URL(issuer).origin,
      clientId,
      useRefreshTokens: true,
      useMrrt: true,
      cacheLocation,
      authorizationParams: { audience: apis.own, scope, redirect_uri: location.origin },
    })
    return {
      signIn: {
        kind: 'redirect',
        leave: () => new Promise((resolve, reject) => client.loginWithRedirect({ openUrl: resolve }).catch(reject)),
        comeBack: async (address) => void (await client.handleRedirectCallback(address)),
      },
      start: () => client.checkSession(),
      async call(audience) {
        const token = await client.getTokenSilently({ authorizationParams: { audience: apis[audience] } })
        return (await fetch(apis[audience], bearer(token))).status
      },
    }
  }
