// The cases of the suite with a token that is bound to a key (RFC 9449): what differs from `fetch` besides two headers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tab } from '../support/browser/driver.ts'
import { CASES } from './cases/index.ts'
import type { Mode } from './page.ts'
import type { Received } from './server.ts'
import { comparable, type Suite, startSuite } from './suite.ts'

/** Where a proof costs a copy of the request, and what can be seen of it. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'a Request and an init with another body': 'the body of the Request is read a moment later',
  'POST with a resizable ArrayBuffer, here': 'the error is that of a Request',
  'PUT with a resizable ArrayBuffer, there': 'the error is that of a Request',
  'POST with a symbol, here': 'the error is that of a Request',
  'PUT with a symbol, there': 'the error is that of a Request',
  'a redirect from another origin home': 'the target is asked again, with a proof for it',
  'a redirect from another origin home, with credentials': 'the target is asked again, with a proof for it',
  'a redirect back and forth': 'the target is asked again, with a proof for it',
}

let suite: Suite
let tab: Tab

beforeAll(async () => {
  suite = await startSuite('./page.ts')
  tab = (await suite.open('/')).tab
  await tab.evaluate((url: string) => fetch(url).then(() => {}), `${suite.servers.here}/gate`)
  await suite.servers.take()
})

afterAll(async () => await suite?.close())

interface Page {
  readonly conformance: { run(...given: unknown[]): Promise<string> }
}

async function run(name: string, mode: Mode): Promise<{ received: Received[]; observed: string }> {
  const { here, there, away } = suite.servers
  const observed = await tab.evaluate(
    (...given: unknown[]) => (globalThis as unknown as Page).conformance.run(...given),
    name,
    mode,
    { here, there, away },
  )
  const received = await suite.servers.take()
  // Chromium's order of names on the wire changes with each name more, and a name's case is not its meaning (RFC 9110
  // section 5.1).
  for (const one of received) {
    const headers = one.headers.map((header) => header.replace(/^[^:]*/, (found) => found.toLowerCase())).sort()
    one.headers.splice(0, one.headers.length, ...headers)
  }
  return { received, observed }
}

describe('with a bound token, authFetch is fetch, given', () => {
  test.each(CASES)('$name', async ({ name, token = true, parallel = false }) => {
    const native = await run(name, 'fetch')
    const bound = await run(name, 'bound')
    if (parallel)
      for (const { received } of [native, bound]) received.sort((one, other) => (one.url < other.url ? -1 : 1))
    // A signature takes a moment.
    const late = (observed: string): string => (token ? observed.replace(/"isAtOnce":\w+,/g, '') : observed)
    const [actual, expected] = [bound, native].map(({ received, observed }) => comparable(received, late(observed)))
    if (DIFFERENT[name]) expect(actual).not.toEqual(expected)
    else expect(actual).toEqual(expected)
    const first = bound.received.find(({ method }) => method !== 'OPTIONS')
    if (first) expect(first.authorization === 'DPoP token-0').toBe(token)
  })
})

test('each difference is that of a case', () => {
  const names: readonly string[] = CASES.map(({ name }) => name)
  for (const name of Object.keys(DIFFERENT)) expect(names).toContain(name)
})
