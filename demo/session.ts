// The clients of the demo, one for each custody of the tokens.

import {
  type AuthClient,
  cookieRefresh,
  cookieSignOut,
  createAuthClient,
  oauthRefresh,
  oauthRevocation,
  type TokenResponse,
} from 'authfetch'

export type Custody = 'cookie' | 'client' | 'cookie-only'

export function createClient(custody: Custody): AuthClient {
  const isHeld = custody === 'client'
  return createAuthClient({
    name: `authfetch-demo-${custody}`,
    refresh: isHeld
      ? oauthRefresh({ tokenEndpoint: '/oauth/token', clientId: 'demo' })
      : cookieRefresh('/auth/refresh'),
    onSignOut: isHeld
      ? oauthRevocation({ revocationEndpoint: '/oauth/revoke', clientId: 'demo' })
      : cookieSignOut('/auth/sign-out'),
    refreshLead: 5_000,
  })
}

export async function logIn(user: string, custody: Custody): Promise<TokenResponse> {
  const response = await fetch('/auth/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user, custody, device: navigator.userAgent }),
  })
  if (!response.ok) throw new Error(`the server answered with status ${response.status}`)
  return response.json()
}
