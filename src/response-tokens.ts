/** New tokens in ordinary responses, for servers that send them with any answer. */

import { renew } from './core/entry/outcome-transitions.ts'
import { check } from './core/errors.ts'
import type { Context } from './core/protocol/context.ts'
import type { SignInOut } from './core/protocol/sign-in-out.ts'
import type { TokenResponse } from './core/responses/tokens.ts'

/** What taking over tokens needs of the client. */
type TakeTerms = Pick<Context, 'persist' | 'report' | 'session'> & Pick<SignInOut, 'publishSession' | 'readTokens'>

/** Takes over the tokens that come with ordinary responses; `responseTokens()` makes it. */
export interface ResponseTokens {
  /** Gives what is to hear of every response to a request of a session, and of that session's epoch. */
  readonly take: (terms: TakeTerms) => (response: Response, epoch: number) => void
}

/**
 * Takes over tokens that come with ordinary responses, for the option `readTokens`. `read` finds them in a response whose
 * body it must not read; what it throws is reported as an uncaught error.
 *
 * @throws TypeError when `read` is not a function
 */
export function responseTokens(read: (response: Response) => TokenResponse | undefined): ResponseTokens {
  check(typeof read === 'function', 'read', 'a function')
  return {
    take: ({ persist, publishSession, readTokens, report, session }) => {
      async function hear(response: Response, epoch: number): Promise<void> {
        const found = read(response)
        if (!found) return
        const tokens = readTokens(found)
        const { accessToken, refreshToken, lifetime } = tokens
        const isNews = accessToken === undefined ? lifetime !== undefined : accessToken !== session.held?.accessToken
        if (!isNews && refreshToken === undefined) return
        const entry = await persist((current) => renew(current, epoch, tokens))
        if (entry) publishSession(entry, tokens)
      }
      return (response, epoch) => void hear(response, epoch).catch(report)
    },
  }
}
