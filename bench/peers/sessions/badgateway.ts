/** As its README: `OAuth2Fetch` with the token in localStorage, by `storeToken` and `getStoredToken`. */

import { OAuth2Client, OAuth2Fetch, type OAuth2Token } from '@badgateway/oauth2-client'
import type { CreateSession } from './session.ts'

const KEY = 'token-store'

export const badgateway: CreateSession = ({ tokenEndpoint, clientId, resource }) => {
  const storeToken = (token: OAuth2Token): void => localStorage.setItem(KEY, JSON.stringify(token))
  const create = (): OAuth2Fetch =>
    new OAuth2Fetch({
      client: new OAuth2Client({ clientId, tokenEndpoint }),
      // The way to the login page.
      getNewToken: () => null,
      storeToken,
      getStoredToken: () => JSON.parse(localStorage.getItem(KEY) ?? 'null'),
    })
  let wrapper: OAuth2Fetch | undefined
  const started = (): OAuth2Fetch => {
    wrapper ??= create()
    return wrapper
  }
  return {
    async seed({ access_token, refresh_token, expires_in }) {
      storeToken({ accessToken: access_token, refreshToken: refresh_token, expiresAt: Date.now() + expires_in * 1000 })
    },
    // The constructor reads the stored token.
    start: async () => void started(),
    call: async () => (await started().fetch(resource)).status,
    refresh: () => started().refreshToken(),
  }
}
