// One peer in real tabs: a provider, a page, a profile of its own.

import type { Browser, Tab } from '../test/support/browser/driver.ts'
import { type Pages, servePages } from '../test/support/pages.ts'
import { type OpenIdProvider, type ProviderOptions, startProvider } from '../test/support/provider.ts'
import { bundleForPage } from './bundle.ts'
import { promptly, within } from './patience.ts'
import type { Calls, Outcome, Pace, Patient, SessionName } from './peers/sessions/page.ts'
import type { SessionTerms } from './peers/sessions/session.ts'

declare global {
  var bench: typeof import('./peers/sessions/page.ts')
}

export const SESSIONS: readonly SessionName[] = [
  'authfetch',
  'oidc-client-ts',
  '@badgateway/oauth2-client',
  'fetch-extras',
  'keycloak-js',
  'textbook',
]

export interface TokenRequest {
  /** By `performance.now`. */
  readonly at: number
  /** Whether the provider had not revoked the grant by then. */
  readonly isAlive: boolean
}

export interface StageTerms extends Pick<ProviderOptions, 'grace'> {
  readonly name: SessionName
  /** Of access tokens (in seconds). */
  readonly lifetime: number
  /** How fast the clock of the tabs is (in milliseconds). */
  readonly clockShift?: number
}

export interface Stage {
  readonly name: SessionName
  readonly provider: OpenIdProvider
  readonly tokenRequests: readonly TokenRequest[]
  /** Another page of the same origin. */
  readonly away: string
  /** `/new` starts and calls by itself, `/watched` notes commits and refreshes. */
  openTab(path?: '/' | '/new' | '/watched'): Promise<Tab>
  /** The user signs in, in the first tab or, with keycloak-js, in each; then every tab starts. */
  signIn(tabs: readonly Tab[]): Promise<void>
  close(): Promise<void>
}

/** Before the first script of the page. */
const shiftClock = (shift: number): string => `
const Original = Date
Date = class extends Original {
  constructor(...values) {
    if (values.length > 0) super(...values)
    else super(Original.now() + ${shift})
  }
  static now() {
    return Original.now() + ${shift}
  }
}`

let script: Promise<string> | undefined

async function serve(name: SessionName, terms: SessionTerms, clockShift: number): Promise<Pages> {
  script ??= bundleForPage('peers/sessions/page.ts')
  const page = (task: string): string =>
    `<!doctype html><title>tab</title><body><script>${clockShift === 0 ? '' : shiftClock(clockShift)}</script><script src="/bench.js"></script><script>bench.open(${JSON.stringify(name)}, ${JSON.stringify(terms)});${task}</script>`
  return await servePages({
    '/': page(''),
    '/new': page('bench.begin()'),
    '/watched': page('bench.watch()'),
    '/away': '<!doctype html><title>away</title>',
    '/bench.js': await script,
  })
}

export async function openStage(browser: Browser, terms: StageTerms): Promise<Stage> {
  const { name, lifetime, clockShift = 0, grace = 0 } = terms
  const tokenRequests: TokenRequest[] = []
  const keepsInMemory = name === 'keycloak-js'
  const provider = await startProvider({
    accessTokenTtl: lifetime,
    grace,
    suitsKeycloak: keepsInMemory,
    // Without kept connections no browser sends a POST twice by itself.
    keepAlive: false,
    onTokenRequest: () => tokenRequests.push({ at: performance.now(), isAlive: provider.counters.revokedGrants === 0 }),
  })
  const { issuer, tokenEndpoint, clientId, resourceEndpoint: resource } = provider
  const given = { issuer, tokenEndpoint, clientId, resource, lifetime }
  const pages = await serve(name, given, clockShift)
  const profile = await browser.newProfile()

  const seed = async (tab: Tab): Promise<void> => tab.evaluate((tokens) => bench.seed(tokens), await provider.seed())

  return {
    name,
    provider,
    tokenRequests,
    away: `${pages.origin}/away`,
    openTab: (path = '/') => profile.open(pages.origin + path),
    async signIn(tabs) {
      await promptly(Promise.all((keepsInMemory ? tabs : tabs.slice(0, 1)).map(seed)), 'the user did not sign in')
      await promptly(Promise.all(tabs.map((tab) => tab.evaluate(() => bench.start()))), 'a tab did not start')
    },
    async close() {
      // A browser that hangs is killed with the rest.
      await within(profile.close(), 10_000, undefined)
      await pages.close()
      await provider.close()
    },
  }
}

export const keepCalling = (tabs: readonly Tab[], pace: Pace): Promise<unknown> =>
  Promise.all(tabs.map((tab) => tab.evaluate((given) => bench.keepCalling(given), pace)))

export const stopCalling = (tab: Tab): Promise<Calls> =>
  within(
    tab.evaluate(() => bench.stopCalling()),
    20_000,
    { outcomes: ['no answer'], gap: Number.POSITIVE_INFINITY },
  )

export const callOnce = (tab: Tab): Promise<Outcome> =>
  within(
    tab.evaluate(() => bench.call()),
    20_000,
    'no answer',
  )

export const callUntil = (tab: Tab, patience: number): Promise<Patient> =>
  within(
    tab.evaluate((given) => bench.callUntil(given), patience),
    patience + 20_000,
    { outcome: 'no answer', after: patience },
  )
