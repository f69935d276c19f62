// The multi-tab suite: what is promised of several tabs, written once for every engine and both custodies.

import type { Browser, Capability, Engine, LaunchOptions, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import type { Backend, BackendOptions, Judge } from './backends/backend.ts'
import { startCookieBackend } from './backends/cookie.ts'
import { startOpenIdBackend } from './backends/openid.ts'
import { AUDIENCES } from './scenarios/audiences.ts'
import { LEAVING } from './scenarios/leaving.ts'
import { LOGIN } from './scenarios/login.ts'
import { OUTAGES } from './scenarios/outages.ts'
import { PROOFS } from './scenarios/proofs.ts'
import { ROTATION } from './scenarios/rotation.ts'
import { CUSTODIES, type Custody, type Scenario } from './scenarios/scenario.ts'
import { SERVICE_WORKER } from './scenarios/service-worker.ts'
import { SESSIONS } from './scenarios/sessions.ts'
import { STORAGE } from './scenarios/storage.ts'
import { VERSIONS } from './scenarios/versions.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...ROTATION,
  ...OUTAGES,
  ...LEAVING,
  ...SERVICE_WORKER,
  ...SESSIONS,
  ...STORAGE,
  ...VERSIONS,
  ...LOGIN,
  ...PROOFS,
  ...AUDIENCES,
]

export function custodiesOf({ custody }: Scenario): readonly Custody[] {
  return custody ? [custody] : CUSTODIES
}

const BACKENDS: Readonly<Record<Custody, (options: BackendOptions) => Promise<Backend>>> = {
  'client-held tokens': startOpenIdBackend,
  cookies: startCookieBackend,
}

export interface Theatre {
  /** The engine's version. */
  version(): Promise<string>
  /** What the scenario needs and the engine's driver cannot show. */
  lacking(scenario: Pick<Scenario, 'needs'>): Promise<readonly Capability[]>
  /** Resolves with the reason when the engine's driver cannot show the scenario; rejects when it fails. */
  play(scenario: Scenario, custody: Custody): Promise<string | undefined>
  /** The same before a server of the caller's choice. */
  playBefore<Asked extends Judge>(
    start: (options: BackendOptions) => Promise<Asked>,
    scenario: Scenario<Asked>,
  ): Promise<string | undefined>
  close(): Promise<void>
}

/** Adds what each tab has told last, as far as it still answers. */
async function explain(error: unknown, tabs: readonly Tab[]): Promise<unknown> {
  if (!(error instanceof Error)) return error
  const silence = new Promise<string[]>((resolve) => setTimeout(resolve, 5_000, ['nothing: it does not answer']))
  const stories = tabs.map((tab) => Promise.race([tab.evaluate(() => told.slice(-10)), silence]).catch(String))
  const lines = (await Promise.all(stories)).map((story, index) => `tab ${index} told ${[story].flat().join('; ')}`)
  // The stack is formatted when it is first read.
  error.message = [error.message, ...lines].join('\n')
  return error
}

/** Starts the browsers of one engine as they are needed. */
export function openTheatre(engine: Engine): Theatre {
  const browsers = new Map<string, Promise<Browser>>()

  function browser(options: LaunchOptions): Promise<Browser> {
    const key = JSON.stringify(options)
    const started = browsers.get(key) ?? launch(engine, options)
    browsers.set(key, started)
    return started
  }

  /** Some needs are met by a browser of another kind only, if at all. */
  async function browserFor({ needs = [] }: Pick<Scenario, 'needs'>): Promise<Browser> {
    if (needs.includes('freeze') || needs.includes('hidden'))
      return browser({ lifecycle: true }).catch(() => browser({}))
    if (needs.includes('private')) return browser({ private: true })
    return needs.includes('blocked') ? browser({ blocked: true }).catch(() => browser({})) : browser({})
  }

  async function lacking(scenario: Pick<Scenario, 'needs'>): Promise<readonly Capability[]> {
    const { can } = await browserFor(scenario)
    return scenario.needs?.filter((need) => !can[need]) ?? []
  }

  const theatre: Theatre = {
    version: async () => (await browser({})).version,
    lacking,
    play: (scenario, custody) => theatre.playBefore(BACKENDS[custody], scenario),
    async playBefore(start, scenario) {
      const { lifetime, refreshTimeout, grace, hasLoginPages, requiresPush, requiresProofs, keepsAll, hasAudiences } =
        scenario
      const stagehand = await browserFor(scenario)
      const missing = await lacking(scenario)
      if (missing.length > 0) return `its driver cannot show ${missing.join(', ')}`
      // WebKitGTK refuses Secure cookies on http://localhost.
      const secureCookies = engine !== 'webkit'
      const options = {
        lifetime,
        refreshTimeout,
        grace,
        hasLoginPages,
        requiresPush,
        requiresProofs,
        keepsAll,
        hasAudiences,
        secureCookies,
      }
      const backend = await start(options)
      try {
        const profile = await stagehand.newProfile()
        const tabs: Tab[] = []
        async function open(url: string): Promise<Tab> {
          const tab = await profile.open(url)
          tabs.push(tab)
          return tab
        }
        try {
          await scenario.play({ profile: { ...profile, open }, backend })
        } catch (error) {
          throw await explain(error, tabs)
        } finally {
          await profile.close()
        }
      } finally {
        await backend.close()
      }
      return undefined
    },
    async close() {
      const started = await Promise.allSettled(browsers.values())
      await Promise.all(started.map((one) => one.status === 'fulfilled' && one.value.close()))
    },
  }
  return theatre
}
