// The clients of the demo, one for each custody of the tokens, and one more for bound ones.

import {
  type AuthClient,
  type AuthClientOptions,
  cookieRefresh,
  cookieSignOut,
  createAuthClient,
  oauthRefresh,
  oauthRevocation,
  type TokenResponse,
} from 'authfetch'
import { type Audience, audiences } from 'authfetch/audiences'
import { dpop } from 'authfetch/dpop'

export const CUSTODIES = ['cookie', 'client', 'cookie-only'] as const
export type Custody = (typeof CUSTODIES)[number]

export const isCustody = (value: unknown): value is Custody => CUSTODIES.includes(value as Custody)

/** Locks, channels and ledgers of the demo's clients have names that start so. */
export const CLIENT_NAME = 'authfetch-demo'

const nameOf = (custody: Custody): string => `${CLIENT_NAME}-${custody}`

/** A client with proofs has a database of its own. */
export const ledgerOf = (custody: Custody, isBound: boolean): string => nameOf(custody) + (isBound ? '-dpop' : '')

/** The audiences of further APIs, whose addresses begin with their names. The server gives nobody a token for `billing`. */
export const AUDIENCES = ['reports', 'billing'] as const

const furtherApi = (audience: string): Audience => ({
  urls: [new URL(`/${audience}/`, location.href)],
  parameters: { audience },
  expect: audience,
})

/** With bound tokens, which only make sense where the client holds them, each request shows a key of this browser. */
export function createClient(custody: Custody, isBound: boolean, options: Partial<AuthClientOptions> = {}): AuthClient {
  const isHeld = custody === 'client'
  return createAuthClient({
    name: nameOf(custody),
    refresh: isHeld
      ? oauthRefresh({ tokenEndpoint: '/oauth/token', clientId: 'demo' })
      : cookieRefresh('/auth/refresh'),
    onSignOut: isHeld
      ? oauthRevocation({ revocationEndpoint: '/oauth/revoke', clientId: 'demo' })
      : cookieSignOut('/auth/sign-out'),
    audiences: audiences(Object.fromEntries(AUDIENCES.map((name) => [name, furtherApi(name)]))),
    refreshLead: 5_000,
    ...(isBound && { proofs: dpop() }),
    ...options,
  })
}

export async function logIn(
  user: string,
  custody: Custody,
  device = deviceName(),
  send: typeof fetch = fetch,
): Promise<TokenResponse> {
  const response = await send('/auth/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user, custody, device }),
    // A login for the client's own custody leaves the cookies of another session alone.
    credentials: custody === 'client' ? 'omit' : 'same-origin',
  })
  if (!response.ok) throw new Error(`the server answered with status ${response.status}`)
  return response.json()
}

/** A name for this browser profile, such as `Chrome on Linux (k3f9)`. */
export function deviceName(): string {
  const agent = navigator.userAgent
  const browser = /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0].replace('Edg', 'Edge') ?? 'Browser'
  const system = /Android|iPhone|iPad|Windows|Mac|Linux/.exec(agent)?.[0] ?? 'this device'
  const profile = localStorage.getItem('demo-profile') ?? Math.random().toString(36).slice(2, 6)
  localStorage.setItem('demo-profile', profile)
  return `${browser} on ${system} (${profile})`
}
