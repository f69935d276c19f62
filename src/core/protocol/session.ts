/** The session of this tab: what it knows, and what it tells its listeners. */

import { createEmitter, type Emitter } from '../emitter.ts'
import { type Entry, isNewer, type SignedOutReason } from '../entry/entry.ts'
import type { RefreshUnavailableError } from '../errors.ts'
import type { Platform } from '../ports.ts'
import { decodeClaims, type Tokens } from '../responses/tokens.ts'
import type { Instant } from './instant.ts'
import { refreshDelay } from './schedule.ts'
import { createValidity } from './validity.ts'
import { type AuthState, adopt, type Held, NOTHING_KNOWN, stateOf, type View } from './view.ts'

/** Which tab has changed the session. */
export type TabSource = 'this-tab' | 'other-tab'

/** The events of a session. Every tab gets them, but `refresh-failed` only the tab whose refresh has failed. */
export interface AuthEvents {
  /** A session has begun, or was found again. */
  'signed-in': { readonly source: TabSource }
  /** There is a new access token; of another audience than the session's own, if one is named. */
  refreshed: { readonly source: TabSource; readonly audience?: string }
  /**
   * No new token can be had now. `retryAt` (in milliseconds since the epoch) is the earliest time of the next try;
   * undefined when nothing tells, and then it comes within half a minute.
   */
  'refresh-failed': {
    readonly error: RefreshUnavailableError
    readonly retryAt: number | undefined
    readonly source: TabSource
    /** Whose token it was; undefined for the session's own audience. */
    readonly audience?: string
  }
  /** The session has ended; `reason` says why, and `wasSignedIn` is false when it was over before this page looked. */
  'signed-out': { readonly reason: SignedOutReason; readonly wasSignedIn: boolean; readonly source: TabSource }
}

/** Two more, for the parts of the library: each adoption, before the listeners hear of it; and each new state. */
interface SessionEvents extends AuthEvents {
  readonly adopted: { readonly entry: Entry; readonly source: TabSource }
  readonly changed: undefined
}

/** The session, the user and the tokens that a request is made with. */
export interface Bearer {
  readonly epoch: number
  readonly grant: number | undefined
  readonly subject: string | undefined
  readonly held: Held | undefined
  /** What its tokens are bound by. */
  readonly bound: unknown
}

/** What this tab knows, replaced member by member as it learns; and what can be done with it. */
export interface Session extends View {
  /** The epoch of the newest login that ran in this tab. */
  ownLogin?: number
  readonly bearer: Bearer
  /** Whether the tokens in use are missing, or older than what the ledger shows. */
  readonly isBehind: boolean
  /** Whether there is a refresh token to spend, as far as this tab can know. */
  readonly renewable: boolean
  /** Whether the tokens in use may be sent for at least so long (in milliseconds). */
  isReady(minValidity: number): boolean
  /** Makes tokens fit to be adopted; `spread` as in {@link refreshDelay}. */
  hold(tokens: Pick<Tokens, 'accessToken' | 'lifetime' | 'proofs'>, receivedAt: Instant, spread: boolean): Held
  /** Takes over what the ledger shows, and tokens that belong to it; ignores what is older. */
  adopt(entry: Entry, source: TabSource, held?: Held): void
  /** Remembers tokens that a server has refused: they are not sent while a refresh is under way. */
  distrust(held: Held | undefined): void
  setRefreshing(refreshing: boolean): void
  fail(error: RefreshUnavailableError): void
  /** Tells the listeners what has happened since the last time. */
  flush(): void
  getState(): AuthState
  on: Emitter<SessionEvents>['on']
  clear(): void
}

export function createSession(
  platform: Pick<Platform, 'clock' | 'lifecycle' | 'random' | 'report' | 'degraded'>,
  holdsRefreshToken: boolean,
  refreshLead: number,
  scheme: string,
  /** Whose tokens it has; by default those of the session's own audience. */
  audience?: string,
): Session {
  const { clock, lifecycle } = platform
  const isValid = createValidity(clock)
  const { on, emit, clear } = createEmitter<SessionEvents>(platform.report)
  let distrusted: Held | undefined
  let refreshing = false
  let state = Object.freeze(stateOf(NOTHING_KNOWN, refreshing, platform.degraded))
  /** The state that the listeners know, and the events that they have not been told yet. */
  let told = state
  let queue: (() => void)[] = []

  function enqueue<Name extends keyof SessionEvents>(name: Name, detail: SessionEvents[Name]): void {
    queue.push(() => emit(name, detail))
  }

  function updateState(): void {
    const next = stateOf(session, refreshing, platform.degraded)
    if (JSON.stringify(next) !== JSON.stringify(state)) state = Object.freeze(next)
  }

  const session: Session = {
    ...NOTHING_KNOWN,
    get bearer() {
      const { mark, grant, subject, held, bound } = session
      return { epoch: mark.epoch, grant, subject, held, bound }
    },
    get isBehind() {
      const { status, held, newest, heldMark } = session
      return status === 'signed-in' && (!held || isNewer(newest, heldMark))
    },
    get renewable() {
      return session.hasRefreshToken || !holdsRefreshToken
    },
    isReady(minValidity) {
      const { held } = session
      return held !== undefined && held !== distrusted && isValid(held, minValidity)
    },
    hold({ accessToken, lifetime, proofs }, receivedAt, spread) {
      const hidden = lifecycle.isHidden()
      return {
        accessToken,
        authorization: accessToken && `${proofs ? 'DPoP' : scheme} ${accessToken}`,
        claims: decodeClaims(accessToken),
        lifetime,
        receivedAt,
        proofs,
        refreshAfter: lifetime && refreshDelay(lifetime, refreshLead, platform.random(), spread, hidden),
      }
    },
    adopt(entry, source, held) {
      const adoption = adopt(session, entry, held, audience)
      if (!adoption) return
      const { event } = adoption
      Object.assign(session, adoption.news)
      const { reason, wasSignedIn } = session
      if (event === 'signed-out') enqueue(event, { reason, wasSignedIn, source })
      else if (event) enqueue(event, { source })
      updateState()
      emit('adopted', { entry, source })
    },
    distrust(rejected) {
      distrusted = rejected
    },
    setRefreshing(value) {
      refreshing = value
      updateState()
    },
    fail(error) {
      Object.assign(session, { failure: error })
      updateState()
      enqueue('refresh-failed', { error, retryAt: error.retryAt, source: 'this-tab' })
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
  return session
}
