// What the textbooks show: tokens in localStorage, a retry after a 401, and one promise shared by all callers of the tab.

let refreshing: Promise<string> | undefined

export async function fetchWithToken(input: string): Promise<Response> {
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
  const response = await fetch('/oauth/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'demo',
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

export function keep(tokens: { access_token: string; refresh_token: string }): string {
  localStorage.setItem('access_token', tokens.access_token)
  localStorage.setItem('refresh_token', tokens.refresh_token)
  return tokens.access_token
}
