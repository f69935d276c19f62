// Bodies: which are sent again after a 401, and what becomes of copies.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { responseTokens } from '../../src/index.ts'
import {
  API,
  acceptOnlyNewest,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  MINUTE,
  type Scene,
  TOKEN_ENDPOINT,
  tokens,
  unauthorized,
} from './harness.ts'

/** The first call is refused, the second is not. */
async function createRefusedScene(): Promise<Scene> {
  const scene = await createSignedInScene()
  await scene.browser.advance(MINUTE)
  acceptOnlyNewest(scene.server)
  return scene
}

const form = (): FormData => {
  const data = new FormData()
  data.set('field', 'value')
  data.set('file', new Blob(['file']), 'a.txt')
  return data
}
const bytes = new TextEncoder().encode('body')

/** A stream that tells how it went. */
function createStream(text = 'body') {
  const seen = { reads: 0, cancelled: 0 }
  const stream = new ReadableStream(
    {
      pull(controller) {
        seen.reads++
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      },
      cancel: () => {
        seen.cancelled++
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

describe('after a 401 the same body is sent again', () => {
  const bodies: [string, () => BodyInit, RegExp][] = [
    ['a string', () => 'body', /^body$/],
    ['an empty string', () => '', /^$/],
    ['URLSearchParams', () => new URLSearchParams({ a: 'b' }), /^a=b$/],
    ['FormData', form, /field"\r\n\r\nvalue[\s\S]*file\r\n/],
    ['a Blob', () => new Blob(['bo', 'dy']), /^body$/],
    ['an ArrayBuffer', () => bytes.buffer, /^body$/],
    ['a typed array', () => bytes, /^body$/],
    ['a DataView', () => new DataView(bytes.buffer), /^body$/],
  ]
  test.each(bodies)('%s', async (_, body, expected) => {
    const { auth, server } = await createRefusedScene()
    expect((await auth.authFetch(API, { method: 'POST', body: body() })).status).toBe(200)
    expect(server.calls).toHaveLength(2)
    for (const sent of server.calls) expect(await sent.body).toMatch(expected)
  })

  test.each(bodies)('%s in a Request', async (_, body, expected) => {
    const { auth, server } = await createRefusedScene()
    const request = new Request(API, { method: 'POST', body: body() })
    expect((await auth.authFetch(request)).status).toBe(200)
    expect(server.calls).toHaveLength(2)
    for (const sent of server.calls) expect(await sent.body).toMatch(expected)
    expect(request.bodyUsed).toBe(true)
  })

  test('a stream in a Request, which is cloned before sending', async () => {
    const { auth, server } = await createRefusedScene()
    const { stream, seen } = createStream()
    const request = new Request(API, { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
    expect((await auth.authFetch(request)).status).toBe(200)
    expect(await Promise.all(server.calls.map((sent) => sent.body))).toEqual(['body', 'body'])
    expect(seen.reads).toBe(1)
  })

  test('of the init, which overrides that of a Request', async () => {
    const { auth, server } = await createRefusedScene()
    const request = new Request(API, { method: 'POST', body: 'old' })
    expect((await auth.authFetch(request, { body: 'new' })).status).toBe(200)
    expect(await Promise.all(server.calls.map((sent) => sent.body))).toEqual(['new', 'new'])
  })

  test('of the init, even if that of the Request is used up', async () => {
    const { auth, server } = await createRefusedScene()
    const request = new Request(API, { method: 'POST', body: 'old' })
    await request.text()
    expect((await auth.authFetch(request, { body: 'new' })).status).toBe(200)
    expect(await Promise.all(server.calls.map((sent) => sent.body))).toEqual(['new', 'new'])
  })
})

describe('a stream in the init', () => {
  test.each([
    ['a ReadableStream', () => createStream().stream],
    [
      'an async iterable',
      async function* () {
        yield bytes
      },
    ],
  ])('%s is sent once; its 401 starts a refresh and is returned', async (_, body) => {
    const { auth, server } = await createRefusedScene()
    const init = { method: 'POST', body: body(), duplex: 'half' } as unknown as RequestInit
    const response = await auth.authFetch(API, init)
    expect([response.status, await response.text()]).toEqual([401, 'denied'])
    expect(server.calls).toHaveLength(1)
    await drain()
    expect(server.refreshes).toHaveLength(1)
    expect((await auth.authFetch(API)).status).toBe(200)
  })

  test('is known by its reader where streams cannot be iterated over', async () => {
    let calls = 0
    const { auth, browser } = await createSignedInScene({
      fetch: async (input) => {
        if (String(input) === TOKEN_ENDPOINT) return Response.json(tokens(1))
        calls++
        return unauthorized()
      },
    })
    await browser.advance(MINUTE)
    const body = { getReader() {} } as unknown as ReadableStream
    expect((await auth.authFetch(API, { method: 'POST', body })).status).toBe(401)
    expect(await auth.getAccessToken()).toBe('access-1')
    expect(calls).toBe(1)
  })

  test('over a Request is sent once as well', async () => {
    const { auth, server } = await createRefusedScene()
    const request = new Request(API, { method: 'POST' })
    const init = { body: createStream().stream, duplex: 'half' } as RequestInit
    expect((await auth.authFetch(request, init)).status).toBe(401)
    expect(server.calls).toHaveLength(1)
  })

  test('waits for a token before it is read', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * HOUR)
    const { stream, seen } = createStream()
    server.onRefresh = () => {
      expect(seen.reads).toBe(0)
      return Response.json({ access_token: 'access-1' })
    }
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit
    expect((await auth.authFetch(API, init)).status).toBe(200)
    expect(await server.calls[0]?.body).toBe('body')
  })
})

describe('the spare copy of a Request', () => {
  let clones: Request[] = []

  afterEach(() => {
    vi.restoreAllMocks()
    clones = []
  })

  /** Notes each clone that the library makes; the server of these tests makes some of its own. */
  async function createWatchedScene(): Promise<Scene> {
    const server = createServer()
    let isServing = false
    const { clone } = Request.prototype
    vi.spyOn(Request.prototype, 'clone').mockImplementation(function (this: Request) {
      const copy = clone.call(this)
      if (!isServing) clones.push(copy)
      return copy
    })
    const scene = await createSignedInScene({
      server,
      fetch: (...call) => {
        isServing = true
        const response = server.fetch(...call)
        isServing = false
        return response
      },
    })
    await scene.browser.advance(MINUTE)
    acceptOnlyNewest(server)
    return scene
  }

  const post = (): Request => new Request(API, { method: 'POST', body: 'body' })

  /** A cancelled body has nothing left to read. */
  const isCancelled = async (request: Request): Promise<boolean> =>
    request.bodyUsed || (await request.body?.getReader().read())?.done === true

  test('is not made when there is no body', async () => {
    const { auth } = await createWatchedScene()
    const requests = [new Request(API), new Request(API, { method: 'DELETE' })]
    for (const request of requests) await auth.authFetch(request)
    expect(clones).toEqual([])
  })

  test('is not made when the init brings a body', async () => {
    const { auth } = await createWatchedScene()
    const request = post()
    await auth.authFetch(request, { body: 'other' })
    expect(clones).toEqual([])
  })

  test('is made as well where a Request does not tell whether it has a body', async () => {
    const { auth, server } = await createWatchedScene()
    vi.spyOn(Request.prototype, 'body', 'get').mockReturnValue(undefined as never)
    expect((await auth.authFetch(post())).status).toBe(200)
    expect(await Promise.all(server.calls.map((sent) => sent.body))).toEqual(['body', 'body'])
  })

  test('is not made for a foreign origin', async () => {
    const { auth } = await createWatchedScene()
    const request = new Request('https://elsewhere.example/', { method: 'POST', body: 'x' })
    await auth.authFetch(request)
    expect(clones).toEqual([])
  })

  const endings: [string, Partial<Scene['server']>][] = [
    ['a success', { onCall: () => new Response() }],
    ['an error', { onCall: () => Promise.reject(new TypeError()) }],
    ['a 401 that stands', { onCall: () => unauthorized('Basic') }],
    ['a refresh that fails', { onRefresh: () => new Response('', { status: 503 }) }],
  ]
  test.each(endings)('is cancelled after %s', async (_, behaviour) => {
    const { auth, server } = await createWatchedScene()
    Object.assign(server, behaviour)
    const request = post()
    await auth.authFetch(request).catch(() => {})
    expect(server.calls).toHaveLength(1)
    expect(clones).toHaveLength(1)
    expect(await isCancelled(clones[0] as Request)).toBe(true)
  })

  test('is cancelled after an abort while the refresh is pending', async () => {
    const { auth, server } = await createWatchedScene()
    server.onRefresh = () => new Promise(() => {})
    const controller = new AbortController()
    const request = post()
    const call = auth.authFetch(request, { signal: controller.signal })
    await drain()
    controller.abort()
    await expect(call).rejects.toBe(controller.signal.reason)
    expect(await isCancelled(clones[0] as Request)).toBe(true)
  })
})

describe('the body of the first 401', () => {
  test('is cancelled before the retry is sent', async () => {
    const { auth, server } = await createRefusedScene()
    let cancelled = 0
    const denied = (): Response => new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 401 })
    server.onCall = (_, nth) => {
      if (nth === 1) return denied()
      expect(cancelled).toBe(1)
      return new Response('ok')
    }
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(server.calls).toHaveLength(2)
  })

  test('is cancelled when the caller goes away', async () => {
    const { auth, server } = await createRefusedScene()
    let cancelled = 0
    server.onCall = () => new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 401 })
    server.onRefresh = () => new Promise(() => {})
    const controller = new AbortController()
    const call = auth.authFetch(API, { signal: controller.signal })
    await drain()
    controller.abort()
    await expect(call).rejects.toBe(controller.signal.reason)
    expect(cancelled).toBe(1)
  })

  test('does not hold up the retry when somebody else keeps a clone of it', async () => {
    const clones: Response[] = []
    const { auth, browser, server } = await createSignedInScene({
      readTokens: responseTokens((response) => void clones.push(response.clone())),
    })
    await browser.advance(MINUTE)
    acceptOnlyNewest(server)
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(await clones[0]?.text()).toBe('denied')
  })
})

test('a body that was used before rejects as it does for `fetch`', async () => {
  const { auth } = await createSignedInScene({ fetch: globalThis.fetch })
  const request = new Request(API, { method: 'POST', body: 'x' })
  await request.text()
  const [ours, theirs] = await Promise.all([auth.authFetch, fetch].map((call) => call(request).catch((error) => error)))
  expect(ours).toBeInstanceOf(TypeError)
  expect(ours.message).toBe(theirs.message)
})

test('two attempts never overlap', async () => {
  const { auth, server } = await createRefusedScene()
  let running = 0
  const { onCall } = server
  server.onCall = async (sent, nth) => {
    expect(++running).toBe(1)
    await drain()
    running--
    return onCall(sent, nth)
  }
  await auth.authFetch(API, { method: 'POST', body: 'x', keepalive: true })
  expect(server.calls).toHaveLength(2)
})
