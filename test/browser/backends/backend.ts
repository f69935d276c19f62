// What a multi-tab scenario may ask of its judge: the server that the tabs refresh at.

import type { Tab } from '../../support/browser/driver.ts'

export interface Hold {
  /** Resolves when a refresh has arrived. */
  arrived(): Promise<void>
  release(): void
}

/**
 * `never` forbids resends; `grace` allows them for 30 s, as docs/servers.md says for a server with such a grace. `ahead` and
 * `behind`: the clock of the browser is ten minutes off.
 */
export type Policy = 'never' | 'grace' | 'ahead' | 'behind'

/** What every scenario may ask. */
export interface Judge {
  /** The page that a tab opens. */
  url(policy?: Policy): string
  /** Another page of the same origin. */
  readonly away: string
  tokenRequests(): number
  /** Holds refreshes before they are processed. */
  hold(): Hold
  /** The next refresh is processed, and its answer is lost. */
  loseAnswer(): void
  /** What a page needs to sign in: the argument of `enter`. Tokens are said to expire after `expiresIn` seconds. */
  credentials(user: string, expiresIn?: number, jkt?: string): Promise<unknown>
  /** Whether nothing that the server has handed out, nor the tab's cookies, is good for a refresh. */
  isOver(tab: Tab): Promise<boolean>
  close(): Promise<void>
}

export interface Backend extends Judge {
  /** The page of a tab, with the version before of this library. */
  readonly before: string
  /** Refresh tokens presented after they had been spent. */
  reuses(): number
  /** From now on each refresh takes so long (in milliseconds). */
  delayAnswers(milliseconds: number): void
  /** Resolves when the next refresh has arrived. */
  arrival(): Promise<void>
  /** The next refresh is lost on its way. */
  loseRequest(): void
  /** Absent where there is only one. */
  readonly audiences?: AudienceJudge
}

/** An audience by its name in the client; `own` is that of the session. */
export type AudienceName = 'own' | 'billing' | 'reports' | 'misspelt' | 'admin'

/** What a scenario with several audiences may ask. */
export interface AudienceJudge {
  /**
   * The APIs: that of `billing` has another path than the own one, that of `reports` another origin. Nobody is
   * granted `misspelt`, whose resource the server does not know, and `admin`, a scope.
   */
  readonly apis: Readonly<Record<AudienceName, string>>
  /** How many access tokens refreshes have brought for an audience. */
  granted(audience: AudienceName): number
  /** From now on no access token issued so far is good. */
  expire(): void
  /** Requests that an API has refused, and how many of them came with the token of another audience. */
  refusals(): { readonly all: number; readonly misdirected: number }
}

/** Of access tokens (in seconds): so long that no timer fires in a scenario which counts requests. */
export const LIFETIME = 1_800

export interface BackendOptions {
  /** Lifetime of access tokens (in seconds). @default 1800 */
  readonly lifetime?: number | undefined
  /** How long the server may take to answer a refresh (in milliseconds). @default the client's own */
  readonly refreshTimeout?: number | undefined
  /** Whether users can sign in at the provider. @default false */
  readonly hasLoginPages?: boolean | undefined
  /** Whether the provider takes pushed authorization requests only. @default false */
  readonly requiresPush?: boolean | undefined
  /** Whether the provider binds tokens, and asks for nonces, or for proofs of this time; so does its resource. @default false */
  readonly requiresProofs?: boolean | 'by time' | undefined
  /** Whether the client knows further audiences. @default false */
  readonly hasAudiences?: boolean | undefined
  /** Connections are kept, and refresh tokens stay the same: a browser may send a refresh twice by itself. @default false */
  readonly keepsAll?: boolean | undefined
  /** How long the provider lets a refresh token be spent again (in seconds); the reference server does not replay then. */
  readonly grace?: number | undefined
  /** The reference server replays answers, and the client is told so. @default it replays, and the client is not told */
  readonly replays?: boolean | undefined
  /** `false` for browsers that refuse `Secure` cookies on http://localhost. @default true */
  readonly secureCookies?: boolean
}
