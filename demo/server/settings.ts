// What can be switched while the server runs: settings, faults and counters of the demo and the tests.

export interface Settings {
  /** Lifetime of access tokens (in seconds). */
  accessLifetime: number
  /** Whether a known `Idempotency-Key` gets the first answer again. */
  replay: boolean
  /** Whether the API refuses access tokens of revoked sessions at once, instead of letting them live until `exp`. */
  denylist: boolean
  /** Whether ordinary answers of the API renew access tokens that are past half of their life. */
  renewInResponse: boolean
  /** Whether other origins may read `WWW-Authenticate`. */
  exposeChallenge: boolean
}

export type FaultKind =
  | 'latency'
  | 'too-many-requests'
  | 'unavailable'
  | 'html'
  | 'hang'
  | 'request-lost'
  | 'answer-lost'
  | 'body-lost'
  | 'unauthorized'

export interface Fault {
  readonly at: 'refresh' | 'api'
  readonly kind: FaultKind
  /** How many requests it strikes. */
  times: number
  /** For `latency` (in milliseconds). */
  readonly delay?: number
  /** For `too-many-requests` and `unavailable` (in seconds). */
  readonly retryAfter?: number
}

export interface Stats {
  refreshesGranted: number
  refreshesReplayed: number
  refreshesRefused: number
  reusesDetected: number
  /** API calls by status. */
  apiCalls: Record<string, number>
}

export const createSettings = (): Settings => ({
  accessLifetime: 300,
  replay: true,
  denylist: false,
  renewInResponse: false,
  exposeChallenge: false,
})

export const createStats = (): Stats => ({
  refreshesGranted: 0,
  refreshesReplayed: 0,
  refreshesRefused: 0,
  reusesDetected: 0,
  apiCalls: {},
})

/** Takes the next fault that strikes here. */
export function takeFault(faults: Fault[], at: Fault['at'], kinds: readonly FaultKind[]): Fault | undefined {
  const fault = faults.find((one) => one.at === at && kinds.includes(one.kind))
  if (!fault) return undefined
  fault.times--
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
  return fault
}
