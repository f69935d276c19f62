/** As its documentation: `withTokenRefresh` with a plain request of one's own; the tokens are in localStorage. */

import { pipeline, withHeaders, withTokenRefresh } from 'fetch-extras'
import type { CreateSession, Tokens } from './session.ts'

export const fetchExtras: CreateSession = ({ tokenEndpoint, clientId, resource }) => {
  function keep(tokens: Tokens): string {
    localStorage.setItem('access_token', tokens.access_token)
    localStorage.setItem('refresh_token', tokens.refresh_token)
    return tokens.access_token
  }

  async function refreshToken(): Promise<string> {
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: clientId,
        refresh_token: localStorage.getItem('refresh_token') ?? '',
      }),
    })
    if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
    return keep(await response.json())
  }

  const call = pipeline(
    fetch,
    withHeaders(() => ({ Authorization: `Bearer ${localStorage.getItem('access_token')}` })),
    withTokenRefresh({ refreshToken }),
  )
  return {
    seed: async (tokens) => void keep(tokens),
    async start() {},
    call: async () => (await call(resource)).status,
  }
}
