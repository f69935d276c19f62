/** What is seen of a client. No member may hold a token, a key, a subject, or more of a URL than origin and path. */

import type { SignedOutReason } from '../core/entry/entry.ts'
import type { MissingPart } from '../core/ports.ts'
import type { AuthEvents, TabSource } from '../core/protocol/session.ts'
import type { AuthState } from '../core/protocol/view.ts'

/** What a write to the ledger meant. */
export type LedgerStep = 'claim' | 'commit' | 'doubt' | 'release' | 'login' | 'login-failed' | 'signed-in' | 'ended'
/** What a request is for. */
export type RequestKind = 'refresh' | 'probe' | 'sign-in' | 'sign-out' | 'api'
/** What a timer is for. */
export type TimerKind = 'refresh' | 'request time-out' | 'lock time-out' | 'probe time-out'
/** What happened to the page. */
export type PageStep = 'opened' | 'closed' | 'visible' | 'hidden' | 'frozen' | 'thawed' | 'offline' | 'online' | 'woke'
/** Why a refresh began. `start`: this page had no token yet; `demand`: a call needed one, or asked for a new one. */
export type RefreshCause = 'timer' | '401' | 'demand' | 'wake-up' | 'start'
/** How an answer was read. */
export type OutcomeRule =
  | 'new tokens'
  | 'the cookie is new, the body was lost'
  | 'the verdict of the server'
  | 'the server calls it reuse'
  | 'refused for now'
  | 'the audience is denied'
  | 'the session may be over'
  | 'no tokens that can be read'
  | 'no answer'
  | 'the outcome is unknown'

/** An earlier request of the same generation to which no answer came. */
export interface LostAnswer extends OfAudience {
  /** When it was sent (in milliseconds since the epoch). */
  readonly sentAt: number
  /**
   * `tab gone`: nobody wrote an outcome, because its tab was closed, crashed or frozen; `denied`: the answer came, and the
   * refresh token may be spent all the same; `in doubt`: it was sent again since, perhaps for somebody else, and that has
   * settled nothing.
   */
  readonly how: 'no answer' | 'tab gone' | 'denied' | 'in doubt'
}

/** Whose token it was about. */
export interface OfAudience {
  /** By its name in the option `audiences`; undefined for the session's own. */
  readonly audience?: string | undefined
}

/** One thing that was seen, without its time. */
export type Sight =
  | { readonly kind: 'record'; readonly step: 'begun'; readonly status: AuthState['status'] | 'signing-in' }
  | (OfAudience & { readonly kind: 'refresh'; readonly step: 'begun'; readonly cause: RefreshCause })
  | { readonly kind: 'lock'; readonly step: 'asked' | 'held' | 'released' | 'given up'; readonly id: string }
  | (OfAudience & {
      readonly kind: 'ledger'
      readonly step: LedgerStep
      readonly generation: number
      /** The beginning of the attempt's name; the whole of it is an idempotency key. */
      readonly attempt?: string | undefined
      readonly isResend?: boolean | undefined
      readonly lost?: LostAnswer | undefined
      readonly reason?: SignedOutReason | undefined
      /** The audience is denied, and the refresh token may be spent all the same. */
      readonly isDenial?: boolean | undefined
      /** Only statuses said so: the next start asks the server once more. */
      readonly isSoft?: boolean | undefined
      /** With which status the server answered the sign-in that failed, where its function gave the answer. */
      readonly status?: number | undefined
    })
  | (OfAudience & {
      readonly kind: 'wire'
      readonly step: 'sent' | 'answered' | 'failed'
      readonly id: string
      readonly request: RequestKind
      /** Origin and path; the path alone on the page's own origin. */
      readonly path: string
      readonly status?: number | undefined
      readonly attempt?: string | undefined
    })
  | (OfAudience & {
      readonly kind: 'outcome'
      readonly step: 'granted' | 'rejected' | 'refused' | 'doubt'
      readonly rule: OutcomeRule
      readonly status?: number | undefined
      /** The server's error code (RFC 6749 section 5.2), where the library could read one. */
      readonly code?: string | undefined
      /** Most likely the set-up is at fault, CORS for one. */
      readonly isMistake?: boolean | undefined
    })
  | { readonly kind: 'pause'; readonly step: 'begun'; readonly until: number | undefined }
  | (OfAudience & {
      readonly kind: 'message'
      readonly step: 'sent' | 'heard'
      readonly type: 'ask' | 'news'
      readonly generation: number
      readonly status: string
      /** Whether an access token came along. */
      readonly hasToken: boolean
    })
  | (OfAudience & {
      readonly kind: 'session'
      readonly step: keyof AuthEvents
      readonly source: TabSource
      readonly generation?: number | undefined
      /** Why it ended, if it did; or the server's code, if it gives this audience no token. */
      readonly detail?: string | undefined
      /** The server gives this audience no token, and the session goes on. */
      readonly isDenial?: boolean | undefined
      readonly wasSignedIn?: boolean | undefined
      /** It ended because a sign-in began. */
      readonly isSignIn?: boolean | undefined
    })
  | {
      readonly kind: 'timer'
      readonly step: 'armed' | 'fired' | 'cancelled'
      readonly timer: TimerKind
      readonly dueAt: number
    }
  | { readonly kind: 'clock'; readonly step: 'jumped'; readonly by: number }
  | { readonly kind: 'degraded'; readonly step: 'missing'; readonly part: MissingPart }
  | { readonly kind: 'page'; readonly step: PageStep }

/** One thing that was seen, and when (in milliseconds since the epoch). */
export type Observation = Sight & { readonly at: number }
/** Takes what was seen. */
export type Emit = (sight: Sight) => void

let count = 0
/** Pairs the observations of one lock request or one request of this tab. */
export const nextId = (): string => `${++count}`

/** The beginning of an attempt's name: enough to tell attempts apart, useless as a key. */
export const nameAttempt = (id: string | undefined): string | undefined => id?.slice(0, 8)
