/** What a tab is given, and what a peer makes of it: one session, shared by the tabs of a profile as far as the peer can. */

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

export interface SessionTerms {
  readonly issuer: string
  readonly tokenEndpoint: string
  readonly clientId: string
  /** The one URL of the API. */
  readonly resource: string
  /** Of access tokens (in seconds). */
  readonly lifetime: number
}

export interface Session {
  /** The user signs in: once in a profile, or in each tab where the peer keeps its tokens in memory. */
  seed(tokens: Tokens): Promise<void>
  /** In each tab, after the sign-in. */
  start(): Promise<void>
  /** Calls the API; resolves with the status. */
  call(): Promise<number>
  /** Asks for a new token before its time; absent where only a 401 can. */
  refresh?(): Promise<unknown>
  /** Tells of each new token, another tab's too, where the peer does. */
  onRefreshed?(listener: () => void): void
  /** Why it ended, where the peer says so. */
  reason?(): string | undefined
}

export type CreateSession = (terms: SessionTerms) => Session

/** How long before its expiry a token is renewed, where the peer asks (in seconds): a minute, or less if it lives shortly. */
export const leadOf = (lifetime: number): number => Math.min(60, Math.max(2, Math.floor(lifetime / 4)))

export const bearer = (token: string | null | undefined): RequestInit => ({
  headers: { Authorization: `Bearer ${token}` },
})
