// Whatever the call, the request that comes of it is the one that `fetch` would have made, but for the token: at once,
// after a wait for a token, and again after a 401. In Chromium, whose own Request says what that is.

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tab } from '../support/browser/driver.ts'
import { type Suite, startSuite } from './suite.ts'

/** An init as JSON; `body` and `signal` name what the page makes. */
type Init = Readonly<Record<string, unknown>>

interface Call {
  readonly input: 'string' | 'URL' | 'Request'
  readonly address: string
  /** Of the Request. */
  readonly request: Init
  readonly init?: Init | undefined
}

interface Outcome {
  readonly call: Call
  /** What `new Request` makes of the call. */
  readonly native: string
  /** What reached the network, in order. */
  readonly ready: readonly string[]
  readonly waiting: readonly string[]
  readonly refused: readonly string[]
}

declare global {
  var outcomesOf: (calls: readonly Call[]) => Promise<Outcome[]>
}

let suite: Suite
let tab: Tab

async function openPage(): Promise<void> {
  suite = await startSuite('./rules-page.ts')
  tab = (await suite.open('/based/')).tab
  await tab.evaluate(
    async (origins: string[]) => {
      const make: Record<string, () => unknown> = {
        text: () => 'text é',
        empty: () => '',
        parameters: () => new URLSearchParams({ a: 'b c' }),
        blob: () => new Blob(['blob'], { type: 'x/y' }),
        bytes: () => new Uint8Array([1, 2, 255]),
        null: () => null,
        undefined: () => undefined,
        object: () => ({}),
        live: () => new AbortController().signal,
        aborted: () => AbortSignal.abort(new RangeError('mine')),
      }
      const initOf = (init: object): RequestInit =>
        Object.fromEntries(
          Object.entries(init).map(([name, value]) =>
            name === 'body' || name === 'signal' ? [name, (make[value] as () => unknown)()] : [name, value],
          ),
        )
      const argumentsOf = ({ input, address, request, init }: Call): [RequestInfo | URL, RequestInit?] => {
        const made = { string: () => address, URL: () => new URL(address, document.baseURI) }
        const first = input === 'Request' ? new Request(address, initOf(request)) : made[input]()
        return init ? [first, initOf(init)] : [first]
      }
      /** All that can be seen of a request, but for the token. */
      const describe = async (given: [RequestInfo | URL, RequestInit?]): Promise<string> => {
        try {
          const request = new Request(...given)
          const { signal, headers } = request
          if (signal.aborted) return `aborted: ${String(signal.reason)}`
          if (/^Bearer token-/.test(headers.get('authorization') ?? '')) headers.delete('authorization')
          const names = [
            ...(['method', 'url', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy'] as const),
            ...(['integrity', 'keepalive', 'destination'] as const),
          ]
          const members = names.map((name) => [name, request[name]])
          const body = [...new Uint8Array(await request.arrayBuffer())]
          return JSON.stringify({ ...Object.fromEntries(members), headers: [...headers], body })
        } catch (error) {
          return String(error)
        }
      }

      let seen: string[] = []
      let refusals = 0
      const auth = await rules.signIn({
        origins,
        refresh: async () => ({ access_token: 'token-1', expires_in: 1_000_000 }),
        async fetch(...given) {
          seen.push(await describe(given as never))
          return new Response(null, { status: refusals-- > 0 ? 401 : 200 })
        },
      })
      const run = async (call: Call, leap: number, times: number): Promise<string[]> => {
        seen = []
        refusals = times
        rules.leap(leap)
        try {
          await auth.authFetch(...argumentsOf(call))
        } catch (error) {
          // Aborted before there was anything to send.
          if (seen.length === 0) seen.push(`aborted: ${String(error)}`)
        }
        return seen
      }
      globalThis.outcomesOf = async (calls) => {
        const outcomes: Outcome[] = []
        for (const call of calls) {
          try {
            argumentsOf(call)
          } catch {
            // No Request to begin with.
            continue
          }
          outcomes.push({
            call,
            native: await describe(argumentsOf(call)),
            ready: await run(call, 60_000, 0),
            refused: await run(call, 60_000, 1),
            waiting: await run(call, 2_000_000_000, 0),
          })
        }
        return outcomes
      }
    },
    [suite.servers.here, suite.servers.there],
  )
}

const oneOf = <Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)

/** Mostly of the first kind, so that most calls come to a request. */
const mostly = <Value>(good: Value[], bad: Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 15, arbitrary: oneOf(...good) }, { weight: 1, arbitrary: oneOf(...bad) })

const members = {
  method: mostly<unknown>(['POST', 'post', 'patch', 'PUT', 'DELETE'], ['GET', 'HEAD', 'a b', undefined]),
  body: oneOf('text', 'empty', 'parameters', 'blob', 'bytes', 'null', 'undefined'),
  headers: mostly<unknown>(
    [
      {},
      { 'X-Own': '1' },
      { 'Content-Type': 'a/b', accept: 'c/d' },
      [
        ['X-Own', '1'],
        ['x-own', '2'],
      ],
      undefined,
    ],
    [{ authorization: 'Mine' }, { 'a b': '1' }, null],
  ),
  mode: mostly(['cors', 'same-origin'], ['no-cors', 'loud']),
  credentials: oneOf('omit', 'same-origin', 'include'),
  cache: mostly(['default', 'no-store', 'reload', 'force-cache'], ['only-if-cached']),
  redirect: oneOf('follow', 'error', 'manual'),
  referrer: oneOf('', 'about:client', '/other', 'https://foreign.example/'),
  referrerPolicy: oneOf('', 'no-referrer', 'unsafe-url', 'strict-origin'),
  integrity: oneOf('', 'sha256-AAAA'),
  keepalive: oneOf(true, false),
  signal: mostly(['null', 'undefined', 'live'], ['aborted', 'object']),
  unknown: oneOf(1),
}

const init = fc.record(members, { requiredKeys: [] })

const call: fc.Arbitrary<Call> = fc.record(
  {
    input: oneOf('string', 'URL', 'Request', 'Request'),
    address: mostly(['/path?a=b#c', 'relative', ''], ['//user:pass@localhost/', 'http://', 'data:,x']),
    request: init,
    init,
  },
  { requiredKeys: ['input', 'address', 'request'] },
)

/** Draws lists of 30 to 40 calls, so many times. */
export function testRequests(lists: number): void {
  beforeAll(openPage)
  afterAll(async () => await suite?.close())

  test('property: the request is that of fetch, at once, after a wait, and again after a 401', async () => {
    let retried = 0
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 30, maxLength: 40 }), async (calls) => {
        const outcomes = await tab.evaluate((given: readonly Call[]) => outcomesOf(given), calls)
        for (const { call, native, ready, waiting, refused } of outcomes) {
          const wanted = { call, ready: [native], waiting: [native], refused: refused.map(() => native) }
          expect({ call, ready, waiting, refused }).toEqual(wanted)
          retried += refused.length - 1
        }
      }),
      // The failing call is in the message; to find a simpler one takes minutes.
      { numRuns: lists, endOnFailure: true },
    )
    expect(retried).toBeGreaterThan(100)
  }, 300_000)
}
