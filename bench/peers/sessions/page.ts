/** What the page of a tab does: one peer's session, calls at a pace, and what became of them. */

import { authfetch } from './authfetch.ts'
import { badgateway } from './badgateway.ts'
import { answerPings, compareClock } from './clock.ts'
import { fetchExtras } from './fetch-extras.ts'
import { keycloak } from './keycloak.ts'
import { oidcClientTs } from './oidc-client-ts.ts'
import { oneRead } from './one-read.ts'
import type { CreateSession, Session, SessionTerms, Tokens } from './session.ts'
import { textbook } from './textbook.ts'
import { observe, watched } from './watch.ts'

export { answerPings, compareClock, watched }

const SESSIONS = {
  authfetch,
  'oidc-client-ts': oidcClientTs,
  '@badgateway/oauth2-client': badgateway,
  'fetch-extras': fetchExtras,
  'keycloak-js': keycloak,
  textbook,
  'one read of IndexedDB': oneRead,
} satisfies Readonly<Record<string, CreateSession>>

export type SessionName = keyof typeof SESSIONS

/** A status, or what there was instead of one. */
export type Outcome = number | 'rejected' | 'no answer'

/** How long a call may take (in milliseconds). */
const PATIENCE = 10_000

export interface Pace {
  /** From an answer to the next call (in milliseconds). */
  readonly pause: number
  /** The tab gives up after so many failures in a row, as an app sends its user to the login page. @default never */
  readonly failures?: number
}

export interface Calls {
  readonly outcomes: readonly Outcome[]
  /** The longest time without an answer of 200 (in milliseconds). */
  readonly gap: number
}

let session: Session
let isCalling = false
let calling: Promise<Calls> | undefined

/** When the first answer of 200 came, after the start of the navigation (in milliseconds). */
export let firstAnswer: Promise<number> | undefined

export function open(name: SessionName, terms: SessionTerms): void {
  session = SESSIONS[name](terms)
}

export const seed = (tokens: Tokens): Promise<void> => session.seed(tokens)
export const start = (): Promise<void> => session.start()
export const reason = (): string | undefined => session.reason?.()

const after = (delay: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay))

/** Starts and calls, as a page does that is opened beside others. */
export function begin(): void {
  firstAnswer = (async () => {
    await start()
    return (await callUntil(PATIENCE)).outcome === 200 ? performance.now() : Number.NaN
  })()
}

export const watch = (): void => observe(session)

export const call = (): Promise<Outcome> =>
  Promise.race([session.call().catch(() => 'rejected' as const), after(PATIENCE).then(() => 'no answer' as const)])

/** Starts a refresh, and waits for nothing. Without a way to ask for it, a call that is refused starts it. */
export function startRefresh(): void {
  void (session.refresh ? session.refresh().catch(() => {}) : call())
}

export const canRefresh = (): boolean => session.refresh !== undefined

export function keepCalling(pace: Pace): void {
  isCalling = true
  calling = callOnAndOn(pace)
}

async function callOnAndOn({ pause, failures = Number.POSITIVE_INFINITY }: Pace): Promise<Calls> {
  const outcomes: Outcome[] = []
  let answeredAt = performance.now()
  let gap = 0
  // The tabs are not in step.
  await after(Math.random() * pause)
  for (let inRow = 0; isCalling && inRow < failures; ) {
    const outcome = await call()
    outcomes.push(outcome)
    gap = Math.max(gap, performance.now() - answeredAt)
    if (outcome === 200) answeredAt = performance.now()
    inRow = outcome === 200 ? 0 : inRow + 1
    await after(pause)
  }
  return { outcomes, gap }
}

export async function stopCalling(): Promise<Calls> {
  isCalling = false
  return (await calling) ?? { outcomes: [], gap: 0 }
}

export interface Patient {
  /** 200, or what the last call came to. */
  readonly outcome: Outcome
  /** In milliseconds. */
  readonly after: number
}

/** Calls once a second, until it is answered 200 or so many milliseconds have passed. */
export async function callUntil(patience: number): Promise<Patient> {
  const startedAt = performance.now()
  for (;;) {
    const outcome = await call()
    const spent = performance.now() - startedAt
    if (outcome === 200 || spent >= patience) return { outcome, after: spent }
    await after(1_000)
  }
}
