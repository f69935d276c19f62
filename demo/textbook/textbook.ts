// What the textbooks show: tokens in localStorage, a retry after a 401, and one promise shared by all callers of the tab.

export interface TextbookOptions {
  readonly tokenEndpoint: string
  readonly clientId: string
}

export interface Textbook {
  /** Calls the API, and once more with a new token after a 401. */
  fetchWithToken(input: string): Promise<Response>
  /** The tokens of a sign-in or of a refresh. Returns the access token. */
  keep(tokens: { readonly access_token: string; readonly refresh_token: string }): string
}

export function createTextbook({ tokenEndpoint, clientId }: TextbookOptions): Textbook {
  let refreshing: Promise<string> | undefined

  async function fetchWithToken(input: string): Promise<Response> {
    const response = await send(input, localStorage.getItem('access_token'))
    if (response.status !== 401) return response
    refreshing ??= refresh().finally(() => {
      refreshing = undefined
    })
    return send(input, await refreshing)
  }

  function send(input: string, token: string | null): Promise<Response> {
    return fetch(input, { headers: { Authorization: `Bearer ${token}` } })
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

  function keep(tokens: { readonly access_token: string; readonly refresh_token: string }): string {
    localStorage.setItem('access_token', tokens.access_token)
    localStorage.setItem('refresh_token', tokens.refresh_token)
    return tokens.access_token
  }

  return { fetchWithToken, keep }
}
