/** What a tab knows of the session: pure transitions. It never goes back to an older mark. */
// Decisions (ARCHITECTURE.md): D54.

import type { JwtPayload } from 'jwt-decode'
import { type Entry, grantOf, isNewer, type Mark, type SignedOutReason, tokenMark } from '../entry/entry.ts'
import type { RefreshUnavailableError } from '../errors.ts'
import type { MissingPart } from '../ports.ts'
import type { Instant } from './instant.ts'

/** The tokens in use. New tokens are a new object, so its identity tells whether they have changed since a request. */
export interface Held {
  /** Undefined when both tokens live in httpOnly cookies. */
  readonly accessToken: string | undefined
  /** The header that shows it (RFC 9110 section 11.6.2), joined once for all calls. */
  readonly authorization: string | undefined
  readonly claims: JwtPayload | undefined
  /** In milliseconds from `receivedAt`; undefined when nothing tells. */
  readonly lifetime: number | undefined
  readonly receivedAt: Instant
  /** Set where each request with it needs a proof (RFC 9449 section 5). */
  readonly proofs: unknown
  /** When to refresh (in milliseconds from `receivedAt`). */
  readonly refreshAfter: number | undefined
}

/** What is known of the session. It holds no token, and is the same frozen object until something changes. */
export type AuthState =
  | {
      readonly status: 'unknown'
      readonly refreshing: boolean
      /** Why the last try to find out has failed; undefined while none has. */
      readonly failure: RefreshUnavailableError | undefined
      readonly degraded: readonly MissingPart[]
    }
  | {
      readonly status: 'signed-in'
      /** Whether tokens of this session are here, and with them the claims; `restore()` waits for them. */
      readonly ready: boolean
      /** When the access token expires (in milliseconds since the epoch), by the local clock; undefined when unknown. */
      readonly expiresAt: number | undefined
      readonly refreshing: boolean
      /** Why the last refresh has failed, and when the next is due (`retryAt`); undefined once tokens have come. */
      readonly failure: RefreshUnavailableError | undefined
      /** The parts of the platform that are missing, so that tabs agree less well. */
      readonly degraded: readonly MissingPart[]
    }
  | {
      readonly status: 'signed-out'
      readonly reason: SignedOutReason
      /** Whether the session was seen by this page before it ended; false when it was over already. */
      readonly wasSignedIn: boolean
      readonly degraded: readonly MissingPart[]
    }

export interface View {
  readonly mark: Mark
  /** The mark of the newest access token of this audience. */
  readonly newest: Mark
  readonly status: AuthState['status']
  readonly reason: SignedOutReason
  readonly wasSignedIn: boolean
  readonly failure?: RefreshUnavailableError | undefined
  /** Names the session; it stays when the epoch changes. */
  readonly grant?: number
  readonly subject?: string | undefined
  readonly hasRefreshToken?: boolean
  readonly bound?: unknown
  /** Undefined unless the status is `signed-in`. */
  readonly held?: Held | undefined
  /** The mark that the tokens in use belong to. */
  readonly heldMark: Mark
}

const NO_MARK: Mark = { epoch: -1, generation: 0 }

/** Before the first look at the ledger. */
export const NOTHING_KNOWN: View = {
  mark: NO_MARK,
  newest: NO_MARK,
  status: 'unknown',
  reason: 'initial',
  wasSignedIn: false,
  heldMark: NO_MARK,
}

export interface Adoption {
  /** The members of the view that change. */
  readonly news: Partial<View>
  /** What the listeners are to be told. */
  readonly event?: 'signed-in' | 'refreshed' | 'signed-out' | false | undefined
}

/** Takes over what the ledger shows, and tokens that belong to it; undefined when that is older than what is known. */
export function adopt(view: View, entry: Entry, held: Held | undefined, audience?: string): Adoption | undefined {
  if (isNewer(view.mark, entry)) return undefined
  const { epoch, generation, subject, bound } = entry
  const mark = { epoch, generation }
  const newest = tokenMark(entry, audience)
  const grant = grantOf(entry)
  const isSameGrant = grant === view.grant
  // A login that runs beside a session leaves it as it is until the new one stands.
  const isKept = entry.status === 'signing-in' && isSameGrant && view.status === 'signed-in'
  const status = isKept ? view.status : entry.status
  const isSameGeneration = isSameGrant && newest.generation === view.newest.generation
  const heldMark = isSameGeneration && !isNewer(view.newest, view.heldMark) ? newest : view.heldMark
  const next = { mark, newest, heldMark, grant, subject, bound, hasRefreshToken: entry.refreshToken !== undefined }
  if (status === 'unknown') return { news: next }
  if (status !== 'signed-in') {
    // A login that runs is a sign-out, unless it was begun beside the session that is shown.
    const isNews = view.status !== 'signed-out'
    const reason = entry.reason ?? (isNews ? 'requested' : view.reason)
    const wasSignedIn = isNews ? view.status === 'signed-in' : view.wasSignedIn
    return {
      news: { ...next, status: 'signed-out', reason, wasSignedIn, held: undefined },
      event: isNews && 'signed-out',
    }
  }
  const isNewSession = !isSameGrant || view.status !== status
  const isLater = held && !(view.held && held.receivedAt.elapsed <= view.held.receivedAt.elapsed)
  // A failed login raises the epoch also of a ledger that was set back. Its generation is then lower, and its tokens may
  // be older than those in use.
  const isNext = isNewer(newest, view.heldMark) && (isLater || newest.generation >= view.heldMark.generation)
  // The first token of another audience is news too: no state tells of it.
  const isFirst = audience !== undefined && !view.held
  const event = isNewSession ? 'signed-in' : held && (isNext || isFirst) && 'refreshed'
  // An access token of the same session stays in use until a newer one is at hand: a server that replays its answer may
  // have given two tabs a token each.
  if (!event && !isLater) return { news: next }
  return { news: { ...next, status, held, heldMark: newest, failure: undefined }, event }
}

/** What the application is shown. */
export function stateOf(view: View, refreshing: boolean, degraded: readonly MissingPart[]): AuthState {
  const { status, reason, wasSignedIn, failure, held } = view
  if (status === 'signed-out') return { status, reason, wasSignedIn, degraded }
  if (status === 'unknown') return { status, refreshing, failure, degraded }
  const expiresAt = held?.lifetime === undefined ? undefined : Math.round(held.receivedAt.now + held.lifetime)
  return { status, ready: held !== undefined, expiresAt, refreshing, failure, degraded }
}
