/** Reads from the failure of a refresh that the server gives an audience no token. */

interface Denial {
  readonly code?: unknown
  readonly error?: unknown
}

/** An `AudienceDeniedError`, by its code: only applications with audiences load the class. */
export function denialIn(failure: unknown): Denial | undefined {
  const denial = (failure as Error | undefined)?.cause as Denial | undefined
  return denial?.code === 'audience-denied' ? denial : undefined
}

/** The server's code. A refresh function may put any text there, which is not repeated. */
export const deniedCode = (failure: unknown): string | undefined =>
  /^[a-z_]{1,40}$/.exec(`${denialIn(failure)?.error ?? ''}`)?.[0]
