// Each case by `fetch` and by `authFetch`: what the servers receive and what the caller sees must be equal.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tab } from '../support/browser/driver.ts'
import { CASES } from './cases/index.ts'
import type { Case } from './context.ts'
import type { Mode } from './page.ts'
import type { Received } from './server.ts'
import { comparable, type Suite, startSuite, withoutRetries } from './suite.ts'

/** Where the cases run, and the page there. */
const PLACES = { page: '/', 'page with a base': '/based/', worker: '/' } as const
type Place = keyof typeof PLACES
/** Those in which a client makes the call. */
type Compared = Exclude<Mode, 'fetch' | 'bound'>

let suite: Suite
const tabs: Partial<Record<Place, Tab>> = {}

async function run(place: Place, name: string, mode: Mode): Promise<[received: Received[], observed: string]> {
  const { here, there, away } = suite.servers
  suite.servers.deny(mode === 'refused')
  const observed = await tabs[place]?.evaluate(
    (method: 'run' | 'runInWorker', ...given: unknown[]) =>
      (globalThis as unknown as Page).conformance[method](...given),
    place === 'worker' ? 'runInWorker' : 'run',
    name,
    mode,
    { here, there, away },
  )
  const received = await suite.servers.take()
  return [received, observed ?? '']
}

interface Page {
  readonly conformance: Readonly<Record<'run' | 'runInWorker', (...given: unknown[]) => Promise<string>>>
}

const withSmallName = (header: string): string => header.replace(/^[^:]*/, (name) => name.toLowerCase())

/** Runs a case by `fetch` and in each mode, and compares. */
async function compare(
  modes: readonly Compared[],
  place: Place,
  { name, token = true, parallel = false, unlike, losesCase = false }: Case,
): Promise<void> {
  const native = await run(place, name, 'fetch')
  const others: [mode: Compared, received: Received[], observed: string][] = []
  for (const mode of modes) if (mode !== 'refused' || !unlike) others.push([mode, ...(await run(place, name, mode))])
  for (const received of [native[0], ...others.map(([, received]) => received)]) {
    if (losesCase)
      for (const one of received) one.headers.splice(0, one.headers.length, ...one.headers.map(withSmallName))
    // Chromium's order of names on the wire changes with each name more, in workers alone.
    if (place === 'worker') for (const one of received) one.headers.sort()
    if (parallel) received.sort((one, other) => (one.url < other.url ? -1 : 1))
  }
  for (const [mode, received, observed] of others) {
    const late = (text: string): string => (token && mode === 'waiting' ? text.replace(/"isAtOnce":\w+,/g, '') : text)
    const calls = mode === 'waiting' || mode === 'refused' ? withoutRetries(received) : received
    expect(comparable(calls, late(observed)), mode).toEqual(comparable(native[0], late(native[1])))
    if (mode === 'signed out') {
      const authorizations = [received, native[0]].map((all) => all.map(({ authorization }) => authorization))
      expect(authorizations[0]).toEqual(authorizations[1])
      continue
    }
    const first = received.find(({ method, url }) => method !== 'OPTIONS' && url !== '/auth/refresh')
    if (!first) continue
    expect(first.authorization === 'Bearer token-0', mode).toBe(token)
    expect(first.denied, mode).toBe(token && mode === 'refused')
  }
}

/** Makes a test of each case and place. */
export function testEquality(modes: readonly Compared[]): void {
  beforeAll(async () => {
    suite = await startSuite('./page.ts')
    for (const [place, path] of Object.entries(PLACES) as [Place, string][]) {
      const { tab } = await suite.open(path)
      await tab.evaluate((url: string) => fetch(url).then(() => {}), `${suite.servers.here}/gate`)
      await suite.servers.take()
      tabs[place] = tab
    }
  })

  afterAll(async () => await suite?.close())

  describe('authFetch is fetch, given', () => {
    test.each(CASES)('$name', (given) => compare(modes, 'page', given))
  })

  describe('on a page with a base, authFetch is fetch, given', () => {
    const relative = CASES.filter(({ name }) => /path|empty string|fragment|number|object|^undefined|null/.test(name))
    test.each(relative)('$name', (given) => compare(modes, 'page with a base', given))
  })

  describe('in a worker, authFetch is fetch, given', () => {
    const subtle = /^the number|^reads|Proxy|getters|aborted|^headers: (pairs|a record|a Headers)/
    test.each(CASES.filter(({ name }) => subtle.test(name)))('$name', (given) => compare(modes, 'worker', given))
  })

  test('each case has a name of its own', () => {
    const names = CASES.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('nothing goes wrong behind the cases', () => {
    // What Chromium itself logs of a call that it refuses.
    const refused = /CORS|net::|Fetch API cannot load|Not allowed to load|integrity|Failed to load resource/
    for (const tab of Object.values(tabs)) expect(tab.errors.filter((error) => !refused.test(error))).toEqual([])
  })
}
