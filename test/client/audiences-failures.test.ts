// Several audiences when something fails: what fails for one audience ends no session, and keeps nobody else from a token.

import { expect, test } from 'vitest'
import { type Audience, AudienceDeniedError, audiences } from '../../src/audiences.ts'
import { cookieRefresh, type Refresh } from '../../src/index.ts'
import type { VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createScene,
  createServer,
  drain,
  HOUR,
  MINUTE,
  type Scene,
  type SceneOptions,
  type Server,
  TOKEN_ENDPOINT,
} from './harness.ts'

const GRAPH = 'https://graph.example'
const LIST: Readonly<Record<string, Audience>> = {
  graph: { urls: [`${GRAPH}/`], parameters: { resource: 'graph' } },
  billing: { urls: [`${API}/billing/`], parameters: { resource: 'billing' } },
}

/** A server that rotates; `asked` has the audience of each refresh, and `fail` answers some of them otherwise. */
function createRotating(): {
  readonly server: Server
  readonly asked: string[]
  fail: (resource: string, nth: number) => Response | undefined
} {
  const server = createServer()
  let current = 0
  const rotating = { server, asked: [] as string[], fail: (): Response | undefined => undefined } as ReturnType<
    typeof createRotating
  >
  server.onRefresh = async (nth, sent) => {
    const body = new URLSearchParams(await sent.body)
    const resource = body.get('resource') ?? 'own'
    rotating.asked.push(resource)
    const failure = rotating.fail(resource, nth)
    if (failure) return failure
    if (body.get('refresh_token') !== `refresh-${current}`) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    return Response.json({
      access_token: `${resource}-${nth}`,
      refresh_token: `refresh-${++current}`,
      expires_in: 3600,
    })
  }
  return rotating
}

const SIGNED_IN = { access_token: 'own-0', refresh_token: 'refresh-0', expires_in: 3600 }

async function openScene(options: SceneOptions = {}, tokens: object = SIGNED_IN): Promise<Scene> {
  const scene = createScene({ audiences: audiences(LIST), ...options })
  await scene.auth.signIn(tokens)
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

/** A refresh function of the page's own, for a client that holds its refresh token. */
const ownRefresh = (answer: (audience: string | undefined) => unknown): Refresh =>
  Object.assign(async ({ audience }: { readonly audience?: string | undefined }) => answer(audience) as never, {
    holdsRefreshToken: true,
  })

test.each([
  ['a denial', () => Response.json({ error: 'invalid_target' }, { status: 400 })],
  ['an answer that was lost', () => new Response('', { status: 502 })],
])('a call does not put off what settles %s', async (_, failure) => {
  const rotating = createRotating()
  rotating.fail = (_resource, nth) => (nth === 1 ? failure() : undefined)
  const { auth, browser } = await openScene({ server: rotating.server, resendWithin: MINUTE })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  await browser.advance(2 * HOUR)
  expect(auth.getState().status).toBe('signed-in')
})

test('a call does not put off the write of an answer that storage refused', async () => {
  const { server, asked } = createRotating()
  const { auth, browser } = await openScene({ server })
  const answer = server.onRefresh
  server.onRefresh = (nth, sent) => {
    browser.brokenWrites = 20
    return answer(nth, sent)
  }
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  browser.brokenWrites = 0
  await browser.advance(10_000)
  expect(browser.entry).toMatchObject({ generation: 1 })
  expect(asked).toEqual(['graph'])
})

test('a token in use is renewed though a refresh for it has failed', async () => {
  const rotating = createRotating()
  const { auth, browser } = await openScene({ server: rotating.server })
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  rotating.fail = () => new Response('', { status: 503 })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph', forceRefresh: true }))
  rotating.fail = () => undefined
  rotating.asked.length = 0
  await browser.advance(HOUR - 30_000)
  expect(rotating.asked).toContain('graph')
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).not.toBe('graph-1')
})

test.each([500, 404])(
  'an audience that fails with %d again and again keeps nobody else from a token',
  async (status) => {
    const rotating = createRotating()
    rotating.fail = (resource, nth) =>
      resource === 'graph' ? new Response('', { status: nth === 1 ? 500 : status }) : undefined
    const { auth, browser } = await openScene({ server: rotating.server })
    await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
    await browser.advance(2 * MINUTE)
    expect(await outcomeOf(browser, auth.getAccessToken({ forceRefresh: true }))).toMatch(/^own-/)
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'billing' }))).toMatch(/^billing-/)
    expect(rotating.asked.filter((resource) => resource === 'graph').length).toBeLessThan(12)
  },
)

test('an audience that fails within a grace period gives the others their turn before it is over', async () => {
  const rotating = createRotating()
  rotating.fail = (resource) => (resource === 'graph' ? new Response('', { status: 500 }) : undefined)
  const { auth, browser } = await openScene({ server: rotating.server, resendWithin: MINUTE })
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  await browser.advance(2 * HOUR)
  expect(auth.getState().status).toBe('signed-in')
})

test('a first answer that is lost is asked for again, however often the server has asked for pauses before', async () => {
  const rotating = createRotating()
  rotating.fail = (_resource, nth) =>
    nth < 4 ? new Response('', { status: 429 }) : nth === 4 ? new Response('', { status: 502 }) : undefined
  const { auth, browser } = await openScene({ server: rotating.server, resendWithin: 10 * MINUTE })
  await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  for (let call = 0; rotating.asked.length < 4 && call < 20; call++) {
    await browser.advance(MINUTE)
    await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
  }
  await browser.advance(MINUTE)
  expect(rotating.asked.slice(0, 5)).toEqual(['graph', 'graph', 'graph', 'graph', 'graph'])
})

test.each([{ audiences: audiences({ other: { urls: [`${GRAPH}/`] } }) }, {}])(
  'a version of the page that lost an audience asks for its own token: %j',
  async (options) => {
    const server = createServer()
    const asked: (string | undefined)[] = []
    const refresh: Refresh = ({ audience, fetch, signal }) => {
      asked.push(audience)
      return fetch(`${TOKEN_ENDPOINT}?${audience}`, { method: 'POST', signal })
    }
    server.onRefresh = () => new Response('', { status: 502 })
    const { auth, browser } = await openScene({ server, refresh }, { access_token: 'own-0', expires_in: 3600 })
    await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
    auth.dispose()
    await browser.advance(MINUTE)
    asked.length = 0
    server.onRefresh = (nth) => Response.json({ access_token: `own-${nth}`, expires_in: 3600 })
    const next = createScene({ browser, server, refresh, ...options })
    await outcomeOf(browser, next.auth.restore())
    await browser.advance(MINUTE)
    expect(next.auth.getState()).toMatchObject({ status: 'signed-in', ready: true })
    expect(new Set(asked)).toEqual(new Set([undefined]))
  },
)

test('a call to an audience while a login runs leaves the session as it is', async () => {
  const { server } = createRotating()
  const { auth, browser, names } = await openScene({ server })
  let end = (): void => {}
  const login = auth.signIn(
    () =>
      new Promise((_, reject) => {
        end = () => reject(new Error('closed'))
      }),
  )
  login.catch(() => {})
  await browser.advance(1_000)
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({
    code: 'refresh-unavailable',
    message: 'a login is running',
  })
  expect(auth.getState()).toMatchObject({ status: 'signed-in', ready: true })
  end()
  await browser.advance(2_000)
  expect(names()).not.toContain('signed-out')
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
})

test.each([400, 403, 422])('a status %d that might end a session of a cookie denies an audience', async (status) => {
  const server = createServer()
  server.onRefresh = async (nth, sent) =>
    (await sent.body).includes('graph')
      ? new Response('no', { status })
      : Response.json({ access_token: `own-${nth}`, expires_in: 3600 })
  const { auth, browser } = await openScene(
    { server, refresh: cookieRefresh(TOKEN_ENDPOINT) },
    { access_token: 'own-0', expires_in: 3600 },
  )
  for (let call = 0; call < 3; call++) {
    const reason = await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
    expect(reason).toBeInstanceOf(AudienceDeniedError)
    expect((reason as Error).message).toContain(`the server has answered with status ${status}`)
    await browser.advance(61_000)
  }
  expect(await outcomeOf(browser, auth.getAccessToken({ forceRefresh: true }))).toMatch(/^own-/)
})

test('a server error is no denial, whatever its body: nobody knows whether the token is spent', async () => {
  const rotating = createRotating()
  rotating.fail = () => Response.json({ error: 'invalid_request' }, { status: 500 })
  const { auth, browser } = await openScene({ server: rotating.server, resendWithin: 0 })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  expect(rotating.asked).toEqual(['graph'])
})

test('a server that asks for a pause is left alone by all audiences, whatever the body', async () => {
  const rotating = createRotating()
  rotating.fail = () => Response.json({ error: 'invalid_request' }, { status: 429, headers: { 'retry-after': '120' } })
  const { auth, browser } = await openScene({ server: rotating.server })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  await outcomeOf(browser, auth.getAccessToken({ audience: 'billing' }))
  await outcomeOf(browser, auth.getAccessToken({ forceRefresh: true }))
  expect(rotating.asked).toEqual(['graph'])
})

test.each([
  { error: 'invalid_grant', suberror: 'consent_required' },
  { error: 'interaction_required' },
  { error: 'invalid_target' },
])('a refresh function may resolve with the error as an object: %j', async (body) => {
  const refresh = ownRefresh((audience) => (audience ? body : { access_token: 'own-1', refresh_token: 'refresh-1' }))
  const { auth, browser } = await openScene({ refresh })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBeInstanceOf(AudienceDeniedError)
  expect(auth.getState().status).toBe('signed-in')
})

test('what a refresh function resolves with may have a member `clone`', async () => {
  const refresh = ownRefresh(() => ({ access_token: 'graph-1', refresh_token: 'refresh-1', clone: () => ({}) }))
  const { auth, browser } = await openScene({ refresh })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
})

test('a denial names the audience that was asked for', async () => {
  const refresh = ownRefresh(() => {
    throw new AudienceDeniedError('billing')
  })
  const { auth, browser } = await openScene({ refresh })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({ audience: 'graph' })
})

test('a session without a refresh token lasts as long as its own access token', async () => {
  const { server, asked } = createRotating()
  const { auth, browser } = await openScene({ server }, { access_token: 'own-0', expires_in: 3600 })
  expect(await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))).toMatchObject({
    code: 'refresh-unavailable',
    message: expect.stringContaining('there is no refresh token'),
  })
  expect(auth.getState().status).toBe('signed-in')
  expect(await outcomeOf(browser, auth.getAccessToken())).toBe('own-0')
  expect(asked).toEqual([])
})

test('a tab that takes over a first token tells its listeners', async () => {
  const { server } = createRotating()
  const { auth, browser } = await openScene({ server })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  const other = createScene({ browser, server, audiences: audiences(LIST) })
  await outcomeOf(browser, other.auth.restore())
  expect(await outcomeOf(browser, other.auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
  expect(other.events).toContainEqual({
    name: 'refreshed',
    detail: expect.objectContaining({ audience: 'graph', source: 'other-tab' }),
  })
})

test('a request of a refresh function that is no POST to its endpoint stays as it is', async () => {
  const server = createServer()
  const refresh: Refresh = Object.assign(
    (({ audience, fetch, signal }) => fetch(`${TOKEN_ENDPOINT}?for=${audience}`, { signal })) as Refresh,
    { endpoint: new URL(TOKEN_ENDPOINT) },
  )
  const { auth, browser } = await openScene({ server, refresh }, { access_token: 'own-0' })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('access-1')
  expect(server.refreshes.map(({ url, method }) => [url, method])).toEqual([[`${TOKEN_ENDPOINT}?for=graph`, 'GET']])
})

test('a forced refresh rejects if the server gives the token of another audience', async () => {
  const { server } = createRotating()
  const { auth, browser } = await openScene({ server })
  await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
  await browser.advance(MINUTE)
  server.onRefresh = () => Response.json({ access_token: 'own-0', refresh_token: 'refresh-9', expires_in: 3600 })
  expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph', forceRefresh: true }))).toBeInstanceOf(
    AudienceDeniedError,
  )
})

test('a body that never ends costs an audience no more than the session itself', async () => {
  const server = createServer()
  server.onRefresh = () => new Response(new ReadableStream({}))
  const { auth, browser } = await openScene(
    { server, refresh: cookieRefresh(TOKEN_ENDPOINT), resendWithin: 0 },
    { access_token: 'own-0', expires_in: 3600 },
  )
  auth.getAccessToken({ audience: 'graph' }).catch(() => {})
  await browser.advance(31_000)
  server.onRefresh = (nth) => Response.json({ access_token: `graph-${nth}`, expires_in: 3600 })
  await browser.advance(31_000)
  expect(auth.getState().status).toBe('signed-in')
})

test('a session that is over for an audience, by its status alone, is over for its own audience soon', async () => {
  const rotating = createRotating()
  rotating.fail = () => new Response('Unauthorized', { status: 401 })
  const { auth, browser } = await openScene({ server: rotating.server })
  await browser.advance(MINUTE)
  expect(await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))).toBeInstanceOf(AudienceDeniedError)
  expect(auth.getState().status).toBe('signed-in')
  await browser.advance(10_000)
  expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  expect(rotating.asked).toEqual(['graph', 'own', 'own'])
})
