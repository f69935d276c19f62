/** What the page of a tab does that calls several APIs. */

import type { AudienceName } from '../../audiences/provider.ts'
import type { Outcome } from '../sessions/page.ts'
import type { Tokens } from '../sessions/session.ts'
import { auth0 } from './auth0.ts'
import { authfetch } from './authfetch.ts'
import type { AudienceSession, AudienceTerms, CreateAudienceSession } from './session.ts'

const SESSIONS = {
  authfetch,
  'auth0-spa-js, tokens in memory': auth0('memory'),
  'auth0-spa-js, tokens in localStorage': auth0('localstorage'),
} satisfies Readonly<Record<string, CreateAudienceSession>>

export type AudienceSessionName = keyof typeof SESSIONS

let session: AudienceSession

export function open(name: AudienceSessionName, terms: AudienceTerms): void {
  session = SESSIONS[name](terms)
}

/** Where the user signs in; undefined where the page is given tokens. */
export const leave = async (): Promise<string | undefined> =>
  session.signIn.kind === 'redirect' ? await session.signIn.leave() : undefined

export async function signIn(given: Tokens | string): Promise<void> {
  if (session.signIn.kind === 'redirect') await session.signIn.comeBack(given as string)
  else await session.signIn.give(given as Tokens)
}

export const start = async (): Promise<void> => void (await session.start())

const call = (audience: AudienceName): Promise<Outcome> => session.call(audience).catch(() => 'rejected' as const)

/** Calls the APIs at a moment that the tabs have in common (in milliseconds since the epoch): at once, or one by one. */
export async function callAll(names: readonly AudienceName[], at: number, inTurn: boolean): Promise<Outcome[]> {
  await new Promise((resolve) => setTimeout(resolve, at - Date.now()))
  if (!inTurn) return await Promise.all(names.map(call))
  const outcomes: Outcome[] = []
  for (const name of names) outcomes.push(await call(name))
  return outcomes
}
