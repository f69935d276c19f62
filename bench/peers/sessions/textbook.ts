/** The recipe of `demo/textbook/textbook.ts`: tokens in localStorage, a retry after a 401, one promise a tab. */

import { bearer, type CreateSession, type Tokens } from './session.ts'

export const textbook: CreateSession = ({ tokenEndpoint, clientId, resource }) => {
  let refreshing: Promise<string> | undefined
  const send = (token: string | null): Promise<Response> => fetch(resource, bearer(token))

  function keep(tokens: Tokens): string {
    localStorage.setItem('access_token', tokens.access_token)
    localStorage.setItem('refresh_token', tokens.refresh_token)
    return tokens.access_token
  }

  async function refresh(): Promise<string> {
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: clientId,
        refresh_token: localStorage.getItem('refresh_token') ?? '',
      }),
    })
    if (!response.ok) {
      localStorage.removeItem('access_token')
      localStorage.removeItem('refresh_token')
      throw new Error('signed out')
    }
    return keep(await response.json())
  }

  return {
    seed: async (tokens) => void keep(tokens),
    async start() {},
    async call() {
      const response = await send(localStorage.getItem('access_token'))
      if (response.status !== 401) return response.status
      refreshing ??= refresh().finally(() => {
        refreshing = undefined
      })
      return (await send(await refreshing)).status
    },
  }
}
