/** What this tab knows of the session, and what it tells its listeners. It never goes back to an older mark. */

import type { JwtPayload } from 'jwt-decode'
import { createEmitter, type Emitter } from '../emitter.ts'
import { type Entry, isNewer, type Mark, type SignedOutReason } from '../entry/entry.ts'
import type { RefreshUnavailableError } from '../errors.ts'
import type { MissingPart, Platform } from '../ports.ts'
import { decodeClaims, type Tokens } from '../responses/tokens.ts'
import { type Instant, since } from './instant.ts'
import { leewayOf, refreshDelay } from './schedule.ts'

/** The tokens in use. Its identity tells whether the session has moved on since a request was sent. */
export interface Held {
  /** Undefined when both tokens live in httpOnly cookies. */
  readonly accessToken: string | undefined
  readonly claims: JwtPayload | undefined
  /** In milliseconds from `receivedAt`; undefined when nothing tells. */
  readonly lifetime: number | undefined
  readonly receivedAt: Instant
  /** When to refresh (in milliseconds from `receivedAt`). */
  readonly refreshAfter: number | undefined
}

/** What is known of the session. It holds no token, and is the same frozen object until something changes. */
export type AuthState =
  | { readonly status: 'unknown'; readonly refreshing: boolean; readonly degraded: readonly MissingPart[] }
  | {
      readonly status: 'signed-in'
      /** When the access token expires (in milliseconds since the epoch), by the local clock; undefined when unknown. */
      readonly expiresAt: number | undefined
      readonly refreshing: boolean
      /** The parts of the platform that are missing, so that tabs agree less well. */
      readonly degraded: readonly MissingPart[]
    }
  | { readonly status: 'signed-out'; readonly reason: SignedOutReason; readonly degraded: readonly MissingPart[] }

/** Which tab brought a transition about. */
export type Origin = 'this-tab' | 'other-tab'

/** The transitions of the session, told in every tab; a failure is told in the tab that it happened in. */
export interface AuthEvents {
  /** A session has begun, or was found again. */
  'signed-in': { readonly origin: Origin }
  /** There is a new access token. */
  refreshed: { readonly origin: Origin }
  /**
   * No new token can be had now. `retryAt` (in milliseconds since the epoch) is the earliest time of the next try;
   * undefined when nothing tells, and then it comes within half a minute.
   */
  'refresh-failed': {
    readonly error: RefreshUnavailableError
    readonly retryAt: number | undefined
    readonly origin: Origin
  }
  /** The session has ended; `reason` says why. */
  'signed-out': { readonly reason: SignedOutReason; readonly origin: Origin }
}

/** What the parts of the library hear besides: every adoption, before the listeners do; and every new state. */
interface SessionEvents extends AuthEvents {
  readonly adopted: undefined
  readonly changed: undefined
}

/** In whose name a request is made. */
export interface Bearer {
  readonly epoch: number
  readonly subject: string | undefined
  readonly held: Held | undefined
}

export interface Session {
  readonly mark: Mark
  readonly status: AuthState['status']
  readonly subject: string | undefined
  readonly held: Held | undefined
  readonly bearer: Bearer
  /** Whether the tokens in use are missing, or older than what the ledger shows. */
  readonly isBehind: boolean
  /** Whether there is a refresh token to spend, as far as this tab can know. */
  readonly renewable: boolean
  /** Whether the tokens in use may be sent for at least so long (in milliseconds). */
  isReady(minValidity: number): boolean
  /** Makes tokens fit to be adopted; `spread` as in {@link DelayTerms}. */
  hold(tokens: Pick<Tokens, 'accessToken' | 'lifetime'>, receivedAt: Instant, spread: boolean): Held
  /** Takes over what the ledger shows, and tokens that belong to it; ignores what is older. */
  adopt(entry: Entry, origin: Origin, held?: Held): void
  /** A server refused the access token, so that it is not sent while a refresh is under way. */
  distrust(held: Held | undefined): void
  setRefreshing(refreshing: boolean): void
  fail(error: RefreshUnavailableError): void
  /** Tells the listeners what has happened since the last time. */
  flush(): void
  getState(): AuthState
  on: Emitter<SessionEvents>['on']
  clear(): void
}

/** For how long one look at both clocks serves a burst of calls (in milliseconds): the second one costs the most of a call. */
const GLANCE = 500

export function createSession(
  platform: Pick<Platform, 'clock' | 'lifecycle' | 'random' | 'report' | 'degraded'>,
  holdsRefreshToken: boolean,
  refreshLead: number,
): Session {
  const { clock, lifecycle } = platform
  let mark: Mark = { epoch: -1, generation: 0 }
  let status: AuthState['status'] = 'unknown'
  let reason: SignedOutReason = 'initial'
  let subject: string | undefined
  let renewable = !holdsRefreshToken
  let held: Held | undefined
  let heldMark = mark
  let distrusted: Held | undefined
  /** The tokens that both clocks were asked about, and until when the wall clock alone answers for them. */
  let lasting: Held | undefined
  let askedAt = 0
  let lastsUntil = 0
  let refreshing = false
  let state: AuthState = Object.freeze<AuthState>({ status: 'unknown', refreshing, degraded: platform.degraded })
  let told: AuthState = state
  let queue: (() => void)[] = []
  const { on, emit, clear } = createEmitter<SessionEvents>(platform.report)

  function announce<Name extends keyof SessionEvents>(name: Name, detail: SessionEvents[Name]): void {
    queue.push(() => emit(name, detail))
  }

  function updateState(): void {
    const { degraded } = platform
    const expiresAt = held?.lifetime === undefined ? undefined : Math.round(held.receivedAt.now + held.lifetime)
    const next: AuthState =
      status === 'signed-out'
        ? { status, reason, degraded }
        : status === 'signed-in'
          ? { status, expiresAt, refreshing, degraded }
          : { status, refreshing, degraded }
    if (JSON.stringify(next) !== JSON.stringify(state)) state = Object.freeze<AuthState>(next)
  }

  return {
    get mark() {
      return mark
    },
    get status() {
      return status
    },
    get subject() {
      return subject
    },
    get held() {
      return held
    },
    get bearer() {
      return { epoch: mark.epoch, subject, held }
    },
    get isBehind() {
      return status === 'signed-in' && (!held || isNewer(mark, heldMark))
    },
    get renewable() {
      return renewable
    },
    isReady(minValidity) {
      if (status !== 'signed-in' || !held || held === distrusted) return false
      const { lifetime, receivedAt } = held
      if (lifetime === undefined) return true
      const now = clock.now()
      if (minValidity === 0 && held === lasting && now >= askedAt && now < lastsUntil) return true
      const rest = lifetime - Math.max(minValidity, leewayOf(lifetime)) - since(clock, receivedAt)
      lasting = held
      askedAt = now
      lastsUntil = now + Math.min(rest, GLANCE)
      return rest > 0
    },
    hold({ accessToken, lifetime }, receivedAt, spread) {
      const hidden = lifecycle.isHidden()
      return {
        accessToken,
        claims: decodeClaims(accessToken),
        lifetime,
        receivedAt,
        refreshAfter: lifetime && refreshDelay({ lifetime, refreshLead, random: platform.random(), spread, hidden }),
      }
    },
    adopt(entry, origin, tokens) {
      if (isNewer(mark, entry)) return
      const isNewSession = entry.epoch !== mark.epoch || status !== 'signed-in'
      mark = { epoch: entry.epoch, generation: entry.generation }
      subject = entry.subject
      renewable = !holdsRefreshToken || entry.refreshToken !== undefined
      if (entry.status === 'signed-in') {
        status = 'signed-in'
        if (isNewSession) announce('signed-in', { origin })
        else if (tokens && isNewer(mark, heldMark)) announce('refreshed', { origin })
        // An access token of the same session stays in use until a newer one is at hand.
        if (tokens || isNewSession) {
          held = tokens
          heldMark = mark
        }
      } else if (entry.status !== 'unknown') {
        // For all who are not signing in, a login that is running is a sign-out.
        const wasSignedOut = status === 'signed-out'
        held = undefined
        status = 'signed-out'
        reason = entry.reason ?? (wasSignedOut ? reason : 'requested')
        if (!wasSignedOut) announce('signed-out', { reason, origin })
      }
      updateState()
      emit('adopted', undefined)
    },
    distrust(rejected) {
      distrusted = rejected
    },
    setRefreshing(value) {
      refreshing = value
      updateState()
    },
    fail(error) {
      announce('refresh-failed', { error, retryAt: error.retryAt, origin: 'this-tab' })
    },
    flush() {
      const due = queue
      queue = []
      if (told !== state) {
        told = state
        emit('changed', undefined)
      }
      for (const tell of due) tell()
    },
    getState: () => state,
    on,
    clear,
  }
}
