// The recipes of docs/recipes.md, as they stand there, with the real packages.

import { readdirSync, readFileSync } from 'node:fs'
import { ws } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { drain } from '../../src/testing/virtual-platform.ts'

const FOLDER = new URL('./recipes/', import.meta.url)
const docs = ['recipes', 'clients']
  .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'))
  .join('\n')

type Scene = typeof import('./recipes/auth.ts')

let scene: Scene

beforeEach(async () => {
  // The recipes are modules, so each test has its own.
  vi.resetModules()
  scene = await import('./recipes/auth.ts')
  // A token this old is refreshed because of a 401.
  await scene.browser.advance(10_000)
})

afterEach(() => {
  scene.browser.dispose()
})

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 50_000, interval: 5 })
const unauthorized = (): Response => Response.json({ error: 'denied' }, { status: 401 })
const bearers = (): (string | null)[] => scene.network.sent.map(({ headers }) => headers.get('Authorization'))
const token = async (): Promise<string> => `Bearer ${await scene.auth.getAccessToken()}`

async function signInElsewhere(): Promise<void> {
  const other = scene.browser.openTab()
  await other.restore()
  await other.signIn({ access_token: 'of-somebody-else', expires_in: 3600 })
  await scene.browser.advance(0)
  expect(await token()).toBe('Bearer of-somebody-else')
}

test.each(readdirSync(FOLDER).filter((file) => !/^(auth|schema)\./.test(file)))('%s is what the docs show', (file) => {
  expect(docs).toContain(`\`\`\`ts\n${readFileSync(new URL(file, FOLDER), 'utf8')}\`\`\`\n`)
})

interface Package {
  /** Puts `{ amount: 1 }`, and resolves with the answer. */
  put(): Promise<unknown>
  /** What `put` rejects with when no token can be had. */
  readonly failure: unknown
}

const PACKAGES: Readonly<Record<string, () => Promise<Package>>> = {
  async ky() {
    const { api } = await import('./recipes/ky.ts')
    return {
      put: () => api.put('orders/1', { json: { amount: 1 } }).json(),
      failure: { code: 'refresh-unavailable' },
    }
  },
  async axios() {
    const { api } = await import('./recipes/axios.ts')
    return {
      put: async () => (await api.put('/orders/1', { amount: 1 })).data,
      failure: { isAxiosError: true, code: 'refresh-unavailable' },
    }
  },
  async 'openapi-fetch'() {
    const { api } = await import('./recipes/openapi-fetch.ts')
    return {
      async put() {
        const { data, error } = await api.PUT('/orders/{id}', { params: { path: { id: 1 } }, body: { amount: 1 } })
        return data ?? error
      },
      failure: { code: 'refresh-unavailable' },
    }
  },
}

describe.each(Object.entries(PACKAGES))('%s', (_, load) => {
  test('sends the token', async () => {
    const { put } = await load()
    expect(await put()).toEqual({ ok: true })
    expect(scene.network.sent[0]?.url).toBe('https://api.example/orders/1')
    expect(bearers()).toEqual([await token()])
  })

  test('a 401 is mended unseen, with the body sent again', async () => {
    const { put } = await load()
    scene.network.answer = (_, nth) => (nth === 1 ? unauthorized() : Response.json({ ok: true }))
    expect(await put()).toEqual({ ok: true })
    expect(scene.browser.refreshes).toBe(1)
    expect(bearers()[1]).toBe(await token())
    expect(await Promise.all(scene.network.sent.map((request) => request.json()))).toEqual([
      { amount: 1 },
      { amount: 1 },
    ])
  })

  test('a token that cannot be had is told by its code', async () => {
    const { put, failure } = await load()
    scene.browser.expireNow()
    scene.browser.failNextRefresh()
    await expect(put()).rejects.toMatchObject(failure as object)
    expect(scene.network.sent).toEqual([])
  })
})

test('an upload of axios that tells its progress survives a 401', async () => {
  const { api } = await import('./recipes/axios.ts')
  scene.network.answer = async (request, nth) => {
    const text = await request.clone().text()
    return nth === 1 ? unauthorized() : Response.json({ text })
  }
  const onUploadProgress = vi.fn()
  const { data } = await api.post('/files', 'x'.repeat(100_000), { onUploadProgress })
  expect(data).toEqual({ text: 'x'.repeat(100_000) })
  expect(scene.network.sent).toHaveLength(2)
  expect(onUploadProgress).toHaveBeenCalled()
})

describe('TanStack Query', () => {
  const load = (): Promise<typeof import('./recipes/query.ts')> => import('./recipes/query.ts')

  test('fetches with the token, and a 401 is mended unseen', async () => {
    const { queryClient, ordersQuery } = await load()
    scene.network.answer = (_, nth) => (nth === 1 ? unauthorized() : Response.json({ ok: true }))
    expect(await queryClient.fetchQuery(ordersQuery)).toEqual({ ok: true })
    expect(bearers()[1]).toBe(await token())
  })

  test('tries neither a 401 nor one of our errors again, and a 503 three times', async () => {
    const { queryClient, ordersQuery } = await load()
    const { retry } = queryClient.getDefaultOptions().queries ?? {}
    const query = { ...ordersQuery, retry, retryDelay: 0 } as typeof ordersQuery
    scene.network.answer = unauthorized
    await expect(queryClient.fetchQuery(query)).rejects.toThrow('status 401')
    expect(scene.network.sent).toHaveLength(2)
    scene.network.answer = () => new Response('', { status: 503 })
    await expect(queryClient.fetchQuery(query)).rejects.toThrow('status 503')
    expect(scene.network.sent).toHaveLength(6)
    scene.browser.expireNow()
    scene.browser.failNextRefresh()
    await expect(queryClient.fetchQuery(query)).rejects.toMatchObject({ code: 'refresh-unavailable' })
    expect(queryClient.getQueryState(query.queryKey)?.fetchFailureCount).toBe(1)
    expect(scene.network.sent).toHaveLength(6)
  })

  test('fetches anew, as soon as there is a token, what an outage has failed', async () => {
    const { queryClient, ordersQuery } = await load()
    const { QueryObserver } = await import('@tanstack/react-query')
    scene.browser.expireNow()
    scene.browser.failNextRefresh()
    const observer = new QueryObserver(queryClient, ordersQuery)
    onTestFinished(observer.subscribe(() => {}))
    await until(() => expect(observer.getCurrentResult().error).toMatchObject({ code: 'refresh-unavailable' }))
    await scene.browser.advance(60_000)
    await until(() => expect(observer.getCurrentResult().data).toEqual({ ok: true }))
  })

  test('forgets everything at a sign-out', async () => {
    const { queryClient, ordersQuery } = await load()
    await queryClient.fetchQuery(ordersQuery)
    expect(queryClient.getQueryData(ordersQuery.queryKey)).toEqual({ ok: true })
    await scene.auth.signOut()
    expect(queryClient.getQueryData(ordersQuery.queryKey)).toBeUndefined()
  })

  test('forgets everything when another tab has signed somebody else in', async () => {
    const { queryClient, ordersQuery } = await load()
    await queryClient.fetchQuery(ordersQuery)
    await signInElsewhere()
    expect(queryClient.getQueryData(ordersQuery.queryKey)).toBeUndefined()
  })

  test('ends the request of a query that is cancelled', async () => {
    const { queryClient, ordersQuery } = await load()
    scene.network.answer = () => new Promise(() => {})
    const fetching = queryClient.fetchQuery(ordersQuery)
    fetching.catch(() => {})
    await until(() => expect(scene.network.sent).toHaveLength(1))
    await queryClient.cancelQueries()
    expect(scene.network.sent[0]?.signal.aborted).toBe(true)
  })
})

describe('urql', () => {
  const QUERY = '{ me { id } }'
  const answer = (): Response => Response.json({ data: { me: { id: 1 } } })

  test('fetches with the token, and a 401 is mended unseen', async () => {
    const { createApi } = await import('./recipes/urql.ts')
    scene.network.answer = (_, nth) => (nth === 1 ? unauthorized() : answer())
    const { data, error } = await createApi().query(QUERY, {})
    expect(error).toBeUndefined()
    expect(data).toEqual({ me: { id: 1 } })
    expect(bearers()[1]).toBe(await token())
    expect(await scene.network.sent[1]?.json()).toMatchObject({ query: expect.stringContaining('me') })
  })

  test('tells of a token that cannot be had as a network error', async () => {
    const { createApi } = await import('./recipes/urql.ts')
    scene.browser.expireNow()
    scene.browser.failNextRefresh()
    const { error } = await createApi().query(QUERY, {})
    expect(error?.networkError).toMatchObject({ code: 'refresh-unavailable' })
  })

  test('remembers nothing of one session in the next', async () => {
    const { createApi } = await import('./recipes/urql.ts')
    scene.network.answer = answer
    const api = createApi()
    await api.query(QUERY, {})
    await api.query(QUERY, {})
    expect(scene.network.sent).toHaveLength(1)
    await createApi().query(QUERY, {})
    expect(scene.network.sent).toHaveLength(2)
  })
})

describe('server-sent events', () => {
  /** Answers each request with a stream that the test writes to. */
  function serve(): { readonly streams: ReadableStreamDefaultController[]; send(nth: number, text: string): void } {
    const streams: ReadableStreamDefaultController[] = []
    scene.network.answer = ({ signal }) => {
      const body = new ReadableStream({
        start(controller) {
          streams.push(controller)
          signal.addEventListener('abort', () => controller.error(signal.reason))
          controller.enqueue(new TextEncoder().encode('retry: 1\n\n'))
        },
      })
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } })
    }
    return { streams, send: (nth, text) => streams[nth]?.enqueue(new TextEncoder().encode(`${text}\n\n`)) }
  }

  async function open(): Promise<{
    readonly seen: string[]
    readonly server: ReturnType<typeof serve>
    readonly close: () => void
  }> {
    const { listen } = await import('./recipes/server-sent-events.ts')
    const server = serve()
    const seen: string[] = []
    const close = listen('https://api.example/events', ({ data }) => seen.push(data))
    await until(() => expect(server.streams).toHaveLength(1))
    return { seen, server, close }
  }

  test('arrive over a connection with the token', async () => {
    const { seen, server, close } = await open()
    server.send(0, 'data: one')
    await until(() => expect(seen).toEqual(['one']))
    expect(bearers()).toEqual([await token()])
    close()
  })

  test('go on after the last one with the token that replaces the first', async () => {
    const { seen, server, close } = await open()
    server.send(0, 'id: 7\ndata: one')
    await until(() => expect(seen).toEqual(['one']))
    await scene.auth.getAccessToken({ forceRefresh: true })
    await until(() => expect(server.streams).toHaveLength(2))
    server.send(1, 'data: two')
    await until(() => expect(seen).toEqual(['one', 'two']))
    expect(bearers()[1]).toBe(await token())
    expect(bearers()[1]).not.toBe(bearers()[0])
    expect(scene.network.sent[1]?.headers.get('Last-Event-ID')).toBe('7')
    close()
  })

  test('go on with the token of whoever another tab has signed in', async () => {
    const { seen, server, close } = await open()
    server.send(0, 'data: one')
    await until(() => expect(seen).toEqual(['one']))
    await signInElsewhere()
    await until(() => expect(server.streams).toHaveLength(2))
    expect(bearers()[1]).toBe('Bearer of-somebody-else')
    close()
  })

  test('go on when the connection is lost', async () => {
    const { seen, server, close } = await open()
    server.streams[0]?.close()
    await until(() => expect(server.streams).toHaveLength(2))
    server.send(1, 'data: again')
    await until(() => expect(seen).toEqual(['again']))
    close()
  })

  test('a token that has expired is replaced first, and the connection is not opened twice', async () => {
    scene.browser.expireNow()
    const { seen, server, close } = await open()
    await drain()
    server.send(0, 'data: one')
    await until(() => expect(seen).toEqual(['one']))
    expect(scene.browser.refreshes).toBe(1)
    expect(scene.network.sent).toHaveLength(1)
    close()
  })

  test('end with the session', async () => {
    await open()
    await scene.auth.signOut()
    expect(scene.network.sent[0]?.signal.aborted).toBe(true)
    expect(scene.network.sent).toHaveLength(1)
  })
})

describe('a WebSocket', () => {
  const link = ws.link('wss://api.example/live')
  const server = setupServer()

  interface Connection {
    readonly heard: string[]
    isOpen: boolean
    send(data: string): void
    close(): void
  }

  let connections: Connection[]

  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))

  afterAll(() => server.close())

  beforeEach(() => {
    connections = []
    server.use(
      link.addEventListener('connection', ({ client }) => {
        const connection: Connection = {
          heard: [],
          isOpen: true,
          send: (data) => client.send(data),
          close: () => client.close(),
        }
        client.addEventListener('message', ({ data }) => connection.heard.push(String(data)))
        client.addEventListener('close', () => {
          connection.isOpen = false
        })
        connections.push(connection)
      }),
    )
  })

  afterEach(() => {
    vi.useRealTimers()
    server.resetHandlers()
  })

  async function open(): Promise<{ readonly seen: unknown[]; readonly close: () => void }> {
    const { connect } = await import('./recipes/web-socket.ts')
    const seen: unknown[] = []
    const close = connect('wss://api.example/live', ({ data }) => seen.push(data))
    await until(() => expect(connections.at(-1)?.heard).toHaveLength(1))
    return { seen, close }
  }

  const current = async (): Promise<string> => JSON.stringify({ token: await scene.auth.getAccessToken() })

  test('begins with the token, which is not in its address', async () => {
    const { seen, close } = await open()
    expect(connections[0]?.heard).toEqual([await current()])
    connections[0]?.send('news')
    await until(() => expect(seen).toEqual(['news']))
    close()
  })

  test('is replaced when its token is', async () => {
    const { close } = await open()
    await scene.auth.getAccessToken({ forceRefresh: true })
    await until(() => expect(connections[1]?.heard).toHaveLength(1))
    expect(connections[1]?.heard).toEqual([await current()])
    await until(() => expect(connections[0]?.isOpen).toBe(false))
    close()
  })

  test('is replaced when another tab has signed somebody else in', async () => {
    const { close } = await open()
    await signInElsewhere()
    await until(() => expect(connections[1]?.heard).toEqual([JSON.stringify({ token: 'of-somebody-else' })]))
    await until(() => expect(connections[0]?.isOpen).toBe(false))
    close()
  })

  test('gets a token that lasts, and is not opened twice for it', async () => {
    scene.browser.expireNow()
    const { close } = await open()
    expect(scene.browser.refreshes).toBe(1)
    await drain()
    expect(connections.map(({ heard }) => heard)).toEqual([[await current()]])
    close()
  })

  test('is opened again when it is lost, or no token could be had', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    scene.browser.expireNow()
    scene.browser.failNextRefresh()
    const { connect } = await import('./recipes/web-socket.ts')
    const close = connect('wss://api.example/live', () => {})
    await until(() => expect(vi.getTimerCount()).toBe(1))
    expect(connections).toEqual([])
    await scene.browser.advance(1_000)
    await vi.advanceTimersByTimeAsync(1_000)
    await until(() => expect(connections[0]?.heard).toHaveLength(1))
    connections[0]?.close()
    await until(() => expect(connections[1]?.heard).toHaveLength(1))
    close()
  })

  test('ends with the session, and is not opened again', async () => {
    await open()
    await scene.auth.signOut()
    await until(() => expect(connections[0]?.isOpen).toBe(false))
    await scene.auth.signIn({ access_token: 'another', expires_in: 60 })
    await drain()
    expect(connections).toHaveLength(1)
  })
})
