// Several audiences at the edges: after dispose, when storage fails, with bound tokens, and denials that come at bad times.

import { expect, test, vi } from 'vitest'
import { type Audience, AudienceDeniedError, audiences } from '../../src/audiences.ts'
import { createVirtualBrowser, type VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  bearer,
  createScene,
  createServer,
  drain,
  HOUR,
  jwt,
  MINUTE,
  type Scene,
  type SceneOptions,
  type Server,
} from './harness.ts'

const GRAPH = 'https://graph.example'
const LIST: Readonly<Record<string, Audience>> = {
  graph: { urls: [`${GRAPH}/`], parameters: { resource: 'graph' } },
  billing: { urls: [`${API}/billing/`], parameters: { resource: 'billing' } },
}

/** A server that rotates; `asked` has the audience and the refresh token of each refresh. */
function createRotating(): { readonly server: Server; readonly asked: string[]; readonly denied: Map<string, object> } {
  const server = createServer()
  const asked: string[] = []
  const denied = new Map<string, object>()
  let current = 0
  server.onRefresh = async (nth, sent) => {
    const body = new URLSearchParams(await sent.body)
    const resource = body.get('resource') ?? 'own'
    asked.push(`${resource} ${body.get('refresh_token')}`)
    if (body.get('refresh_token') !== `refresh-${current}`) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    const denial = denied.get(resource)
    if (denial) return Response.json(denial, { status: 400 })
    return Response.json({
      access_token: `${resource}-${nth}`,
      refresh_token: `refresh-${++current}`,
      expires_in: 3600,
    })
  }
  return { server, asked, denied }
}

async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = createScene({ audiences: audiences(LIST), ...options })
  await scene.auth.signIn({ access_token: 'own-0', refresh_token: 'refresh-0', expires_in: 3600 })
  await drain()
  scene.events.length = 0
  return scene
}

/** What comes of a promise within a minute. */
async function outcomeOf(browser: VirtualBrowser, promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = 'pending'
  const settle = (value: unknown): void => {
    result = value
  }
  promise.then(settle, settle)
  for (let task = 0; result === 'pending' && task < 20; task++) await drain()
  for (let passed = 0; result === 'pending' && passed < MINUTE; passed += 50) await browser.advance(50)
  return result
}

test('a call after dispose() arms no timer', async () => {
  const { server } = createRotating()
  const { auth, browser, tab } = await openScene({ server })
  const other = createScene({ browser, server, audiences: audiences(LIST) })
  await outcomeOf(browser, other.auth.restore())
  await outcomeOf(browser, other.auth.getAccessToken({ audience: 'graph' }))
  await browser.advance(1_000)
  auth.dispose()
  await drain()
  const call = auth.authFetch(`${GRAPH}/me`).catch(() => {})
  expect(tab.timers()).toEqual([])
  await call
  expect(tab.timers()).toEqual([])
})

test('an answer that could not be written is written before another audience asks', async () => {
  const { server, asked } = createRotating()
  const { auth, browser } = await openScene({ server })
  const answer = server.onRefresh
  server.onRefresh = (nth, sent) => {
    if (nth === 1) browser.brokenWrites = 20
    return answer(nth, sent)
  }
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({
    code: 'refresh-unavailable',
  })
  browser.brokenWrites = 0
  await browser.advance(2_000)
  const own = await outcomeOf(browser, auth.getAccessToken({ forceRefresh: true }))
  expect(asked).toEqual(['graph refresh-0', 'own refresh-1'])
  expect(own).toBe('own-2')
  expect(auth.getState().status).toBe('signed-in')
})

test('an answer that could not be written is written as soon as possible, though nobody asks', async () => {
  const { server, asked } = createRotating()
  const { auth, browser } = await openScene({ server })
  const answer = server.onRefresh
  server.onRefresh = (nth, sent) => {
    browser.brokenWrites = 20
    return answer(nth, sent)
  }
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({
    code: 'refresh-unavailable',
  })
  await browser.advance(3_000)
  browser.brokenWrites = 0
  await browser.advance(10_000)
  expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-1', attempt: undefined })
  expect(asked).toEqual(['graph refresh-0'])
})

test('an answer that was lost is asked for again soon, though nobody asks', async () => {
  const { server, asked } = createRotating()
  const { auth, browser } = await openScene({ server, resendWithin: MINUTE })
  const answer = server.onRefresh
  server.onRefresh = (nth, sent) => (nth === 1 ? new Response('', { status: 502 }) : answer(nth, sent))
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({
    code: 'refresh-unavailable',
  })
  expect(browser.entry?.attempt).toMatchObject({ audience: 'graph', doubt: true })
  await browser.advance(MINUTE)
  expect(browser.entry).toMatchObject({ generation: 1, attempt: undefined })
  await browser.advance(HOUR)
  expect(auth.getState().status).toBe('signed-in')
  expect(asked).toEqual(['graph refresh-0', 'own refresh-1'])
})

test('a doubt that a denial leaves is settled within the grace period', async () => {
  const { server, asked, denied } = createRotating()
  denied.set('graph', { error: 'invalid_target' })
  const { auth, browser } = await openScene({ server, resendWithin: MINUTE })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBeInstanceOf(AudienceDeniedError)
  await browser.advance(2 * HOUR)
  expect(auth.getState().status).toBe('signed-in')
  expect(asked.slice(0, 2)).toEqual(['graph refresh-0', 'own refresh-0'])
})

test('an error answer whose body is lost is what its status says', async () => {
  const server = createServer()
  server.onRefresh = () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('lost')) })
    return new Response(body, { status: 429, headers: { 'retry-after': '120' } })
  }
  const { auth, browser } = await openScene({ server })
  const reason = await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  expect(reason).toMatchObject({ code: 'refresh-unavailable' })
  expect(browser.entry?.attempt).toBeUndefined()
  expect(browser.entry?.retry?.at).toBeGreaterThanOrEqual(browser.now() + 119_000)
})

test('a token that is still valid is given while a denial stands', async () => {
  const { server, denied } = createRotating()
  const { auth, browser } = await openScene({ server })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
  await browser.advance(30 * MINUTE)
  denied.set('graph', { error: 'invalid_scope' })
  const first = await outcomeOf(browser, auth.getAccessToken({ audience: 'graph', minValidity: HOUR }))
  const second = await outcomeOf(browser, auth.getAccessToken({ audience: 'graph', minValidity: HOUR }))
  expect([first, second]).toEqual(['graph-1', 'graph-1'])
})

test('after a sign-out, a denial is none', async () => {
  const { server, denied } = createRotating()
  const { auth, browser } = await openScene({ server })
  denied.set('graph', { error: 'invalid_scope' })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBeInstanceOf(AudienceDeniedError)
  await auth.signOut()
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBeUndefined()
})

test('a Request of another realm gets the token of its audience', async () => {
  const { server } = createRotating()
  const { Request } = globalThis
  // To the client, every Request is of another realm: only the getter knows it.
  const Own = Object.defineProperty(class extends Request {}, Symbol.hasInstance, { value: () => false })
  const url = Object.getOwnPropertyDescriptor(Request.prototype, 'url') as PropertyDescriptor
  Object.defineProperty(Own.prototype, 'url', url)
  vi.stubGlobal('Request', Own)
  const { auth, browser } = await openScene({ server }).finally(() => vi.unstubAllGlobals())
  const request = Object.defineProperty(new Request(`${GRAPH}/me`), 'toString', { value: () => `${API}/things` })
  await outcomeOf(browser, auth.authFetch(request))
  expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('graph-1')])
})

test('a polluted prototype names no audience, and is expected nowhere', async () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>
  const pollution = { audience: 'graph', expect: 'evil', parameters: { resource: 'evil' } }
  const server = createServer()
  const asked: (string | null)[] = []
  const plain = jwt({ aud: 'plain' })
  server.onRefresh = async (nth, { body }) => {
    asked.push(new URLSearchParams(await body).get('resource'))
    return nth === 1
      ? Response.json({ access_token: plain, refresh_token: 'refresh-1', expires_in: 3600 })
      : Response.json({ access_token: 'graph-2', refresh_token: 'refresh-2', expires_in: 3600 })
  }
  Object.assign(polluted, pollution)
  try {
    const list = audiences({ ...LIST, plain: { urls: ['https://plain.example/'] } })
    const { auth, browser } = await openScene({ server, audiences: list })
    expect(auth.getClaims({})).toBeUndefined()
    expect(await outcomeOf(browser, auth.getAccessToken({}))).toBe('own-0')
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'plain' }))).toBe(plain)
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
    expect(asked).toEqual([null, 'graph'])
  } finally {
    for (const key of Object.keys(pollution)) delete polluted[key]
  }
})

test('a denial that comes amid an earlier pause is heard at once', async () => {
  const { server, denied } = createRotating()
  const { auth, browser } = await openScene({ server })
  const answer = server.onRefresh
  server.onRefresh = (nth, sent) => (nth === 1 ? Promise.reject(new TypeError('reset')) : answer(nth, sent))
  denied.set('graph', { error: 'invalid_scope' })
  let heardAt = 0
  const call = auth.authFetch(`${GRAPH}/me`).catch((error: unknown) => {
    heardAt = browser.now()
    return error
  })
  await browser.advance(200)
  // The clock was set back, so that the pause in the ledger no longer counts, but seems to last.
  browser.jump(-3_000)
  await browser.advance(1_500)
  while (server.refreshes.length < 2) await browser.advance(50)
  const deniedAt = browser.now()
  expect(await outcomeOf(browser, call)).toBeInstanceOf(AudienceDeniedError)
  expect(heardAt - deniedAt).toBeLessThanOrEqual(50)
})

test('a denial concerns nobody if another session begins before the refresh has failed', async () => {
  const browser = createVirtualBrowser()
  const { server, asked, denied } = createRotating()
  const { platform } = browser.openTab()
  let isDenied = false
  let goOn = (): void => {}
  const read = async (): ReturnType<typeof platform.ledger.read> => {
    // The look for a pause, after the denial, takes its time.
    if (isDenied) {
      isDenied = false
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    return platform.ledger.read()
  }
  const { auth } = await openScene({
    browser,
    server,
    platform: { ...platform, ledger: { ...platform.ledger, read } },
  })
  const other = createScene({ browser, server, audiences: audiences(LIST) })
  await outcomeOf(browser, other.auth.restore())
  const answer = server.onRefresh
  server.onRefresh = async (...request) => {
    const response = await answer(...request)
    isDenied = !response.ok
    return response
  }
  denied.set('graph', { error: 'invalid_scope' })
  const before = auth.getAccessToken({ audience: 'graph' }).catch((error: unknown) => error)
  for (let task = 0; task < 20; task++) await drain()
  denied.clear()
  await other.auth.signIn({ access_token: 'own-b', refresh_token: 'refresh-0', expires_in: 3600 })
  for (let task = 0; task < 20; task++) await drain()
  expect(await auth.getAccessToken()).toBe('own-b')
  goOn()
  expect(await outcomeOf(browser, before)).toMatchObject({ code: 'session-ended', reason: 'superseded' })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
  expect(asked).toEqual(['graph refresh-0', 'graph refresh-0'])
})
