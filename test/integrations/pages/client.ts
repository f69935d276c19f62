// What the pages of all frameworks have in common: the client of the demo's server.

import { type AuthClient, cookieRefresh, cookieSignOut, createAuthClient, type TokenResponse } from 'authfetch'

export const auth: AuthClient = createAuthClient({
  refresh: cookieRefresh('/auth/refresh'),
  onSignOut: cookieSignOut('/auth/sign-out'),
})

export async function logIn(): Promise<TokenResponse> {
  const response = await fetch('/auth/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user: 'alice', custody: 'cookie' }),
  })
  return response.json()
}
