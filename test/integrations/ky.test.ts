// `authfetch/ky`, with the real ky.

import { RefreshUnavailableError, SessionEndedError } from 'authfetch'
import { audiences } from 'authfetch/audiences'
import { createKy, type KyOptions } from 'authfetch/ky'
import { createTestAuth, type TestAuth, type TestAuthOptions } from 'authfetch/testing'
import { HTTPError, type KyInstance, NetworkError, TimeoutError } from 'ky'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { drain } from '../../src/testing/virtual-platform.ts'

const API = 'https://api.example'

interface Scene {
  readonly auth: TestAuth
  readonly api: KyInstance
  /** What reached the network. */
  readonly sent: Request[]
}

const scenes: Scene[] = []
/** Answers what reaches the network. */
let answer: (request: Request, nth: number) => Response | Promise<Response>

/** At once, so that a test need not wait for a pause. */
const PROMPT = { delay: () => 0 }

async function open(options: KyOptions = {}, testing: TestAuthOptions = {}): Promise<Scene> {
  const sent: Request[] = []
  const auth = await createTestAuth({
    origins: [API],
    fetch: async (input, init) => {
      // Node's Request forgets its referrer when it is copied.
      const isWhole = input instanceof Request && Object.keys(init ?? {}).length === 0
      const request = isWhole ? input : new Request(input, init)
      if (request.signal.aborted) throw request.signal.reason
      const aborted = new Promise<never>((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason))
      })
      return Promise.race([answer(request, sent.push(request)), aborted])
    },
    ...testing,
  })
  // A token this old is refreshed because of a 401.
  await auth.advance(10_000)
  const scene = { auth, api: createKy(auth.client, { prefix: API, ...options }), sent }
  scenes.push(scene)
  return scene
}

beforeEach(() => {
  answer = () => Response.json({ ok: true })
})

afterEach(() => {
  vi.useRealTimers()
  for (const { auth } of scenes.splice(0)) auth.dispose()
})

const unauthorized = (): Response => new Response('denied', { status: 401 })
const hang = (): Promise<Response> => new Promise(() => {})
const bearers = (sent: readonly Request[]): (string | null)[] =>
  sent.map((request) => request.headers.get('Authorization'))

/** What has become of a promise, once all that is due has run. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = 'pending'
  const settle = (value: unknown): void => {
    result = value
  }
  promise.then(settle, settle)
  await drain()
  return result
}

describe('a request', () => {
  test('carries the token and whatever ky makes of the options', async () => {
    const { api, sent, auth } = await open({ headers: { 'X-App': 'test' } })
    const body = await api.post('orders', { json: { a: 1 }, searchParams: { page: 2 } }).json()
    expect(body).toEqual({ ok: true })
    const [request] = sent
    expect(request?.url).toBe(`${API}/orders?page=2`)
    expect(request?.method).toBe('POST')
    expect(request?.headers.get('X-App')).toBe('test')
    expect(request?.headers.get('Accept')).toBe('application/json')
    expect(await request?.json()).toEqual({ a: 1 })
    expect(bearers(sent)).toEqual([`Bearer ${await auth.client.getAccessToken()}`])
  })

  test('keeps the members that ky gave it', async () => {
    const { api, sent } = await open()
    const init = {
      cache: 'no-store',
      credentials: 'include',
      integrity: 'sha256-x',
      keepalive: true,
      redirect: 'manual',
    } as const
    await api.get('', init)
    expect(Object.keys(init).map((name) => sent[0]?.[name as keyof Request])).toEqual(Object.values(init))
    await api.get('', { referrer: '', referrerPolicy: 'origin', auth: false } as KyOptions)
    expect([sent[1]?.referrer, sent[1]?.referrerPolicy]).toEqual(['', 'origin'])
  })

  test('carries the token of its address, where there are several audiences', async () => {
    const GRAPH = 'https://graph.example'
    const { api, sent, auth } = await open(
      {},
      { audiences: audiences({ graph: { urls: [`${GRAPH}/`] }, billing: { urls: [`${API}/billing/`] } }) },
    )
    await api.get('orders')
    await api.get('billing/invoices')
    await api.get(`${GRAPH}/me`, { prefix: '' })
    const graph = api.extend({ prefix: GRAPH })
    // A 401 is retried by the client, with a new token of the same audience.
    await auth.advance(10_000)
    answer = (_, nth) => (nth === 4 ? unauthorized() : Response.json({ ok: true }))
    await graph.get('me')
    const tokens = await Promise.all(
      [{}, { audience: 'billing' }, { audience: 'graph' }].map((options) => auth.client.getAccessToken(options)),
    )
    const [own, billing, renewed] = tokens.map((token) => `Bearer ${token}`)
    const bearer = bearers(sent)
    expect(bearer).toEqual([own, billing, bearer[2], bearer[2], renewed])
    expect(new Set(bearer).size).toBe(4)
    expect(auth.refreshes).toBe(3)
  })

  test('to another origin, or told so, carries none', async () => {
    const { api, sent } = await open()
    await api.get('https://other.example', { prefix: '' })
    await api.get('', { auth: false } as KyOptions)
    expect(bearers(sent)).toEqual([null, null])
  })

  test('ends with its signal', async () => {
    const { api } = await open()
    answer = hang
    const controller = new AbortController()
    const call = api.get('', { signal: controller.signal })
    await drain()
    controller.abort(new Error('changed my mind'))
    await expect(call).rejects.toThrow('changed my mind')
  })
})

describe('a 401', () => {
  test('is mended by one refresh and one retry, with the body sent again', async () => {
    const { api, auth, sent } = await open()
    answer = (_, nth) => (nth === 1 ? unauthorized() : Response.json({ ok: true }))
    expect(await api.post('', { json: { a: 1 } }).json()).toEqual({ ok: true })
    expect(auth.refreshes).toBe(1)
    expect(await Promise.all(sent.map((request) => request.text()))).toEqual(['{"a":1}', '{"a":1}'])
  })

  test.each<[string, KyOptions]>([
    ['by default', {}],
    ['when 401 is on its list', { retry: { limit: 5, statusCodes: [401, 503], ...PROMPT } }],
    ['when it is told to retry everything', { retry: { limit: 5, shouldRetry: () => true, ...PROMPT } }],
  ])('that stays is not retried by ky too, %s', async (_, options) => {
    const { api, auth, sent } = await open(options)
    answer = unauthorized
    await expect(api.get('')).rejects.toMatchObject({ name: 'HTTPError', response: { status: 401 } })
    expect(sent).toHaveLength(2)
    expect(auth.refreshes).toBe(1)
  })
})

describe('our errors', () => {
  test.each<[string, KyOptions]>([
    ['by default', {}],
    ['when told to retry everything', { retry: { limit: 5, shouldRetry: () => true, ...PROMPT } }],
  ])('are handed on as they are, and ky does not retry them, %s', async (_, options) => {
    const { api, auth, sent } = await open(options)
    auth.expireNow()
    auth.failNextRefresh(new Error('the answer was lost'))
    const beforeRetry = vi.fn()
    const call = api.get('', { hooks: { beforeRetry: [beforeRetry] } })
    await expect(call).rejects.toThrow(RefreshUnavailableError)
    expect(beforeRetry).not.toHaveBeenCalled()
    expect(auth.refreshes).toBe(1)
    expect(sent).toEqual([])
  })

  test('do not hide the end of a session: signed out, the request is sent as it is', async () => {
    const { api, auth, sent } = await open()
    auth.expireNow()
    auth.failNextRefresh(new SessionEndedError())
    await api.get('')
    expect(bearers(sent)).toEqual([null])
  })
})

describe('what ky retries, it retries', () => {
  test('a 503', async () => {
    const { api, sent } = await open({ retry: PROMPT })
    answer = (_, nth) => (nth < 3 ? new Response('', { status: 503 }) : Response.json({ ok: true }))
    expect(await api.get('').json()).toEqual({ ok: true })
    expect(sent).toHaveLength(3)
  })

  test('a network error', async () => {
    const { api, sent } = await open({ retry: PROMPT })
    answer = (_, nth) => (nth < 3 ? Promise.reject(new TypeError('Failed to fetch')) : Response.json({ ok: true }))
    expect(await api.get('').json()).toEqual({ ok: true })
    expect(sent).toHaveLength(3)
  })

  test('no more often than a number says', async () => {
    const { api, sent } = await open()
    answer = () => Promise.reject(new TypeError('Failed to fetch'))
    await expect(api.get('', { retry: 0 })).rejects.toThrow(NetworkError)
    expect(sent).toHaveLength(1)
  })

  test('what a function of the caller says', async () => {
    const seen: number[] = []
    const { api, sent } = await open()
    answer = () => new Response('', { status: 418 })
    const shouldRetry = ({ error, retryCount }: { error: Error; retryCount: number }): boolean => {
      seen.push(retryCount)
      return error instanceof HTTPError && error.response.status === 418
    }
    await expect(api.get('', { retry: { limit: 2, shouldRetry, ...PROMPT } })).rejects.toThrow(HTTPError)
    expect(sent).toHaveLength(3)
    expect(seen).toEqual([1, 2])
  })
})

describe('hooks and extend', () => {
  test('every hook runs, where ky runs it', async () => {
    const ran: string[] = []
    const { api } = await open({
      retry: PROMPT,
      hooks: {
        init: [() => void ran.push('init')],
        beforeRequest: [
          ({ request }) => {
            ran.push('beforeRequest')
            request.headers.set('X-Hook', 'yes')
          },
        ],
        beforeRetry: [({ retryCount }) => void ran.push(`beforeRetry ${retryCount}`)],
        afterResponse: [({ response }) => void ran.push(`afterResponse ${response.status}`)],
        beforeError: [
          ({ error }) => {
            ran.push('beforeError')
            return error
          },
        ],
      },
    })
    answer = (request, nth) => {
      expect(request.headers.get('X-Hook')).toBe('yes')
      return new Response('', { status: nth === 1 ? 503 : 404 })
    }
    await expect(api.get('')).rejects.toThrow(HTTPError)
    expect(ran).toEqual([
      'init',
      'beforeRequest',
      'afterResponse 503',
      'beforeRetry 1',
      'afterResponse 404',
      'beforeError',
    ])
  })

  test('a hook may answer in place of the network', async () => {
    const { api, sent } = await open({ hooks: { beforeRequest: [() => Response.json({ from: 'cache' })] } })
    expect(await api.get('').json()).toEqual({ from: 'cache' })
    expect(sent).toEqual([])
  })

  test('a hook may ask for another try', async () => {
    const { api, sent } = await open()
    const again = api.extend((parent) => ({
      hooks: { afterResponse: [({ retryCount }) => (retryCount === 0 ? api.retry({ delay: 0 }) : undefined)] },
      headers: { 'X-Had': String(parent.prefix) },
    }))
    await again.get('')
    expect(sent.map((request) => request.headers.get('X-Had'))).toEqual([API, API])
  })

  test('an extended instance goes through the client, with its own options over those of before', async () => {
    const { api, sent, auth } = await open({ headers: { a: '1', b: '1' }, retry: { limit: 4, ...PROMPT } })
    const more = api.extend({ headers: { b: '2' } }).extend({ retry: { limit: 1 } })
    answer = () => new Response('', { status: 503 })
    await expect(more.get('')).rejects.toThrow(HTTPError)
    expect(sent).toHaveLength(2)
    expect(sent[0]?.headers.get('a')).toBe('1')
    expect(sent[0]?.headers.get('b')).toBe('2')
    expect(bearers(sent)[1]).toBe(`Bearer ${await auth.client.getAccessToken()}`)
  })

  test('an extended instance retries a 401 no more than the first', async () => {
    const { api, sent } = await open()
    answer = unauthorized
    const more = api.extend({ retry: { limit: 3, statusCodes: [401], ...PROMPT } })
    await expect(more.get('')).rejects.toThrow(HTTPError)
    expect(sent).toHaveLength(2)
  })

  test('a fetch that an extended instance brings is used', async () => {
    const { api, sent } = await open()
    const fetch = vi.fn(async () => Response.json({ mine: true }))
    expect(await api.extend({ fetch }).get('').json()).toEqual({ mine: true })
    expect(fetch).toHaveBeenCalledTimes(1)
    expect(sent).toEqual([])
  })
})

describe('the time-out', () => {
  const SLOW = { latency: 20_000 } satisfies TestAuthOptions

  /** Lets the time pass that ky knows of. */
  async function pass(milliseconds: number): Promise<void> {
    await drain()
    await vi.advanceTimersByTimeAsync(milliseconds)
    await drain()
  }

  async function openAmidTime(options: KyOptions = {}, testing: TestAuthOptions = SLOW): Promise<Scene> {
    const scene = await open(options, testing)
    vi.useFakeTimers()
    return scene
  }

  test('is that of ky, and the request is cancelled', async () => {
    const { api, sent } = await openAmidTime()
    answer = hang
    const call = api.get('')
    call.catch(() => {})
    await pass(9_999)
    expect(await outcome(call)).toBe('pending')
    await pass(1)
    expect(await outcome(call)).toBeInstanceOf(TimeoutError)
    expect(sent[0]?.signal.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is over with the answer', async () => {
    const { api } = await openAmidTime()
    expect((await api.get('')).status).toBe(200)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('stands still while a token is waited for', async () => {
    const { api, auth } = await openAmidTime()
    auth.expireNow()
    const call = api.get('').json()
    await pass(100_000)
    expect(await outcome(call)).toBe('pending')
    await auth.advance(20_000)
    expect(await outcome(call)).toEqual({ ok: true })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('counts what was spent before a refresh, and goes on after it', async () => {
    const { api, auth, sent } = await openAmidTime()
    let release = (_: Response): void => {}
    answer = (_, nth) =>
      nth === 1
        ? new Promise((resolve) => {
            release = resolve
          })
        : hang()
    const call = api.get('')
    call.catch(() => {})
    await pass(6_000)
    release(unauthorized())
    await drain()
    await pass(60_000)
    await auth.advance(20_000)
    expect(sent).toHaveLength(2)
    await pass(3_999)
    expect(await outcome(call)).toBe('pending')
    await pass(1)
    expect(await outcome(call)).toBeInstanceOf(TimeoutError)
  })

  test('stands still for two minutes at most', async () => {
    const { api, auth } = await openAmidTime()
    auth.expireNow()
    const call = api.get('')
    call.catch(() => {})
    await pass(129_999)
    expect(await outcome(call)).toBe('pending')
    await pass(1)
    expect(await outcome(call)).toBeInstanceOf(TimeoutError)
  })

  test.each<[string, (api: KyInstance) => Promise<unknown>]>([
    ['extend', (api) => api.extend({ timeout: 500 }).get('')],
    ['the call', (api) => api.get('', { timeout: 500 })],
    [
      'an init hook',
      (api) => api.extend({ hooks: { init: [(call) => void Object.assign(call, { timeout: 500 })] } }).get(''),
    ],
  ])('may be set by %s', async (_, start) => {
    const { api } = await openAmidTime()
    answer = hang
    const call = start(api)
    call.catch(() => {})
    await pass(499)
    expect(await outcome(call)).toBe('pending')
    await pass(1)
    expect(await outcome(call)).toBeInstanceOf(TimeoutError)
  })

  test('may be none', async () => {
    const { api, auth } = await openAmidTime({ timeout: false })
    auth.expireNow()
    const call = api.get('').json()
    await pass(1_000_000)
    await auth.advance(20_000)
    expect(await outcome(call)).toEqual({ ok: true })
  })

  test('too long for a timer is refused by ky itself', async () => {
    const { api } = await open({ timeout: 2 ** 31 })
    await expect(api.get('')).rejects.toThrow(RangeError)
  })

  test('as long as a timer can be is none too long', async () => {
    const { api } = await open({ timeout: 2 ** 31 - 1 })
    expect(await api.get('').json()).toEqual({ ok: true })
  })

  test('that is over starts another try, if ky is told so', async () => {
    const { api, sent } = await openAmidTime({ retry: { retryOnTimeout: true, ...PROMPT } })
    answer = (_, nth) => (nth === 1 ? hang() : Response.json({ ok: true }))
    const call = api.get('').json()
    await pass(10_001)
    await pass(1)
    expect(await outcome(call)).toEqual({ ok: true })
    expect(sent).toHaveLength(2)
  })

  test('of the whole call counts everything, as its name says', async () => {
    const { api, auth } = await openAmidTime({ totalTimeout: 20_000 })
    auth.expireNow()
    const call = api.get('')
    call.catch(() => {})
    await pass(20_000)
    expect(await outcome(call)).toBeInstanceOf(TimeoutError)
  })
})
