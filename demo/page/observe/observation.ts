// What can be seen of a client from outside. No observation ever holds a token.

import type { AuthEvents } from 'authfetch'

export type LedgerStep = 'claim' | 'commit' | 'doubt' | 'release' | 'login' | 'signed-in' | 'ended'
export type RequestKind = 'refresh' | 'probe' | 'sign-in' | 'sign-out' | 'api'
export type TimerKind = 'refresh' | 'request time-out' | 'lock time-out' | 'probe time-out'
export type PageStep = 'opened' | 'closed' | 'visible' | 'hidden' | 'frozen' | 'thawed' | 'offline' | 'online'

export type Sight =
  | { readonly kind: 'lock'; readonly step: 'asked' | 'held' | 'released' | 'given up'; readonly id: string }
  | {
      readonly kind: 'ledger'
      readonly step: LedgerStep
      readonly generation: number
      /** The idempotency key of the attempt. */
      readonly attempt?: string | undefined
      readonly isResend?: boolean
      readonly reason?: string | undefined
    }
  | {
      readonly kind: 'wire'
      readonly step: 'sent' | 'answered' | 'failed'
      readonly id: string
      readonly request: RequestKind
      readonly path: string
      readonly status?: number
      readonly attempt?: string | undefined
    }
  | {
      readonly kind: 'message'
      readonly step: 'sent' | 'heard'
      readonly type: 'ask' | 'news'
      readonly generation: number
      readonly status: string
      /** Whether an access token came along. */
      readonly hasToken: boolean
    }
  | {
      readonly kind: 'session'
      readonly step: keyof AuthEvents
      readonly source: 'this-tab' | 'other-tab'
      readonly detail?: string
    }
  | {
      readonly kind: 'timer'
      readonly step: 'armed' | 'fired' | 'cancelled'
      readonly timer: TimerKind
      readonly dueAt: number
    }
  | { readonly kind: 'page'; readonly step: PageStep }

export type Observation = Sight & { readonly at: number }
export type Emit = (sight: Sight) => void

let count = 0
/** Pairs the observations of one lock request or one fetch of this tab. */
export const nextId = (): string => `${++count}`
