// Each case of the suite, played with `fetch` and with `authFetch`: server and caller see the same, but for the token.

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

let suite: Suite
const tabs: Partial<Record<Place, Tab>> = {}

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

async function run(place: Place, name: string, mode: Mode): Promise<[received: Received[], observed: string]> {
  const { here, there, away } = suite.servers
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

/** Runs a case in each mode, and compares. */
async function compare(
  place: Place,
  { name, token = true, parallel = false, unlike, losesCase = false }: Case,
): Promise<void> {
  const native = await run(place, name, 'fetch')
  const signedOut = await run(place, name, 'signed out')
  const signedIn = await run(place, name, 'signed in')
  const waiting = await run(place, name, 'waiting')
  const refused = unlike ? signedIn : await run(place, name, 'refused')
  if (losesCase)
    for (const one of [native, signedOut, signedIn, waiting, refused].flatMap(([received]) => received))
      one.headers.splice(0, Number.POSITIVE_INFINITY, ...one.headers.map(withSmallName))
  // Chromium's order of names on the wire changes with each name more, in workers alone.
  if (place === 'worker')
    for (const one of [native, signedOut, signedIn, waiting, refused].flatMap(([received]) => received))
      one.headers.sort()
  if (parallel)
    for (const [received] of [native, signedOut, signedIn, waiting, refused])
      received.sort((one, other) => (one.url < other.url ? -1 : 1))
  expect(signedOut[0].map(({ authorization }) => authorization)).toEqual(native[0].map((one) => one.authorization))
  expect(comparable(...signedOut)).toEqual(comparable(...native))
  expect(comparable(...signedIn)).toEqual(comparable(...native))
  const late = (observed: string): string => (token ? observed.replace(/"isAtOnce":\w+,/g, '') : observed)
  expect(comparable(withoutRetries(waiting[0]), late(waiting[1]))).toEqual(comparable(native[0], late(native[1])))
  expect(comparable(withoutRetries(refused[0]), refused[1])).toEqual(comparable(...native))
  for (const [received] of [signedIn, waiting, refused]) {
    const first = received.find(({ method, url }) => method !== 'OPTIONS' && url !== '/auth/refresh')
    if (!first) continue
    expect(first.authorization === 'Bearer token-0').toBe(token)
    expect(first.denied).toBe(token && received === refused[0] && !unlike)
  }
}

describe('authFetch is fetch, given', () => {
  test.each(CASES)('$name', (given) => compare('page', given))
})

describe('on a page with a base, authFetch is fetch, given', () => {
  const relative = CASES.filter(({ name }) => /path|empty string|fragment|number|object|^undefined|null/.test(name))
  test.each(relative)('$name', (given) => compare('page with a base', given))
})

describe('in a worker, authFetch is fetch, given', () => {
  const subtle = /^the number|^reads|Proxy|getters|aborted|^headers: (pairs|a record|a Headers)/
  test.each(CASES.filter(({ name }) => subtle.test(name)))('$name', (given) => compare('worker', given))
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
