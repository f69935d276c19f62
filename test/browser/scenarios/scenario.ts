// What a multi-tab scenario is, and the steps that most of them share.

import type { Capability, Profile, Tab } from '../../support/browser/driver.ts'
import type { Backend, Judge, Policy } from '../backends/backend.ts'
import type {} from '../backends/page.ts'

export const CUSTODIES = ['client-held tokens', 'cookies'] as const
export type Custody = (typeof CUSTODIES)[number]

export interface Stage<Asked extends Judge = Backend> {
  readonly profile: Profile
  readonly backend: Asked
}

export interface Scenario<Asked extends Judge = Backend> {
  /** A present-tense fact. */
  readonly name: string
  /** @default both */
  readonly custody?: Custody
  readonly needs?: readonly Capability[]
  /** Lifetime of the access tokens (in seconds). @default 1800 */
  readonly lifetime?: number
  /** How long the server may take to answer a refresh (in milliseconds): short where a lease is waited for. @default the client's own */
  readonly refreshTimeout?: number
  /** Whether users can sign in at the provider. @default false */
  readonly hasLoginPages?: boolean
  /** Whether the provider takes pushed authorization requests only. @default false */
  readonly requiresPush?: boolean
  /** Whether the provider binds tokens, and asks for nonces, or for proofs of this time; so does its resource. @default false */
  readonly requiresProofs?: boolean | 'by time'
  /** Whether the client knows further audiences. @default false */
  readonly hasAudiences?: boolean
  /** Connections are kept, and refresh tokens stay the same: a browser may send a refresh twice by itself. @default false */
  readonly keepsAll?: boolean
  /** How long the provider lets a refresh token be spent again (in seconds); the reference server does not replay then. */
  readonly grace?: number
  /** It mostly waits, so it may be played beside others. */
  readonly isSlow?: boolean
  play(stage: Stage<Asked>): Promise<void>
}

export const isSignedIn = () => auth.getState().status === 'signed-in'
export const isSignedOut = () => auth.getState().status === 'signed-out'

/** In the page: whether a tab waits for the client's lock. */
export const isLockAwaited = () => navigator.locks.query().then(({ pending }) => pending?.length === 1)

export async function openTab({ profile, backend }: Stage<Judge>, policy?: Policy): Promise<Tab> {
  return await profile.open(backend.url(policy))
}

/** Opens tabs, as many as the tuple that is asked for; the last one is in front. */
export async function openTabs(stage: Stage<Judge>, count: 2, policy?: Policy): Promise<[Tab, Tab]>
export async function openTabs(stage: Stage<Judge>, count: 3, policy?: Policy): Promise<[Tab, Tab, Tab]>
export async function openTabs(stage: Stage<Judge>, count: number, policy?: Policy): Promise<Tab[]>
export async function openTabs(stage: Stage<Judge>, count: number, policy?: Policy): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (let index = 0; index < count; index++) tabs.push(await openTab(stage, policy))
  return tabs
}

/** The first tab signs in; the others hear of it. */
export async function signIn({ backend }: Stage<Judge>, tabs: readonly Tab[], expiresIn?: number): Promise<void> {
  const credentials = await backend.credentials('alice', expiresIn)
  await tabs[0]?.evaluate((given) => enter(given), credentials)
  await forAll(tabs, (tab) => tab.waitFor(isSignedIn))
}

/** Starts a refresh whose end `pending` is. */
export function startRefresh(tab: Tab): Promise<void> {
  return tab.evaluate(() => {
    pending = refresh()
  })
}

/** Starts a refresh, and stays with it on its way to the server. */
export async function refreshInFlight({ backend }: Stage<Judge>, tab: Tab): Promise<() => void> {
  const hold = backend.hold()
  await startRefresh(tab)
  await hold.arrived()
  return () => hold.release()
}

export const forAll = <Result>(tabs: readonly Tab[], task: (tab: Tab) => Promise<Result>): Promise<Result[]> =>
  Promise.all(tabs.map(task))

/** What a call of the API comes to in each tab: a status or the code of an error. */
export const callAll = (tabs: readonly Tab[]): Promise<string[]> => forAll(tabs, (tab) => tab.evaluate(() => call()))
