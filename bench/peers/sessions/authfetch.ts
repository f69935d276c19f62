/** As the README's quick start: `signIn` where the user signed in, `restore` in every tab. */

import { createAuthClient, oauthRefresh } from '../../../src/index.ts'
import type { CreateSession } from './session.ts'

export const authfetch: CreateSession = ({ tokenEndpoint, clientId, resource }) => {
  const auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint, clientId }),
    origins: [new URL(resource).origin],
  })
  return {
    seed: (tokens) => auth.signIn(tokens),
    start: async () => void (await auth.restore()),
    call: async () => (await auth.authFetch(resource)).status,
    refresh: () => auth.getAccessToken({ forceRefresh: true }),
    onRefreshed: (listener) => void auth.on('refreshed', listener),
    reason() {
      const state = auth.getState()
      return state.status === 'signed-out' ? state.reason : undefined
    },
  }
}
