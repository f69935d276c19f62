/** Taking over the session that another library left behind, once, by one tab. */

import { adoptFormer } from '../entry/session-transitions.ts'
import { check, TokenResponseError } from '../errors.ts'
import type { Adopt } from '../ports.ts'
import { readTokenResponse, type Tokens } from '../responses/tokens.ts'

/** Where another library left its session. */
export interface FormerSession {
  /**
   * Reads the refresh token, if there is one. If it throws, that is reported as an uncaught error, and nothing is taken
   * over.
   */
  refreshToken(): string | null | undefined | Promise<string | null | undefined>
  /** Removes the refresh token from where it was. */
  forget(): void
}

/**
 * Takes over the session of another library, for the option `adopt` of a client that holds its refresh token: in one
 * transaction, by the first tab that starts, and only if IndexedDB has no word of a session. The old copy is removed as
 * soon as IndexedDB has one.
 *
 * @throws TypeError when a member is not a function
 */
export function formerSession({ refreshToken, forget }: FormerSession): Adopt {
  check(typeof refreshToken === 'function', 'refreshToken', 'a function')
  check(typeof forget === 'function', 'forget', 'a function')
  return async ({ clock, ledger, persist, report, session, transport }) => {
    check(transport.holdsRefreshToken, 'adopt', 'absent where the refresh token is in a cookie')
    // A ledger that no other tab sees would let each of them spend the token.
    if (!ledger.shared) return
    const tokens = await read().catch((error) => {
      // A parser's message may quote a token, so only the error's name is told.
      report(new TokenResponseError(`"refreshToken" of formerSession() failed (${error?.name})`))
    })
    if (!tokens) return
    const entry = await persist((found) =>
      // Storage may turn out to be blocked when it is first used.
      ledger.shared ? adoptFormer(found, session.mark, tokens, clock.now()) : { result: undefined },
    )
    // Also where another tab has taken it over: that one may have died between its commit and this.
    if (entry) await remove().catch(report)

    async function read(): Promise<Tokens | undefined> {
      const refresh_token = await refreshToken()
      return refresh_token ? readTokenResponse({ refresh_token }, clock.now()) : undefined
    }
  }

  async function remove(): Promise<void> {
    forget()
  }
}
