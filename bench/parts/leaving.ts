// How soon others have a token when a page leaves amid its refresh: default options, three engines, both custodies.

import type { Backend } from '../../test/browser/backends/backend.ts'
import { startCookieBackend } from '../../test/browser/backends/cookie.ts'
import { startOpenIdBackend } from '../../test/browser/backends/openid.ts'
import type {} from '../../test/browser/backends/page.ts'
import { type Browser, ENGINES, type Profile, type Tab } from '../../test/support/browser/driver.ts'
import { launch } from '../../test/support/browser/launch.ts'
import { describeMachine } from '../machine.ts'
import { within } from '../patience.ts'
import type { Result } from '../report.ts'
import type { Terms } from '../run.ts'
import { digits } from '../statistics.ts'

/** As Okta's (in seconds). */
const GRACE = 30
/** In milliseconds. */
const LATENCIES = [300, 1_000]
const SLOW = 8_000
const PATIENCE = 90_000

interface Scene {
  readonly backend: Backend
  readonly profile: Profile
  readonly tabs: readonly [Tab, Tab, Tab]
  /** Starts a refresh in the first tab; resolves when the server has it. */
  start(): Promise<void>
}

const CUSTODIES = ['client-held tokens', 'cookies', 'cookies, replayed answers'] as const
type Custody = (typeof CUSTODIES)[number]

interface Case {
  readonly title: string
  readonly custody?: Custody
  readonly latency?: number
  readonly needs?: 'freeze' | 'crash'
  /** Resolves when the page has left, with what is to end in which tab. */
  play(scene: Scene): Promise<() => Promise<unknown>>
}

const token = (tab: Tab): Promise<string> => tab.evaluate(() => auth.getAccessToken().then((given) => given ?? 'none'))
const others = ({ tabs: [, ...rest] }: Scene): (() => Promise<unknown>) => {
  const waiting = Promise.all(rest.map((tab) => tab.evaluate(() => refresh())))
  waiting.catch(() => {})
  return () => waiting
}

async function reload({ start, tabs: [tab] }: Scene): Promise<() => Promise<unknown>> {
  await start()
  return async () => {
    await tab.reload()
    return token(tab)
  }
}

const CASES: readonly Case[] = [
  { title: 'reload', play: reload },
  {
    title: 'double reload',
    async play({ start, tabs: [tab] }) {
      await start()
      await tab.reload()
      await tab.evaluate(() => void auth.restore())
      return async () => {
        await tab.reload()
        return token(tab)
      }
    },
  },
  {
    title: 'close; two tabs wait',
    async play(scene) {
      await scene.start()
      const waiting = others(scene)
      await scene.tabs[0].close()
      return waiting
    },
  },
  {
    title: 'crash; two tabs wait',
    needs: 'crash',
    async play(scene) {
      await scene.start()
      const waiting = others(scene)
      await scene.tabs[0].crash()
      return waiting
    },
  },
  {
    title: 'another page (back/forward cache); two tabs wait',
    async play(scene) {
      await scene.start()
      const waiting = others(scene)
      await scene.tabs[0].goto(scene.backend.away)
      return waiting
    },
  },
  {
    title: '`signOut()`, then straight to a login',
    async play({ backend, tabs: [tab] }) {
      const bob = await backend.credentials('bob')
      await tab.evaluate(() => void auth.signOut())
      return async () => {
        await tab.reload()
        await tab.evaluate((given) => enter(given), bob)
        return token(tab)
      }
    },
  },
  {
    title: 'freeze; two tabs wait',
    needs: 'freeze',
    async play(scene) {
      await scene.start()
      const waiting = others(scene)
      await scene.tabs[0].freeze()
      return waiting
    },
  },
  { title: `a server that takes ${SLOW / 1000} s, reload after 1 s`, custody: 'cookies', latency: SLOW, play: slowly },
]

async function slowly(scene: Scene): Promise<() => Promise<unknown>> {
  await scene.start()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const [tab] = scene.tabs
  return async () => {
    await tab.reload()
    return token(tab)
  }
}

interface Figure {
  readonly engine: string
  readonly custody: string
  readonly title: string
  readonly latency: number
  /** In milliseconds; undefined when there was no token. */
  readonly after: number | undefined
  readonly status: string
  readonly tokenRequests: number
  readonly reuses: number
}

async function measure(browser: Browser, one: Case, custody: Custody, latency: number): Promise<Figure> {
  const open = custody === 'client-held tokens' ? startOpenIdBackend : startCookieBackend
  const replays = custody === 'cookies, replayed answers'
  const backend = await open({ grace: GRACE, replays, secureCookies: browser.engine !== 'webkit' })
  const profile = await browser.newProfile()
  try {
    const tabs = [
      await profile.open(backend.url()),
      await profile.open(backend.url()),
      await profile.open(backend.url()),
    ]
    const alone = !one.title.includes('two tabs')
    // The rows of one tab are about a page that has nobody to ask.
    if (alone) await Promise.all(tabs.slice(1).map((tab) => tab.goto(backend.away)))
    const [first] = tabs as [Tab]
    const alice = await backend.credentials('alice')
    await first.evaluate((given) => enter(given), alice)
    for (const tab of alone ? [] : tabs) await tab.waitFor(() => auth.getState().status === 'signed-in')
    backend.delayAnswers(latency)
    const start = async (): Promise<void> => {
      const arrived = backend.arrival()
      await first.evaluate(() => {
        pending = refresh()
      })
      await arrived
    }
    const scene: Scene = { backend, profile, tabs: tabs as unknown as Scene['tabs'], start }
    const ending = await one.play(scene)
    const leftAt = performance.now()
    const result = await within(ending(), PATIENCE, undefined)
    const after = result === undefined || result === 'none' ? undefined : performance.now() - leftAt
    const tab = alone ? first : (tabs[1] as Tab)
    const status = await tab.evaluate(() => auth.getState().status)
    return {
      engine: browser.engine,
      custody,
      title: one.title,
      latency,
      after: status === 'signed-in' ? after : undefined,
      status,
      tokenRequests: backend.tokenRequests(),
      reuses: backend.reuses(),
    }
  } finally {
    await within(profile.close(), 10_000, undefined)
    await backend.close()
  }
}

function spell(figure: Figure | undefined): string {
  if (!figure) return '–'
  const { after, status, reuses } = figure
  const words = [after === undefined ? status : `${digits(after / 1000)} s`]
  if (reuses > 0) words.push(`${reuses} spent presented`)
  return words.join(', ')
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const figures: Figure[] = []
  const versions: string[] = []
  for (const engine of isQuick ? (['chromium'] as const) : ENGINES) {
    const ordinary = await launch(engine)
    const lifecycle = await launch(engine, { lifecycle: true }).catch(() => ordinary)
    versions.push(`${engine} ${ordinary.version}`)
    try {
      for (const one of CASES) {
        const browser = one.needs === 'freeze' ? lifecycle : ordinary
        if (one.needs && !browser.can[one.needs]) continue
        for (const custody of one.custody ? [one.custody] : CUSTODIES) {
          for (const latency of one.latency ? [one.latency] : LATENCIES) {
            progress(`${engine}: ${one.title}, ${custody}, ${latency} ms`)
            figures.push(await measure(browser, one, custody, latency))
          }
        }
      }
    } finally {
      await ordinary.close()
      if (lifecycle !== ordinary) await lifecycle.close()
    }
  }
  const engines = [...new Set(figures.map(({ engine }) => engine))]
  const keys = [...new Set(figures.map(({ custody, title, latency }) => `${custody}|${title}|${latency}`))]
  const rows = keys.map((key) => {
    const [custody = '', title = '', latency = ''] = key.split('|')
    const found = (engine: string) =>
      figures.find((one) => one.engine === engine && `${one.custody}|${one.title}|${one.latency}` === key)
    return [title, custody, `${Number(latency) / 1000} s`, ...engines.map((engine) => spell(found(engine)))]
  })
  return {
    tables: [
      {
        title: 'From a page’s leaving amid its refresh to the token of its successor, or of all others',
        columns: ['', 'custody', 'answer takes', ...engines],
        rows,
        note: `Default options. The provider lets a refresh token be spent again for ${GRACE} s. The reference server, for cookies, does not; with “replayed answers” it answers an Idempotency-Key that it knows as before, and the client is told so (“replays”). The time includes the loading of a page, and the answer to the successor's own refresh. With “freeze” Chromium tells the page of it; WebKit's process is suspended without a word. One run of each. ${describeMachine(versions.join(', '))}`,
      },
    ],
    plots: {},
    data: { versions, figures },
  }
}
