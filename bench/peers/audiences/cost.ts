/** What the option `audiences` adds to a call with a valid token: without it, beside it, and through it. */

import { audiences } from '../../../src/audiences.ts'
import { type AuthFetch, createAuthClient, oauthRefresh } from '../../../src/index.ts'
import { type Costs, type CostTerms, timeCallers } from '../timing.ts'
import type { CreateCaller } from '../world.ts'

/** No token, no refresh: what everything is compared with. */
const bare: CreateCaller = ({ fetch }) => ({
  name: 'fetch',
  refreshes: false,
  call: (url) => fetch(url),
  callRequest: (request) => fetch(request),
})

/** @param owns The address of an audience, whose token a call takes if its own address begins so. */
const ours =
  (name: string, hasAudiences: boolean, owns: (origin: string) => string): CreateCaller =>
  async ({ fetch, origin, tokenEndpoint, tokens }) => {
    const list = {
      orders: { urls: [owns(origin)], parameters: { audience: 'orders' } },
      billing: { urls: ['https://billing.example/'], parameters: { audience: 'billing' } },
    }
    const auth = createAuthClient({
      refresh: oauthRefresh({ tokenEndpoint, clientId: 'spa' }),
      origins: [origin],
      fetch,
      ...(hasAudiences && { audiences: audiences(list) }),
    })
    await auth.signIn(tokens)
    const authFetch: AuthFetch = auth.authFetch
    return {
      name,
      refreshes: true,
      call: (url) => authFetch(url),
      callRequest: (request) => authFetch(request),
      dispose: auth.dispose,
    }
  }

const CALLERS = [
  bare,
  ours('authfetch without `audiences`', false, () => ''),
  ours('with `audiences`, to an address of none', true, (origin) => `${origin}/elsewhere/`),
  ours('with `audiences`, to an address of one', true, (origin) => `${origin}/`),
]

export const measureAudiences = (terms: CostTerms, progress?: (round: number) => void): Promise<Costs> =>
  timeCallers(CALLERS, terms, progress)
