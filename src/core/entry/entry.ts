/** The ledger's entry: the durable record that all tabs share, and the order of its marks. */
// Decisions (ARCHITECTURE.md): D9, D12, D21, D27, D29.

/**
 * Why nobody is signed in. `initial`: nobody was; `requested`: a sign-out, or a login that failed or is running;
 * `rejected`: the server's verdict; `reuse-detected`: the verdict names the reuse of a spent refresh token; `in-doubt`:
 * an answer was lost, or a denied audience may have spent the refresh token, which must not be sent again or was
 * refused when it was; `no-refresh-token`: the login brought none, so that nothing can replace the access token;
 * `superseded`, in errors alone: a later sign-in or sign-out counts, such as that of a second click.
 */
export type SignedOutReason =
  | 'initial'
  | 'requested'
  | 'rejected'
  | 'reuse-detected'
  | 'in-doubt'
  | 'no-refresh-token'
  | 'superseded'

/** Identifies one refresh token of one session. */
export interface Mark {
  /** The number of a session: each start and each end of a session raises it. */
  readonly epoch: number
  /** Each refresh raises it by one. A login goes on counting (D43), and so does a ledger that was wiped (D54). */
  readonly generation: number
}

/** The right to spend one generation's refresh token, written before the request is sent. */
export interface Attempt {
  /** The idempotency key; a resend keeps it. */
  readonly id: string
  /**
   * The unique name of the claim. If a guard shows whether its page lives, `~` and the grace (in milliseconds) follow: for
   * how long after the request an answer may still change the cookie jar.
   */
  readonly owner: string
  /** The answer takes longer than usual, so the lease counts and not the grace. */
  readonly overdue?: boolean
  /** When the first request was sent (in milliseconds since the epoch); a takeover keeps it. */
  readonly firstSentAt: number
  /** No usable answer came, so other tabs need not wait for the lease. */
  readonly doubt: boolean
  /** An earlier request of the same generation was never answered. */
  readonly resend: boolean
  /** The guard of a service worker that waits for the answer beside the page, and writes it if the page does not. */
  readonly keeper?: string | undefined
  /** For whom the refresh token is being spent; undefined for the session's own audience. */
  readonly audience?: string | undefined
  /** The server gives this audience no token, or has failed again and again to: a resend is another request. */
  readonly denied?: boolean | undefined
}

/** When the next attempt may be made; `setAt` shows whether the clock was set back since. */
export interface Retry {
  /** The earliest time of the next attempt (in milliseconds since the epoch). */
  readonly at: number
  /** When that was written (in milliseconds since the epoch). */
  readonly setAt: number
  /** How often refreshing has failed in a row. */
  readonly failures: number
  /** So short that callers wait for it. */
  readonly isBrief?: boolean | undefined
  /** The server has refused lately. 1: a stale header may be the reason; 2: the next refusal ends the session. */
  readonly refusals?: 1 | 2 | undefined
}

/** What all tabs know of the session. */
export interface Entry extends Mark {
  /** `unknown`: there may be a session in the cookie jar. `signing-in`: a login is running, and claims are refused. */
  readonly status: 'unknown' | 'signed-in' | 'signing-in' | 'signed-out'
  /** Why nobody is signed in. */
  readonly reason?: SignedOutReason | undefined
  /** Only a status said that the session is over: the next start asks the server once more. */
  readonly soft?: boolean | undefined
  /** The user of the session (RFC 7519 section 4.1.2), if the access token names one. */
  readonly subject?: string | undefined
  /** The newest refresh token, where the client holds it. */
  readonly refreshToken?: string | undefined
  /** The newest access token, where a refresh needs it. */
  readonly kept?: string | undefined
  /** What the tokens are bound by, such as a key that cannot leave the browser: only its binding looks into it. */
  readonly bound?: unknown
  /** Who has, or had, the right to spend the refresh token of this generation, if anybody. */
  readonly attempt?: Attempt | undefined
  /** The pause that a server has asked for, or that a failure calls for. */
  readonly retry?: Retry | undefined
  /** The sign-outs that the server has not been told of yet. */
  readonly leaving?: readonly string[] | undefined
  /** The epoch in which the grant began, if that was an older one. While a login runs: the grant it goes back to if it fails. */
  readonly grant?: number | undefined
  /** How long the server usually takes to answer a refresh (in milliseconds). */
  readonly usualWait?: number | undefined
  /**
   * The generation at which each audience's newest access token came; `''` is the session's own audience. Undefined as long
   * as no other one has any: then the own token comes with each generation.
   */
  readonly obtained?: Readonly<Record<string, number>> | undefined
}

/**
 * What a store holds as an entry: undefined if there is none, null if it cannot be read. In the second case there may be
 * a living session: WebKit's SharedWorker gives null for it, and an entry with a `version` comes from a later release.
 */
export function readEntry(record: unknown): Entry | undefined | null {
  if (record === undefined) return undefined
  const entry = record as (Entry & { readonly version?: unknown }) | null
  return entry && entry.epoch >= 0 && entry.generation >= 0 && !entry.version ? entry : null
}

/** The entry in which a claim was granted. */
export interface Claim extends Entry {
  readonly attempt: Attempt
}

/** What the ledger keeps of tokens. */
export type Kept = Pick<Entry, 'refreshToken' | 'subject' | 'grant' | 'kept' | 'bound' | 'obtained'>

/** An outcome without new tokens that is no verdict. */
export interface Setback {
  /** The refresh token is unspent, or nobody knows. */
  readonly kind: 'refused' | 'doubt'
  /** `no`: the session may be over; `nothing`: the answer does not tell; undefined: wait and ask again. */
  readonly refusal?: 'no' | 'nothing' | undefined
  /** A header against CSRF may be stale. */
  readonly isStale?: boolean
  /** The server has granted tokens that cannot be read, except perhaps the refresh token. */
  readonly rotated?: { readonly refreshToken: string | undefined } | undefined
  /** What the tokens are bound by from now on. */
  readonly bound?: unknown
  /** The server gives this audience no token: that concerns no other one. */
  readonly isDenial?: boolean
  /** The server fails again and again for this audience: others get their turn. */
  readonly isGivenUp?: boolean
}

/** What a transition leaves behind: `entry` is written unless undefined. */
export interface Change<Result> {
  /** What the ledger holds from now on. */
  readonly entry?: Entry
  /** What `update` resolves with. */
  readonly result: Result
}

export function isNewer(a: Mark, b: Mark): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.generation > b.generation)
}

/** The mark of the newest access token of an audience, by default of the session's own. */
export const tokenMark = ({ epoch, generation, obtained }: Entry, audience = ''): Mark => ({
  epoch,
  generation: obtained?.[audience] ?? (audience ? 0 : generation),
})

/** Epochs never restart, even if the ledger was wiped. */
export function nextEpoch(previous: number, now: number): number {
  return Math.max(previous + 1, now)
}

/** Names the grant that the refresh tokens of an entry belong to, through all logins that fail. */
export const grantOf = (entry: Entry): number => entry.grant ?? entry.epoch

/** Who may still write the outcome of the pending attempt: its owner, and a service worker that keeps the answer. */
export function attemptsOf(entry: Entry | undefined): readonly Pick<Attempt, 'owner' | 'overdue'>[] {
  if (entry?.attempt?.doubt !== false) return []
  const { attempt } = entry
  return attempt.keeper ? [attempt, { owner: attempt.keeper }] : [attempt]
}

/** Whether the entry still shows this very claim. */
export const isMine = (entry: Entry | undefined, claim: Claim): entry is Claim =>
  entry?.attempt?.owner === claim.attempt.owner

/** A living session; the access token stays out of the ledger, unless a refresh needs it. */
export function living({ epoch, generation, refreshToken, subject, grant, kept, bound, obtained }: Mark & Kept): Entry {
  return {
    epoch,
    generation,
    status: 'signed-in',
    refreshToken,
    subject,
    grant,
    bound,
    obtained,
    kept,
  }
}

/** Writes the entry; `update` resolves with it. */
export function write<Written extends Entry>(entry: Written): Change<Written> {
  return { entry, result: entry }
}

/** Whether the next start asks the server once more. */
export const isAskedAgain = ({ status, reason, soft }: Entry): boolean =>
  status === 'signed-out' && (reason === 'initial' || soft === true)

/** Whether there is a session to lose: a cookie that nobody knows of may be sent again. */
export const isKnown = ({ status, refreshToken }: Entry): boolean =>
  status === 'signed-in' || refreshToken !== undefined

/** Ends a session for good. */
export function tombstone(previous: Mark, reason: SignedOutReason, now: number): Entry {
  return { epoch: nextEpoch(previous.epoch, now), generation: 0, status: 'signed-out', reason }
}
