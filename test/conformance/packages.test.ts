// `authFetch` as the `fetch` of others, in Chromium: the real packages, and the global.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PageFunction, Tab } from '../support/browser/driver.ts'
import { type Origins, type Suite, startSuite, summary } from './suite.ts'

let suite: Suite
let tab: Tab

beforeAll(async () => {
  suite = await startSuite('./rules-page.ts')
})

afterAll(async () => await suite?.close())

beforeEach(async () => {
  const opened = await suite.open('/')
  tab = opened.tab
  await tab.evaluate(() => fetch('/gate').then(() => {}))
  await suite.servers.take()
  return async () => {
    await opened.profile.close()
    // What Chromium itself logs of a 401.
    expect(tab.errors.filter((error) => !/Failed to load resource/.test(error))).toEqual([])
  }
})

async function run<Result>(page: PageFunction<Result>): Promise<Awaited<Result>> {
  const { here, there, away } = suite.servers
  return await tab.evaluate(page, { here, there, away })
}

const received = async (): Promise<string[]> => summary(await suite.servers.take())

const RETRIED = (path: string): string[] => [
  `there ${path}, Bearer token`,
  'refresh, no token',
  `there ${path}, Bearer token`,
]

describe('as globalThis.fetch', () => {
  test('it serves all who call that, and refreshes without calling itself', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      await rules.control('expire')
      globalThis.fetch = auth.authFetch
      const response = await fetch(`${there}/things`, { method: 'PUT', body: 'b' })
      return response.json()
    })
    expect(result).toMatchObject({ method: 'PUT', body: 'b' })
    expect(await received()).toEqual(RETRIED('/things'))
  })

  test('it serves a refresh function of the user, which calls it', async () => {
    const result = await run(async ({ here, there }: Origins) => {
      const auth = await rules.signIn({
        origins: [here, there],
        refresh: () => fetch('/auth/refresh', { method: 'POST' }),
      })
      await rules.control('expire')
      globalThis.fetch = auth.authFetch
      const first = await fetch(`${there}/things`)
      rules.leap(2_000_000_000)
      const second = await fetch(`${there}/things`)
      return [first.status, second.status]
    })
    expect(result).toEqual([200, 200])
    expect(await received()).toEqual([...RETRIED('/things'), 'refresh, no token', 'there /things, Bearer token'])
  })

  test('it serves the login, which calls it', async () => {
    const result = await run(async ({ here }: Origins) => {
      const auth = await rules.signIn({ origins: [here] })
      globalThis.fetch = auth.authFetch
      await auth.signOut()
      await auth.signIn(async () => (await fetch('/auth/refresh', { method: 'POST' })).json())
      return (await fetch('/things')).status
    })
    expect(result).toBe(200)
    expect(await received()).toEqual(['refresh, no token', 'here /things, Bearer token'])
  })

  test('it may be captured by a second client', async () => {
    const result = await run(async ({ there }: Origins) => {
      const first = await rules.signIn({ origins: [there] })
      globalThis.fetch = first.authFetch
      const second = await rules.signIn({ origins: [there], fetch })
      await rules.control('expire')
      const response = await second.authFetch(`${there}/things`)
      return response.status
    })
    expect(result).toBe(200)
    expect(await received()).toEqual(RETRIED('/things'))
  })
})

describe('as the fetch of ky', () => {
  test('a call and its body survive a 401', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const api = rules.packages.ky.create({ prefix: there, fetch: auth.authFetch })
      await rules.control('expire')
      return await api.post('things', { json: { a: 1 } }).json()
    })
    expect(result).toEqual({ method: 'POST', type: 'application/json', body: '{"a":1}' })
    expect(await received()).toEqual(RETRIED('/things'))
  })

  test('a second 401 is its HTTPError, and no retry of its own', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const call = rules.packages.ky(`${there}/api?always`, { fetch: auth.authFetch })
      return await call.then(String, (error) => [error.name, error.response.status])
    })
    expect(result).toEqual(['HTTPError', 401])
    expect(await received()).toEqual(RETRIED('/api?always'))
  })

  test('its time-out and its abort end the wait for a token', async () => {
    const result = await run(async ({ there }: Origins) => {
      const refresh = () => new Promise<never>(() => {})
      const auth = await rules.signIn({ origins: [there], refresh })
      rules.leap(2_000_000_000)
      const { ky } = rules.packages
      const outcome = (call: Promise<unknown>): Promise<unknown> =>
        call.then(
          () => 'fulfilled',
          (error: Error) => error.name,
        )
      const controller = new AbortController()
      const call = ky(`${there}/things`, { fetch: auth.authFetch, signal: controller.signal, timeout: false })
      const aborted = outcome(call)
      controller.abort()
      return [await aborted, await outcome(ky(`${there}/things`, { fetch: auth.authFetch, timeout: 1 }))]
    })
    expect(result).toEqual(['AbortError', 'TimeoutError'])
    expect(await received()).toEqual([])
  })
})

describe("as the fetch of axios' adapter", () => {
  test('a call and its body survive a 401', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const api = rules.packages.axios.create({ baseURL: there, adapter: 'fetch', env: { fetch: auth.authFetch } })
      await rules.control('expire')
      const { data, status } = await api.post('/things', { a: 1 })
      return [status, data]
    })
    expect(result).toEqual([200, { method: 'POST', type: 'application/json', body: '{"a":1}' }])
    expect(await received()).toEqual(RETRIED('/things'))
  })

  test('a form survives as well, and a second 401 is its AxiosError', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const api = rules.packages.axios.create({ baseURL: there, adapter: 'fetch', env: { fetch: auth.authFetch } })
      await rules.control('expire')
      const form = new FormData()
      form.append('file', new Blob(['of the file']), 'name')
      const { data } = await api.put('/things', form)
      rules.leap(60_000)
      const status = await api.get('/api?always').catch((error) => [error.name, error.response.status])
      return [/of the file/.test(data.body), status]
    })
    expect(result).toEqual([true, ['AxiosError', 401]])
  })

  test('an abort is its CanceledError, and nothing is sent', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there], refresh: () => new Promise<never>(() => {}) })
      rules.leap(2_000_000_000)
      const { axios } = rules.packages
      const api = axios.create({ baseURL: there, adapter: 'fetch', env: { fetch: auth.authFetch } })
      const controller = new AbortController()
      const call = api.get('/things', { signal: controller.signal })
      controller.abort()
      return await call.catch((error) => [error.name, axios.isCancel(error)])
    })
    expect(result).toEqual(['CanceledError', true])
    expect(await received()).toEqual([])
  })
})

describe('as the fetch of openapi-fetch', () => {
  test('a call and its body survive a 401', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const api = rules.packages.createClient<Paths>({ baseUrl: there, fetch: auth.authFetch })
      await rules.control('expire')
      const { data, error, response } = await api.POST('/things', { body: { a: 1 } })
      return [response.status, data, error]
    })
    expect(result).toEqual([200, { method: 'POST', type: 'application/json', body: '{"a":1}' }, null])
    expect(await received()).toEqual(RETRIED('/things'))
  })
})

interface Paths {
  readonly '/things': {
    readonly post: {
      readonly requestBody: { readonly content: { readonly 'application/json': { readonly a: number } } }
      readonly responses: { readonly 200: { readonly content: { readonly 'application/json': unknown } } }
    }
  }
}

describe('as the fetch of fetch-event-source', () => {
  test('the stream opens after a 401, and its events come one by one', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      await rules.control('expire')
      const { fetchEventSource, EventStreamContentType } = rules.packages
      const seen: unknown[] = []
      await fetchEventSource(`${there}/events`, {
        fetch: auth.authFetch,
        openWhenHidden: true,
        onopen: async ({ status, headers }) => void seen.push([status, headers.get('content-type')]),
        onmessage: ({ id, event, data }) => void seen.push([id, event, data]),
        onerror(error) {
          throw error
        },
      })
      return [seen, EventStreamContentType]
    })
    const events = ['1', '2', '3'].map((nth) => [nth, 'thing', nth])
    expect(result).toEqual([[[200, 'text/event-stream'], ...events], 'text/event-stream'])
    expect(await received()).toEqual(RETRIED('/events'))
  })

  test('an abort closes it', async () => {
    const result = await run(async ({ there }: Origins) => {
      const auth = await rules.signIn({ origins: [there] })
      const controller = new AbortController()
      const seen: string[] = []
      await rules.packages.fetchEventSource(`${there}/events`, {
        fetch: auth.authFetch,
        openWhenHidden: true,
        signal: controller.signal,
        onmessage({ data }) {
          seen.push(data)
          controller.abort()
        },
        onclose: () => void seen.push('closed by the server'),
      })
      return seen[0]
    })
    expect(result).toBe('1')
  })
})
