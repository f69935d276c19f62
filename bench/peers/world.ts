/** What a caller is given, and what a peer makes of it. */

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

export interface World {
  readonly fetch: typeof fetch
  /** The origin of the API. */
  readonly origin: string
  readonly tokenEndpoint: string
  readonly tokens: Tokens
}

export interface Caller {
  readonly name: string
  /** Resolves with something that has a status, its body unread. */
  call(url: string): Promise<{ readonly status: number }>
  /** The same with a Request; absent where the peer takes none. */
  callRequest?(request: Request): Promise<{ readonly status: number }>
  /** Without a refresh of its own, nor one in its documentation. */
  readonly refreshes: boolean
  dispose?(): void
}

export type CreateCaller = (world: World) => Caller | Promise<Caller>

/** What a peer that leaves the refresh to its user is given: the plain request, not shared by anybody. */
export function createTokenStore({ fetch, tokenEndpoint, tokens }: World): {
  current(): string
  isExpired(): boolean
  renew(): Promise<string>
} {
  let held = tokens
  let expiresAt = Date.now() + tokens.expires_in * 1000
  return {
    current: () => held.access_token,
    isExpired: () => Date.now() >= expiresAt,
    async renew() {
      const body = new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: held.refresh_token,
        client_id: 'spa',
      })
      const response = await fetch(tokenEndpoint, { method: 'POST', body })
      if (!response.ok) throw new Error(`the token endpoint answered ${response.status}`)
      held = await response.json()
      expiresAt = Date.now() + held.expires_in * 1000
      return held.access_token
    },
  }
}
