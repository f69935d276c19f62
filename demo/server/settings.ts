// What can be switched while the server runs, and what it counts.

export interface Settings {
  /** Lifetime of access tokens (in seconds). */
  accessLifetime: number
  /** How long a refresh token may wait to be spent (in seconds). */
  refreshLifetime: number
  /** How long a session may be refreshed, counted from the sign-in (in seconds). */
  sessionLifetime: number
  /** Whether a known `Idempotency-Key` gets the first answer again. */
  replay: boolean
  /** How long a spent token's answer is kept for its replay (in seconds). */
  replayWindow: number
  /** Whether the API refuses access tokens of revoked sessions at once, instead of letting them live until `exp`. */
  denylist: boolean
  /** Whether ordinary answers of the API renew access tokens that are past half of their life. */
  renewInResponse: boolean
  /** Whether other origins may read `WWW-Authenticate`. */
  exposeChallenge: boolean
  /** How far the server's clock is ahead (in milliseconds). */
  clockOffset: number
}

export interface Stats {
  refreshesGranted: number
  refreshesReplayed: number
  refreshesRefused: number
  reusesDetected: number
  /** API calls by status. */
  apiCalls: Record<string, number>
}

const DAY = 86_400

export const createSettings = (): Settings => ({
  accessLifetime: 300,
  refreshLifetime: 14 * DAY,
  sessionLifetime: 30 * DAY,
  replay: true,
  replayWindow: 600,
  denylist: false,
  renewInResponse: false,
  exposeChallenge: false,
  clockOffset: 0,
})

/** Keeps what is a setting and of its type. */
export function readSettings(values: object): Partial<Settings> {
  const defaults = Object.entries(createSettings())
  const given = values as Readonly<Record<string, unknown>>
  const isUsable = ([name, preset]: [string, unknown]): boolean =>
    typeof given[name] === typeof preset && (typeof preset !== 'number' || Number.isFinite(given[name]))
  return Object.fromEntries(defaults.filter(isUsable).map(([name]) => [name, given[name]]))
}

export const createStats = (): Stats => ({
  refreshesGranted: 0,
  refreshesReplayed: 0,
  refreshesRefused: 0,
  reusesDetected: 0,
  apiCalls: {},
})
