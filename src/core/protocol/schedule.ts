/** When to refresh, as pure arithmetic. All times in milliseconds. */
// Decisions (ARCHITECTURE.md): D25.

/** How early an access token counts as expired, so that it does not expire on its way. */
export function leewayOf(lifetime: number): number {
  return Math.min(2_000, lifetime * 0.1)
}

/** The least time between two refreshes of tokens that live so long. */
export function floorOf(lifetime: number | undefined): number {
  return Math.min(5_000, Math.max(1_000, (lifetime ?? Number.POSITIVE_INFINITY) / 4))
}

/** How long after its receipt an access token is refreshed. */
export function refreshDelay(
  lifetime: number,
  refreshLead: number,
  random: number,
  /** The first refresh after a sign-in or an outage comes at a random time, so that many clients do not refresh together. */
  spread: boolean,
  hidden: boolean,
): number {
  const lead = Math.min(refreshLead, lifetime / 4)
  const due = (lifetime - lead) * (1 - random * (spread ? 0.78 : 0.05))
  // A hidden tab leaves the refresh to a visible one, and still comes before the expiry.
  return hidden ? Math.max(due, lifetime - lead) + lead / 4 : due
}

/** The longest pause between two attempts. */
const LONGEST_PAUSE = 60_000
/** What a server may ask for at most. */
const LONGEST_RETRY_AFTER = 3_600_000

/** The pause after so many failures in a row: exponential, with full jitter, and never shorter than the server asks for. */
export function pauseAfter(failures: number, random: number, retryAfter = 0): number {
  const pause = Math.min(LONGEST_PAUSE, 1_000 * 2 ** failures)
  // A refresh function may give a `Retry-After` that is no number, or lies in the past.
  return Math.min(Math.max(retryAfter || 0, 0), LONGEST_RETRY_AFTER) + Math.max(200, pause * random)
}
