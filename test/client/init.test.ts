// The arguments of `authFetch`: read once, as `fetch` reads them, and otherwise left alone.

import { describe, expect, test, vi } from 'vitest'
import { cookieRefresh } from '../../src/index.ts'
import {
  API,
  acceptOnlyNewest,
  bearer,
  createServer,
  createSignedInScene,
  HOUR,
  MINUTE,
  outcome,
  type Sent,
  TOKEN_ENDPOINT,
  unauthorized,
} from './harness.ts'

async function send(...call: Parameters<typeof fetch>): Promise<Sent> {
  const { auth, server } = await createSignedInScene()
  await auth.authFetch(...call)
  expect(server.calls).toHaveLength(1)
  return server.calls[0] as Sent
}

describe('the fast path', () => {
  test('calls fetch in the same tick', async () => {
    const { auth, server } = await createSignedInScene()
    void auth.authFetch(`${API}/a`)
    void auth.authFetch(new URL(`${API}/b`), { method: 'POST', body: 'b' })
    void auth.authFetch(new Request(`${API}/c`))
    expect(server.calls.map(({ url, authorization }) => [url, authorization])).toEqual([
      [`${API}/a`, bearer('access-0')],
      [`${API}/b`, bearer('access-0')],
      [`${API}/c`, bearer('access-0')],
    ])
  })

  test('builds no Request of a string or a URL', async () => {
    const build = vi.fn()
    const Native = Request
    vi.stubGlobal(
      'Request',
      class extends Native {
        constructor(...given: ConstructorParameters<typeof Request>) {
          super(...given)
          build()
        }
      },
    )
    const { auth, server } = await createSignedInScene()
    vi.unstubAllGlobals()
    await auth.authFetch(API, { method: 'POST', body: 'x' })
    await auth.authFetch(new URL(API))
    expect(server.calls.map(({ input }) => typeof input)).toEqual(['string', 'string'])
    expect(build).not.toHaveBeenCalled()
  })

  test('touches neither the ledger nor the lock', async () => {
    const { auth, browser } = await createSignedInScene()
    const before = { ...browser.counts }
    for (let call = 0; call < 10; call++) await auth.authFetch(API)
    expect(browser.counts).toEqual(before)
  })
})

describe('globals', () => {
  test('are captured when the client is made', async () => {
    const { auth, server } = await createSignedInScene()
    const spy = vi.fn()
    vi.stubGlobal('fetch', spy)
    vi.stubGlobal(
      'Headers',
      class extends Headers {
        override set(name: string, value: string) {
          spy(name, value)
          super.set(name, value)
        }
      },
    )
    await auth.authFetch(API, { headers: { a: 'b' } })
    vi.unstubAllGlobals()
    expect(server.calls).toHaveLength(1)
    expect(spy).not.toHaveBeenCalled()
  })

  test('may be replaced by authFetch itself, which does not call itself', async () => {
    const { fetch } = globalThis
    const native = vi.fn(async () => new Response('ok'))
    globalThis.fetch = native
    const { auth } = await createSignedInScene({ fetch: undefined as never })
    globalThis.fetch = auth.authFetch as typeof fetch
    expect((await globalThis.fetch(API)).status).toBe(200)
    globalThis.fetch = fetch
    expect(native).toHaveBeenCalledTimes(1)
  })
})

describe('a refresh function that calls the global fetch, which is authFetch,', () => {
  test.each([
    ['when the token has expired', HOUR * 2],
    ['after a 401', MINUTE],
  ])('does not wait for itself %s', async (_, age) => {
    const { fetch } = globalThis
    const server = createServer()
    const { auth, browser } = await createSignedInScene({
      server,
      refresh: () => globalThis.fetch(TOKEN_ENDPOINT, { method: 'POST' }),
      origins: [API, new URL(TOKEN_ENDPOINT).origin],
    })
    globalThis.fetch = auth.authFetch as typeof fetch
    try {
      await browser.advance(MINUTE)
      browser.jump(age - MINUTE)
      acceptOnlyNewest(server)
      expect(await outcome(auth.authFetch(API))).toMatchObject({ status: 200 })
      expect(server.refreshes.map(({ authorization }) => authorization)).toEqual([null])
      // A call of the page, made while a refresh is on its way, is none of the refresh function.
      expect((await globalThis.fetch(new URL('/x', TOKEN_ENDPOINT))).status).toBe(200)
      expect(server.calls.at(-1)?.authorization).toBe(bearer('access-1'))
    } finally {
      globalThis.fetch = fetch
    }
  })
})

describe('init', () => {
  test('overrides a Request', async () => {
    const request = new Request(`${API}/a`, { method: 'POST', body: 'old', cache: 'reload' })
    const sent = await send(request, { method: 'PUT', body: 'new' })
    expect(sent).toMatchObject({ url: `${API}/a`, method: 'PUT', authorization: bearer('access-0') })
    expect(sent.request.cache).toBe('reload')
    expect(await sent.body).toBe('new')
  })

  test('headers replace those of a Request', async () => {
    const request = new Request(API, { headers: { a: '1', b: '2' } })
    const { request: sent } = await send(request, { headers: { b: '3' } })
    expect([...sent.headers]).toEqual([
      ['authorization', bearer('access-0')],
      ['b', '3'],
    ])
  })

  test('without headers leaves those of a Request', async () => {
    const { request: sent } = await send(new Request(API, { headers: { a: '1' } }), { cache: 'no-store' })
    expect([...sent.headers]).toEqual([
      ['a', '1'],
      ['authorization', bearer('access-0')],
    ])
  })

  test.each([
    ['no init', undefined],
    ['an empty init', {}],
    ['an init of our own member', { auth: true }],
    ['an init of undefined members', { signal: undefined, headers: undefined }],
  ])('%s stays empty over a Request, for any member would reset its referrer', async (_, init) => {
    const sent = await send(new Request(API, { referrerPolicy: 'no-referrer' }), init as RequestInit)
    expect((sent.input as Request).headers.get('authorization')).toBe(bearer('access-0'))
    expect(Reflect.ownKeys(sent.init ?? {})).toEqual([])
  })

  test('a Request that says nothing of its referrer is sent as it is, and not copied', async () => {
    const request = new Request(API, { headers: { a: '1' } })
    const sent = await send(request)
    expect(sent.input).toBe(request)
    expect([...sent.request.headers]).toEqual([
      ['a', '1'],
      ['authorization', bearer('access-0')],
    ])
  })

  test.each([
    ['an object', { 'X-A': '1' }],
    ['pairs', [['X-A', '1']]],
    ['Headers', new Headers({ 'X-A': '1' })],
    ['an iterator that can be read once', new Map([['X-A', '1']]).entries()],
  ])('headers may be %s', async (_, headers) => {
    const sent = await send(API, { headers: headers as HeadersInit })
    expect(sent.request.headers.get('x-a')).toBe('1')
    expect(sent.authorization).toBe(bearer('access-0'))
  })

  test('headers that can be read once survive when nothing is attached, and a retry', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    const once = (...pairs: [string, string][]): HeadersInit => new Map(pairs).entries() as unknown as HeadersInit
    await auth.authFetch(API, { headers: once(['X-A', '1']) })
    await auth.authFetch(API, { headers: once(['Authorization', 'Basic x'], ['X-A', '1']) })
    await auth.authFetch('https://elsewhere.example/', { headers: once(['X-A', '1']) })
    expect(server.calls.map(({ request }) => request.headers.get('x-a'))).toEqual(['1', '1', '1', '1'])
  })

  test('headers are read once, whatever their getters say later', async () => {
    let reads = 0
    const init = {
      get headers() {
        reads++
        return { 'X-A': String(reads) }
      },
    }
    const { request } = await send(API, init)
    expect(reads).toBe(1)
    expect(request.headers.get('x-a')).toBe('1')
  })

  test('with members that `fetch` does not know reaches fetch', async () => {
    const sent = await send(API, { next: { revalidate: 1 }, targetAddressSpace: 'local' } as RequestInit)
    expect(sent.init).toMatchObject({ next: { revalidate: 1 }, targetAddressSpace: 'local' })
  })

  test('with members that `fetch` does not know reaches it over a Request, too', async () => {
    const request = new Request(API, { referrerPolicy: 'no-referrer' })
    const sent = await send(request, { next: { revalidate: 1 } } as RequestInit)
    expect(sent.init).toEqual({ next: { revalidate: 1 } })
    expect(sent.authorization).toBe(bearer('access-0'))
  })

  test('that is missing stays missing under a polluted prototype', async () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>
    const pollution = { method: 'DELETE', mode: 'no-cors', body: 'evil', signal: AbortSignal.abort() }
    const seen: unknown[] = []
    const fetch = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
      seen.push([init.method, init.mode, init.body, init.signal, new Headers(init.headers).get('authorization')])
      return new Response()
    }
    const { auth } = await createSignedInScene({ fetch })
    Object.assign(polluted, pollution)
    try {
      await auth.authFetch(API)
    } finally {
      for (const key of Object.keys(pollution)) delete polluted[key]
    }
    expect(seen).toEqual([[undefined, undefined, undefined, undefined, bearer('access-0')]])
  })

  test('that is frozen is taken', async () => {
    const init = Object.freeze({ method: 'POST', headers: Object.freeze({ a: 'b' }), body: 'x' })
    const sent = await send(API, init)
    expect([sent.method, sent.request.headers.get('a'), sent.authorization]).toEqual(['POST', 'b', bearer('access-0')])
  })

  test('that is a Proxy is taken', async () => {
    const init = new Proxy({ method: 'POST', body: 'x' }, {})
    expect(await send(API, init)).toMatchObject({ method: 'POST', authorization: bearer('access-0') })
  })

  test('of null counts as none', async () => {
    expect((await send(API, null as never)).authorization).toBe(bearer('access-0'))
  })

  test('of a null prototype is taken', async () => {
    const init = Object.assign(Object.create(null), { method: 'PUT' })
    expect(await send(API, init)).toMatchObject({ method: 'PUT', authorization: bearer('access-0') })
  })

  test('that is a class instance counts with its inherited getters, private members and all', async () => {
    class Base {
      get method() {
        return 'PATCH'
      }
    }
    class Options extends Base {
      #body = 'secret'
      get body() {
        return this.#body
      }
      get headers() {
        return { 'X-Kind': 'class' }
      }
    }
    const sent = await send(API, new Options())
    expect([sent.method, await sent.body, sent.request.headers.get('x-kind')]).toEqual(['PATCH', 'secret', 'class'])
    expect(sent.authorization).toBe(bearer('access-0'))
  })

  test('that is a Request counts with its members, as it does for `fetch`', async () => {
    const sent = await send(`${API}/other`, new Request(API, { method: 'DELETE', headers: { a: 'b' } }))
    expect([sent.url, sent.method, sent.request.headers.get('a')]).toEqual([`${API}/other`, 'DELETE', 'b'])
    expect(sent.authorization).toBe(bearer('access-0'))
  })

  test('of parsed JSON cannot smuggle in a prototype', async () => {
    const init = JSON.parse('{"cache":"no-store","__proto__":{"method":"DELETE","auth":false}}')
    expect(await send(API, init)).toMatchObject({ method: 'GET', authorization: bearer('access-0') })
  })

  test('is not mutated, nor are the headers in it, nor the Request', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    const headers = new Headers({ a: 'b' })
    const init = { headers, method: 'POST', body: 'x', auth: true }
    const request = new Request(API, { headers })
    await auth.authFetch(API, init)
    await auth.authFetch(request)
    expect(init).toEqual({ headers, method: 'POST', body: 'x', auth: true })
    expect([...headers]).toEqual([['a', 'b']])
    expect([...request.headers]).toEqual([['a', 'b']])
  })

  test('that changes while the call waits is read once', async () => {
    const { auth, server, browser } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    const init: RequestInit = { method: 'POST', headers: { a: 'b' }, body: 'x' }
    const call = auth.authFetch(API, init)
    Object.assign(init, { method: 'DELETE', headers: {}, body: null })
    await call
    expect(server.calls[0]).toMatchObject({ method: 'POST' })
    expect(server.calls[0]?.request.headers.get('a')).toBe('b')
  })
})

describe('what the caller does while the call waits for a token changes nothing:', () => {
  /** A call that waits while `change` runs, and what was sent of it. */
  async function sendWaiting(change: () => void, ...call: Parameters<typeof fetch>): Promise<Sent> {
    const { auth, server, browser } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    const pending = auth.authFetch(...call)
    change()
    expect((await pending).status).toBe(200)
    expect(server.calls).toHaveLength(1)
    const sent = server.calls[0] as Sent
    expect(sent.authorization).toBe(bearer('access-1'))
    return sent
  }

  test('a buffer that is used for something else', async () => {
    const body = new TextEncoder().encode('body')
    const sent = await sendWaiting(() => body.fill(0), API, { method: 'POST', body })
    expect(await sent.body).toBe('body')
  })

  test('parameters that are added', async () => {
    const body = new URLSearchParams({ a: 'b' })
    const sent = await sendWaiting(() => body.set('c', 'd'), new URL(API), { method: 'POST', body })
    expect(await sent.body).toBe('a=b')
  })

  test('a Request whose headers are changed, and whose body is in use', async () => {
    const request = new Request(API, { method: 'POST', body: 'body', headers: { a: '1' } })
    const change = (): void => {
      request.headers.set('a', '2')
      expect(request.bodyUsed).toBe(true)
    }
    const sent = await sendWaiting(change, request)
    expect([await sent.body, sent.request.headers.get('a')]).toEqual(['body', '1'])
  })

  test('an init over a Request', async () => {
    const request = new Request(API, { method: 'POST', body: 'old' })
    const init = { body: 'new', headers: { a: '1' }, next: { revalidate: 1 } } as RequestInit
    const sent = await sendWaiting(() => Object.assign(init, { body: 'newest', headers: {} }), request, init)
    expect([await sent.body, sent.request.headers.get('a')]).toEqual(['new', '1'])
    expect(sent.init).toEqual({ next: { revalidate: 1 } })
  })
})

describe('auth: false', () => {
  test('sends the request as it is, without a wait, and is stripped', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    void auth.authFetch(API, { auth: false, method: 'PUT' })
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]).toMatchObject({ method: 'PUT', authorization: null })
    expect('auth' in (server.calls[0]?.init ?? {})).toBe(false)
    expect(server.refreshes).toHaveLength(0)
  })

  test('any other value is stripped as well, and changes nothing', async () => {
    for (const auth of [true, undefined]) {
      const sent = await send(API, { auth, method: 'PUT' } as RequestInit)
      expect(sent).toMatchObject({ method: 'PUT', authorization: bearer('access-0') })
      expect('auth' in (sent.init ?? {})).toBe(false)
    }
  })
})

describe("a caller's own Authorization", () => {
  test.each([
    ['in the init', API, { headers: { AUTHORIZATION: 'Basic eDp5' } }],
    ['in a Request', new Request(API, { headers: { authorization: 'Basic eDp5' } }), undefined],
  ])('%s is left alone, neither refreshed nor retried', async (_, input, init) => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    server.onCall = () => unauthorized()
    expect((await auth.authFetch(input, init)).status).toBe(401)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual(['Basic eDp5'])
    expect(server.refreshes).toHaveLength(0)
  })

  test('in a Request is gone when the init replaces the headers', async () => {
    const request = new Request(API, { headers: { authorization: 'Basic eDp5' } })
    expect((await send(request, { headers: {} })).authorization).toBe(bearer('access-0'))
  })
})

describe('mode: no-cors', () => {
  test.each([
    ['in the init', API, { mode: 'no-cors' } as const],
    ['in a Request', new Request(API, { mode: 'no-cors' }), undefined],
  ])('%s passes through', async (_, input, init) => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    await auth.authFetch(input, init)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null])
    expect(server.refreshes).toHaveLength(0)
  })

  test('in a Request counts no more when the init overrides it', async () => {
    const sent = await send(new Request(API, { mode: 'no-cors' }), { mode: 'cors' })
    expect(sent.authorization).toBe(bearer('access-0'))
  })
})

describe('bad arguments reject as they do for `fetch`, and nothing is thrown', () => {
  const symbol = Symbol('no')
  const cases: [string, unknown[]][] = [
    ['none', []],
    ['a symbol', [symbol]],
    ['an object that has no string', [Object.create(null)]],
    ['an init of a number', [API, 5]],
    ['an init of an empty string', [API, '']],
    ['an init of false', [API, false]],
    ['a bad method', [API, { method: 'NOT ALLOWED' }]],
    ['a forbidden method', [API, { method: 'TRACE' }]],
    ['a GET with a body', [API, { body: 'x' }]],
    ['bad headers', [API, { headers: 5 }]],
    ['null headers', [API, { headers: null }]],
    ['a bad header name', [API, { headers: { 'a b': '' } }]],
    ['a bad mode', [API, { mode: 'loud' }]],
    ['a signal that is none', [API, { signal: {} }]],
    [
      'a getter that throws',
      [
        API,
        Object.defineProperty({}, 'method', {
          get: () => {
            throw new TypeError('no')
          },
        }),
      ],
    ],
    ['a URL that is none', ['https://']],
    ['a port that may not be used', [`${API}:99999`]],
  ]
  test.each(cases)('%s', async (_, given) => {
    for (const status of ['signed-in', 'signed-out', 'expired']) {
      const server = createServer()
      const native = (...call: Parameters<typeof fetch>) => (call.length ? server.fetch(...call) : fetch(...call))
      const { auth, browser } = await createSignedInScene({ fetch: native })
      if (status === 'expired') browser.jump(2 * 3_600_000)
      if (status === 'signed-out') await auth.signOut()
      let call: Promise<unknown> | undefined
      expect(() => {
        call = (auth.authFetch as (...given: unknown[]) => Promise<unknown>)(...given)
      }).not.toThrow()
      await expect(call).rejects.toBeInstanceOf(TypeError)
      expect(server.calls).toHaveLength(0)
    }
  })
})

describe('the response', () => {
  test('is the native one, unwrapped, uncloned and unread', async () => {
    const { auth, server } = await createSignedInScene()
    const native = new Response('body')
    const clone = vi.spyOn(native, 'clone')
    server.onCall = () => native
    const response = await auth.authFetch(API)
    expect(response).toBe(native)
    expect(response.bodyUsed).toBe(false)
    expect(clone).not.toHaveBeenCalled()
  })

  test('of the retry is the native one', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    const native = new Response('body')
    server.onCall = (_, nth) => (nth === 1 ? unauthorized() : native)
    expect(await auth.authFetch(API)).toBe(native)
  })

  test.each([204, 304, 403, 404, 429, 500, 503])('with status %i is handed over without a retry', async (status) => {
    const { auth, server } = await createSignedInScene()
    server.onCall = () => new Response(null, { status })
    expect((await auth.authFetch(API)).status).toBe(status)
    expect([server.calls.length, server.refreshes.length]).toEqual([1, 0])
  })

  test('that never comes rejects with the error of `fetch`', async () => {
    const { auth, server } = await createSignedInScene()
    const error = new TypeError('Failed to fetch')
    server.onCall = () => Promise.reject(error)
    expect(await auth.authFetch(API).catch((reason) => reason)).toBe(error)
    expect([server.calls.length, server.refreshes.length]).toEqual([1, 0])
  })
})

test('authFetch has the length of `fetch`', async () => {
  const { auth } = await createSignedInScene()
  expect(auth.authFetch).toHaveLength(1)
})

test('authFetch is bound, and can be passed around', async () => {
  const { auth, server } = await createSignedInScene()
  const { authFetch } = auth
  await Promise.all([`${API}/a`, `${API}/b`].map((url) => authFetch(url)))
  await authFetch.call({}, API)
  expect(server.calls.map(({ authorization }) => authorization)).toEqual(Array(3).fill(bearer('access-0')))
})

test('with tokens in cookies alone nothing is attached to anything', async () => {
  const { auth, server } = await createSignedInScene({
    refresh: cookieRefresh('https://app.example/auth/refresh'),
    tokens: { expires_in: 300 },
  })
  await auth.authFetch(API, { credentials: 'include' })
  await auth.authFetch(new Request(API))
  expect(server.calls.map(({ authorization }) => authorization)).toEqual([null, null])
})
