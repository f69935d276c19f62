// Several audiences from one refresh token: which token goes where, one refresh at a time, and denials that end nothing.

import { describe, expect, test } from 'vitest'
import { type Audience, AudienceDeniedError, audiences } from '../../src/audiences.ts'
import {
  cookieRefresh,
  jsonRefresh,
  oauthRefresh,
  type RefreshRequest,
  RefreshUnavailableError,
  SessionEndedError,
} from '../../src/index.ts'
import type { VirtualBrowser } from '../../src/testing/virtual-platform.ts'
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
  TOKEN_ENDPOINT,
  unauthorized,
} from './harness.ts'

const GRAPH = 'https://graph.example'
const LIST: Readonly<Record<string, Audience>> = {
  graph: { urls: [`${GRAPH}/`], parameters: { resource: 'https://graph' } },
  billing: { urls: [`${API}/billing/`], parameters: { resource: 'https://billing' } },
}

/** A server that rotates, revokes everything at a reuse, and gives each resource a token of its own. */
interface Strict {
  readonly server: Server
  /** The audience of each refresh, in order. */
  readonly asked: string[]
  reuses: number
  /** Answers a resource with an error, before or after the refresh token is spent. */
  readonly denied: Map<string, { readonly body: object; readonly isSpent?: boolean; readonly status?: number }>
}

function createStrict(): Strict {
  const server = createServer()
  let current = 0
  const strict: Strict = { server, asked: [], reuses: 0, denied: new Map() }
  server.onRefresh = async (nth, sent) => {
    const body = new URLSearchParams(await sent.body)
    const resource = body.get('resource') ?? 'own'
    strict.asked.push(resource.replace('https://', ''))
    if (body.get('refresh_token') !== `refresh-${current}`) {
      strict.reuses++
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    const denial = strict.denied.get(resource)
    if (denial?.isSpent ?? !denial) current++
    if (denial) return Response.json(denial.body, { status: denial.status ?? 400 })
    const access_token = `${resource.replace('https://', '')}-${nth}`
    return Response.json({ access_token, refresh_token: `refresh-${current}`, expires_in: 3600 })
  }
  return strict
}

async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = createScene({ audiences: audiences(LIST), ...options })
  await scene.auth.signIn({ access_token: 'own-0', refresh_token: 'refresh-0', expires_in: 3600 })
  await drain()
  scene.events.length = 0
  return scene
}

/** What comes of a promise within five seconds, at once as soon as it comes. */
async function soon<Value>(browser: VirtualBrowser, promise: Promise<Value>): Promise<Value> {
  let isPending = true
  const end = (): void => {
    isPending = false
  }
  promise.then(end, end)
  // Messages and transactions take a task each, and no time.
  for (let task = 0; isPending && task < 20; task++) await drain()
  for (let passed = 0; isPending && passed < 5_000; passed += 50) await browser.advance(50)
  return isPending ? Promise.reject(new Error('nothing has come of it')) : promise
}

const outcomeOf = (browser: VirtualBrowser, promise: Promise<unknown>): Promise<unknown> =>
  soon(browser, promise).catch((error: unknown) => error)

/** Another tab of the same browser, which has found the session. */
async function openSibling(browser: VirtualBrowser, server: Server): Promise<Scene> {
  const scene = createScene({ browser, server, audiences: audiences(LIST) })
  await soon(browser, scene.auth.restore())
  return scene
}

describe('the address picks the token', () => {
  test('each goes to the URLs of its audience, and no other token does', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await soon(browser, auth.authFetch(`${API}/billing/invoices`))
    await soon(browser, auth.authFetch(`${API}/billing`))
    await soon(browser, auth.authFetch(`${API}/things`))
    await soon(browser, auth.authFetch('https://elsewhere.example/'))
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([
      bearer('graph-1'),
      bearer('billing-2'),
      bearer('own-0'),
      bearer('own-0'),
      null,
    ])
  })

  test('the longest URL counts, however the address is written', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({
      server,
      audiences: audiences({
        outer: { urls: [`${API}/a/`], parameters: { resource: 'https://outer' } },
        inner: { urls: [`${API}/a/b/`], parameters: { resource: 'https://inner' } },
      }),
    })
    await soon(browser, auth.authFetch(new URL(`${API}/a/b/c`)))
    await soon(browser, auth.authFetch(new Request(`${API}/x/../a/%2e/b/c`)))
    await soon(browser, auth.authFetch(`${API}/a/b`))
    await soon(browser, auth.authFetch(`${API}\\a\\b\\c`))
    await soon(browser, auth.authFetch(`${API}/a/b%2Fc`))
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([
      bearer('inner-1'),
      bearer('inner-1'),
      bearer('outer-2'),
      bearer('inner-1'),
      bearer('outer-2'),
    ])
  })

  test('an address with credentials, the refresh endpoint, and auth: false get none', async () => {
    const { server } = createStrict()
    const origin = new URL(TOKEN_ENDPOINT).origin
    const { auth, browser } = await openScene({
      server,
      audiences: audiences({ all: { urls: [`${origin}/`, `${GRAPH}/`] } }),
    })
    await soon(
      browser,
      auth.authFetch(TOKEN_ENDPOINT, { method: 'POST' }).catch(() => {}),
    )
    await soon(browser, auth.authFetch(`${GRAPH}/me`, { auth: false }))
    await soon(
      browser,
      auth.authFetch(`https://user:word@graph.example/`).catch(() => {}),
    )
    const sent = [...server.calls, ...server.refreshes]
    expect(sent.map(({ authorization }) => authorization)).toEqual([null, null])
  })

  test('an input that reads differently each time gets no token of another audience', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    const addresses = [`${GRAPH}/me`, `${API}/things`, `${API}/things`, `${GRAPH}/me`, `${API}/billing/x`]
    for (let start = 0; start < addresses.length; start++) {
      let read = start
      const input = { toString: () => addresses[read++ % addresses.length] as string }
      await soon(
        browser,
        auth.authFetch(input as unknown as string).catch(() => {}),
      )
    }
    for (const { url, authorization } of server.calls) {
      const owner = url.startsWith(GRAPH) ? 'graph' : url.startsWith(`${API}/billing/`) ? 'billing' : 'own'
      if (authorization) expect(authorization).toContain(owner)
    }
  })

  test('getHeaders goes by the address too', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    expect(await soon(browser, auth.getHeaders({ url: `${GRAPH}/me` }))).toEqual({ Authorization: bearer('graph-1') })
    expect(await soon(browser, auth.getHeaders({ url: `${API}/things` }))).toEqual({ Authorization: bearer('own-0') })
    expect(await soon(browser, auth.getHeaders({ url: 'https://elsewhere.example/' }))).toEqual({})
  })
})

describe('getAccessToken and getClaims', () => {
  test('give the token of the audience that is named', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    expect(auth.getClaims({ audience: 'graph' })).toBeUndefined()
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
    expect(await soon(browser, auth.getAccessToken())).toBe('own-0')
  })

  test('a first token does not wait for other tabs: the ledger shows that none has it', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    const before = browser.now()
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
    expect(browser.now()).toBe(before)
  })

  test('the claims are those of its own token', async () => {
    const server = createServer()
    server.onRefresh = () =>
      Response.json({ access_token: jwt({ aud: 'g', exp: 9e9, name: 'of graph' }), refresh_token: 'r' })
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.getAccessToken({ audience: 'graph' }))
    expect(auth.getClaims({ audience: 'graph' })).toMatchObject({ name: 'of graph' })
    expect(auth.getClaims()).toBeUndefined()
  })

  test('a user may have another subject in each, and the session is one', async () => {
    const server = createServer()
    server.onRefresh = async (nth, { body }) => {
      const sub = `alice-of-${new URLSearchParams(await body).get('resource') ?? 'own'}`
      return Response.json({ access_token: jwt({ sub, nth }), refresh_token: `refresh-${nth}`, expires_in: 3600 })
    }
    const { auth, browser, names } = await openScene({ server })
    await soon(browser, auth.getAccessToken({ forceRefresh: true }))
    for (const audience of ['graph', 'billing']) await soon(browser, auth.getAccessToken({ audience }))
    expect(auth.getClaims({ audience: 'graph' })).toMatchObject({ sub: 'alice-of-https://graph' })
    expect(auth.getClaims()).toMatchObject({ sub: 'alice-of-own', nth: 1 })
    expect(names()).toEqual(['refreshed', 'refreshed', 'refreshed'])
  })

  test('a refresh that sends the access token along sends the session’s own', async () => {
    const server = createServer()
    const sent: string[] = []
    server.onRefresh = async (nth, { body }) => {
      const { resource = 'own', token } = JSON.parse(await body)
      sent.push(`${token} for ${resource}`)
      return Response.json({ access_token: `${resource}-${nth}`, refresh_token: `refresh-${nth}`, expires_in: 3600 })
    }
    const refresh = jsonRefresh({
      endpoint: TOKEN_ENDPOINT,
      body: ({ refreshToken, accessToken }) => ({ refresh_token: refreshToken, token: accessToken }),
    })
    const { auth, browser } = await openScene({ server, refresh })
    await soon(browser, auth.getAccessToken({ audience: 'graph' }))
    await soon(browser, auth.getAccessToken({ forceRefresh: true }))
    await soon(browser, auth.getAccessToken({ audience: 'billing' }))
    expect(sent).toEqual(['own-0 for https://graph', 'own-0 for own', 'own-2 for https://billing'])
  })

  test('a name that is no audience is an error', async () => {
    const { auth } = await openScene()
    await expect(auth.getAccessToken({ audience: 'grpah' })).rejects.toThrow('"audience" must be one of')
    expect(() => auth.getClaims({ audience: 'constructor' })).toThrow('"audience" must be one of')
  })

  test('without the option, too', async () => {
    const { auth } = createScene()
    await expect(auth.getAccessToken({ audience: 'graph' })).rejects.toThrow(TypeError)
  })
})

describe('one refresh token', () => {
  test('a thousand calls to three audiences need one refresh each, one after another', async () => {
    const { server, asked, ...strict } = createStrict()
    const { auth, browser } = await openScene({ server })
    await browser.advance(HOUR + MINUTE)
    asked.length = 0
    server.refreshes.length = 0
    await browser.advance(HOUR)
    asked.length = 0
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      auth.authFetch([`${GRAPH}/me`, `${API}/billing/x`, `${API}/things`][index % 3] as string),
    )
    await browser.advance(5_000)
    const statuses = new Set((await Promise.all(calls)).map(({ status }) => status))
    expect([...statuses]).toEqual([200])
    expect(asked.filter((audience) => audience !== 'own').sort()).toEqual(['billing', 'graph'])
    expect(strict.reuses).toBe(0)
  })

  test('two tabs share what either has obtained', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    const other = await openSibling(browser, server)
    await soon(browser, auth.getAccessToken({ audience: 'graph' }))
    await browser.advance(1_000)
    expect(await soon(browser, other.auth.getAccessToken({ audience: 'graph' }))).toBe('graph-1')
    await soon(browser, other.auth.getAccessToken({ audience: 'billing' }))
    await browser.advance(1_000)
    expect(await soon(browser, auth.getAccessToken({ audience: 'billing' }))).toBe('billing-2')
    expect(await soon(browser, other.auth.getAccessToken())).toBe('own-0')
    expect(asked).toEqual(['graph', 'billing'])
  })

  test('a new tab is given all tokens, and asks the server for none', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.getAccessToken({ audience: 'graph' }))
    await soon(browser, auth.getAccessToken({ audience: 'billing' }))
    const other = await openSibling(browser, server)
    const given = Promise.all([
      other.auth.getAccessToken(),
      other.auth.getAccessToken({ audience: 'graph' }),
      other.auth.getAccessToken({ audience: 'billing' }),
    ])
    await browser.advance(1_000)
    expect(await given).toEqual(['own-0', 'graph-1', 'billing-2'])
    expect(asked).toHaveLength(2)
  })

  test('a busy tab that hears of a new token amid its own question for one sends no request', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    const { platform } = browser.openTab()
    const { channel, clock } = platform
    let handled = 0
    // It handles one message in 27 ms: the news of the token within its 100 ms of asking, and the token after.
    const open: typeof channel.open = (listener) =>
      channel.open((message) => {
        handled = Math.max(handled, clock.elapsed()) + 27
        clock.after(handled - clock.elapsed(), () => listener(message))
      })
    const busy = createScene({
      browser,
      server,
      audiences: audiences(LIST),
      platform: { ...platform, channel: { ...channel, open } },
    })
    await soon(browser, busy.auth.restore())
    await browser.advance(1_000)
    // Its answers to questions wake those that wait for the lock.
    await openSibling(browser, server)
    await browser.advance(1_000)
    const given = auth.getAccessToken({ audience: 'graph' })
    const wanted = busy.auth.getAccessToken({ audience: 'graph' })
    for (let passed = 0; passed < 500; passed++) await browser.advance(1)
    expect([await given, await wanted]).toEqual(['graph-1', 'graph-1'])
    expect(asked).toEqual(['graph'])
  })

  test('two tabs that want two audiences at once spend two generations', async () => {
    const { server, asked, ...strict } = createStrict()
    const { auth, browser } = await openScene({ server })
    const other = await openSibling(browser, server)
    const given = Promise.all([
      auth.getAccessToken({ audience: 'graph' }),
      other.auth.getAccessToken({ audience: 'billing' }),
      auth.getAccessToken({ audience: 'billing' }),
      other.auth.getAccessToken({ audience: 'graph' }),
    ])
    await browser.advance(5_000)
    const [graph, billing, ...again] = await given
    expect(again).toEqual([billing, graph])
    expect(asked.sort()).toEqual(['billing', 'graph'])
    expect(strict.reuses).toBe(0)
  })

  test('a 401 of one audience refreshes that one alone', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await browser.advance(MINUTE)
    asked.length = 0
    server.onCall = ({ authorization }) => (authorization === bearer('graph-1') ? unauthorized() : new Response('ok'))
    expect((await soon(browser, auth.authFetch(`${GRAPH}/me`))).status).toBe(200)
    expect((await soon(browser, auth.authFetch(`${API}/things`))).status).toBe(200)
    expect(asked).toEqual(['graph'])
  })

  test('the timer renews an audience that was used since its last token, and no other', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await soon(browser, auth.authFetch(`${API}/billing/x`))
    await browser.advance(MINUTE)
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    asked.length = 0
    await browser.advance(HOUR)
    expect(asked.filter((audience) => audience !== 'own').sort()).toEqual(['billing', 'graph'])
    asked.length = 0
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await browser.advance(HOUR)
    expect(asked.filter((audience) => audience !== 'own')).toEqual(['graph'])
    asked.length = 0
    await browser.advance(3 * HOUR)
    expect(new Set(asked)).toEqual(new Set(['own']))
  })

  test('a new session has none of the last one’s tokens', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await auth.signOut()
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBeUndefined()
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await auth.signIn({ access_token: 'own-b', refresh_token: 'refresh-1', expires_in: 3600 })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('graph-1'), null, bearer('graph-2')])
  })

  test('an answer that was lost is asked for again, with the same parameters and key, by whoever comes next', async () => {
    const { server, asked } = createStrict()
    const { auth, browser } = await openScene({
      server,
      refresh: oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', idempotencyKey: true }),
    })
    const answer = server.onRefresh
    const seen: unknown[] = []
    server.onRefresh = async (nth, sent) => {
      const body = new URLSearchParams(await sent.body)
      seen.push([body.get('resource'), sent.request.headers.get('idempotency-key'), body.get('refresh_token')])
      if (nth === 1) throw new TypeError('Failed to fetch')
      return answer(nth, sent)
    }
    const failed = auth.getAccessToken({ audience: 'graph' }).catch(() => {})
    const own = auth.getAccessToken({ forceRefresh: true })
    await browser.advance(MINUTE)
    await failed
    expect(await own).toMatch(/^own-/)
    expect(seen[1]).toEqual(seen[0])
    expect(asked).toEqual(['graph', 'own'])
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
  })

  test('the key of a request names its audience, for a server that replays its answers', async () => {
    const keys: string[] = []
    const { auth, browser } = await openScene({
      audiences: audiences({ façade: { urls: [`${GRAPH}/`] } }),
      refresh: Object.assign(
        ({ idempotencyKey }: RefreshRequest) => {
          keys.push(idempotencyKey)
          return Promise.reject(new TypeError('Failed to fetch'))
        },
        { holdsRefreshToken: true },
      ),
    })
    await outcomeOf(browser, auth.getAccessToken({ audience: 'façade' }))
    expect(keys[0]).toBe(`${browser.entry?.attempt?.id}-fa%C3%A7ade`)
  })
})

describe('a denial', () => {
  const deny = (error: string, suberror?: string, status = 400) => ({ body: { error, suberror }, status })

  test.each([
    ['invalid_scope', undefined, 400],
    ['unauthorized_client', undefined, 400],
    ['interaction_required', undefined, 400],
    ['invalid_grant', 'consent_required', 400],
    ['invalid_scope', undefined, 200],
    ['invalid_grant', 'consent_required', 200],
  ])('by %s, %s with status %d concerns its audience alone', async (error, suberror, status) => {
    const { server, denied, ...strict } = createStrict()
    const { auth, browser, names, events } = await openScene({ server })
    denied.set('https://graph', deny(error, suberror, status))
    const reason = await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
    expect(reason).toBeInstanceOf(AudienceDeniedError)
    expect(reason).toMatchObject({ code: 'audience-denied', audience: 'graph', error: suberror ?? error })
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBe('own-2')
    expect(await soon(browser, auth.getAccessToken({ audience: 'billing' }))).toBe('billing-3')
    expect(auth.getState().status).toBe('signed-in')
    expect(names()).toEqual(['refresh-failed', 'refreshed', 'refreshed'])
    expect(events.map(({ detail }) => (detail as { audience?: string }).audience)).toEqual([
      'graph',
      undefined,
      'billing',
    ])
    expect(strict.reuses).toBe(0)
  })

  test('is answered at once for a minute, then asked about again', async () => {
    const { server, denied, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', deny('invalid_scope'))
    for (let call = 0; call < 5; call++)
      expect(await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))).toBeInstanceOf(Error)
    expect(asked).toEqual(['graph'])
    denied.clear()
    await browser.advance(MINUTE + 1_000)
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
  })

  test('ends with the next sign-in', async () => {
    const { server, denied } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', deny('consent_required'))
    await soon(
      browser,
      auth.authFetch(`${GRAPH}/me`).catch(() => {}),
    )
    denied.clear()
    await auth.signIn({ access_token: 'own-b', refresh_token: 'refresh-0', expires_in: 3600 })
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
  })

  test('that comes after the next sign-in concerns the session before it', async () => {
    const { server, denied, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', deny('invalid_scope'))
    const answer = server.onRefresh
    let deliver = (): void => {}
    server.onRefresh = async (...request) => {
      const response = await answer(...request)
      await new Promise<void>((resolve) => {
        deliver = resolve
      })
      return response
    }
    const before = outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
    await browser.advance(200)
    await auth.signIn({ access_token: 'own-b', refresh_token: 'refresh-0', expires_in: 3600 })
    server.onRefresh = answer
    denied.clear()
    deliver()
    await before
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBe('graph-2')
    expect(asked).toEqual(['graph', 'graph'])
  })

  test('stands if its refresh was the first to see the session', async () => {
    const { server, denied, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    const late = await openSibling(browser, server)
    // Its channel is closed, so that nobody tells it of the next session.
    await late.tab.fire('hide')
    await auth.signIn({ access_token: 'own-b', refresh_token: 'refresh-0', expires_in: 3600 })
    denied.set('https://graph', deny('invalid_scope'))
    const call = (): Promise<unknown> => outcomeOf(browser, late.auth.getAccessToken({ audience: 'graph' }))
    expect(await call()).toBeInstanceOf(AudienceDeniedError)
    await soon(browser, late.auth.getAccessToken({ forceRefresh: true }))
    expect(await call()).toBeInstanceOf(AudienceDeniedError)
    expect(asked.filter((audience) => audience === 'graph')).toHaveLength(1)
  })

  test('by invalid_target leaves the refresh token in doubt, and is not repeated', async () => {
    const { server, denied, asked } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', deny('invalid_target'))
    expect(await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))).toBeInstanceOf(AudienceDeniedError)
    expect(browser.entry?.attempt).toMatchObject({ doubt: true, denied: true })
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBe('own-2')
    expect(asked).toEqual(['graph', 'own'])
  })

  test('by invalid_target is warned of once for each audience, because it may end the session', async () => {
    const { server, denied, asked } = createStrict()
    const { auth, browser, tab } = await openScene({ server })
    denied.set('https://graph', deny('invalid_target'))
    for (let minute = 0; minute < 2; minute++) {
      await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
      await browser.advance(MINUTE)
    }
    expect(asked.filter((audience) => audience === 'graph')).toHaveLength(2)
    expect(tab.warnings).toEqual([
      'the server gives no token for the audience "graph": invalid_target. It may have spent the refresh token, which ends the session: list only audiences that were granted',
    ])
  })

  test('by invalid_scope spends nothing, and is not warned of', async () => {
    const { server, denied } = createStrict()
    const { auth, browser, tab } = await openScene({ server })
    denied.set('https://graph', deny('invalid_scope'))
    await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))
    expect(tab.warnings).toEqual([])
  })

  test('that has spent the refresh token ends the session in doubt, and as no verdict', async () => {
    const { server, denied } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', { ...deny('invalid_target'), isSpent: true })
    await soon(
      browser,
      auth.authFetch(`${GRAPH}/me`).catch(() => {}),
    )
    await soon(
      browser,
      auth.getAccessToken({ forceRefresh: true }).catch(() => {}),
    )
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'in-doubt' })
  })

  test('by invalid_grant alone is the verdict on the session', async () => {
    const { server, denied } = createStrict()
    const { auth, browser } = await openScene({ server })
    denied.set('https://graph', deny('invalid_grant'))
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('a server that ignores the audience gives a token that nobody sends', async () => {
    const server = createServer()
    server.onRefresh = (nth) =>
      Response.json({ access_token: jwt({ aud: 'own', nth }), refresh_token: `refresh-${nth}`, expires_in: 3600 })
    const { auth, browser } = await openScene({
      server,
      audiences: audiences({ graph: { urls: [`${GRAPH}/`], parameters: { audience: 'grpah' }, expect: 'graph' } }),
    })
    const reason = await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))
    expect(reason).toBeInstanceOf(AudienceDeniedError)
    expect(reason).toMatchObject({ error: undefined, message: expect.stringContaining('or a token for another one') })
    expect(server.calls).toEqual([])
    expect(browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-1' })
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBeDefined()
  })

  test('the very token of another audience is none', async () => {
    const server = createServer()
    server.onRefresh = (nth) =>
      Response.json({ access_token: 'own-0', refresh_token: `refresh-${nth}`, expires_in: 3600 })
    const { auth, browser } = await openScene({ server })
    expect(await outcomeOf(browser, auth.authFetch(`${GRAPH}/me`))).toBeInstanceOf(AudienceDeniedError)
  })

  test('an outage is none, and holds for all audiences', async () => {
    const { server } = createStrict()
    const { auth, browser } = await openScene({ server })
    server.onRefresh = () => new Response('', { status: 503, headers: { 'retry-after': '30' } })
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toBeInstanceOf(RefreshUnavailableError)
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'billing' }))).toBeInstanceOf(
      RefreshUnavailableError,
    )
    expect(server.refreshes).toHaveLength(1)
  })

  test('a refresh function of one’s own may throw it', async () => {
    const seen: unknown[] = []
    const { auth, browser } = await openScene({
      refresh: async ({ audience, parameters }) => {
        seen.push([audience, parameters])
        if (audience === 'graph') throw new AudienceDeniedError('graph', 'not_for_you')
        if (audience) throw new SessionEndedError()
        return { access_token: 'own-1' }
      },
    })
    expect(await outcomeOf(browser, auth.getAccessToken({ audience: 'graph' }))).toMatchObject({ error: 'not_for_you' })
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBe('own-1')
    expect(seen).toEqual([
      ['graph', { resource: 'https://graph' }],
      [undefined, undefined],
    ])
  })
})

describe('the parameters', () => {
  test.each([
    [cookieRefresh(TOKEN_ENDPOINT, { headers: {} }), 'resource=https%3A%2F%2Fgraph'],
    [
      oauthRefresh({
        tokenEndpoint: TOKEN_ENDPOINT,
        clientId: 'spa',
        scope: 'all',
        parameters: { resource: 'own', a: 'b' },
      }),
      'resource=https%3A%2F%2Fgraph&a=b&grant_type=refresh_token&client_id=spa&refresh_token=refresh-0&scope=all',
    ],
    [jsonRefresh({ endpoint: TOKEN_ENDPOINT }), '{"refresh_token":"refresh-0","resource":"https://graph"}'],
    [jsonRefresh({ endpoint: TOKEN_ENDPOINT, body: ({ refreshToken }) => [refreshToken].length }), '1'],
  ])('are in the body of a built-in refresh, over its own (%#)', async (refresh, body) => {
    const { auth, browser, server } = await openScene({ refresh })
    await soon(browser, auth.getAccessToken({ audience: 'graph' }))
    expect(await server.refreshes[0]?.body).toBe(body)
    await soon(browser, auth.getAccessToken({ forceRefresh: true }))
    expect(await server.refreshes[1]?.body).not.toContain('graph')
  })
})

describe('the option', () => {
  test.each<readonly [string, unknown]>([
    ['an object', undefined],
    ['an object', []],
    ['an object', { graph: 'https://graph.example/' }],
    ['named otherwise', { toString: { urls: [`${GRAPH}/`] } }],
    ['a list of URLs', { graph: {} }],
    ['a list of URLs', { graph: { urls: [] } }],
    ['absolute http(s) URLs that end in "/"', { graph: { urls: ['/graph/'] } }],
    ['absolute http(s) URLs that end in "/"', { graph: { urls: [`${GRAPH}/v1`] } }],
    ['absolute http(s) URLs that end in "/"', { graph: { urls: [`${GRAPH}/?a=/`] } }],
    ['absolute http(s) URLs that end in "/"', { graph: { urls: ['https://me:word@graph.example/'] } }],
    ['absolute http(s) URLs that end in "/"', { graph: { urls: ['blob:https://graph.example/'] } }],
    ['without https://graph.example/', { a: { urls: [`${GRAPH}/`] }, b: { urls: ['https://GRAPH.example:443/'] } }],
    ['an object of strings', { graph: { urls: [`${GRAPH}/`], parameters: { resource: 1 } } }],
    ['left to the refresh function', { graph: { urls: [`${GRAPH}/`], parameters: { client_id: 'x' } } }],
    ['a non-empty string', { graph: { urls: [`${GRAPH}/`], expect: '' } }],
    ['left out', { graph: { urls: [`${GRAPH}/`], scopes: [] } }],
  ])('must be %s: %j', (wanted, list) => {
    expect(() => audiences(list as never)).toThrow(wanted)
    expect(() => audiences(list as never)).toThrow(TypeError)
  })

  test('a client takes only what audiences() makes', () => {
    expect(() => createScene({ audiences: LIST as never })).toThrow('"audiences" must be made by audiences()')
    expect(() => createScene({ audiences: (() => {}) as never })).toThrow('"audiences" must be made by audiences()')
  })

  test('is read once', async () => {
    const { server } = createStrict()
    const urls = [`${GRAPH}/`]
    const parameters = { resource: 'https://graph' }
    const made = audiences({ graph: { urls, parameters } })
    urls.push('https://evil.example/')
    parameters.resource = 'https://evil'
    const { auth, browser } = await openScene({ server, audiences: made })
    await soon(browser, auth.authFetch(`${GRAPH}/me`))
    await soon(browser, auth.authFetch('https://evil.example/'))
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('graph-1'), null])
  })
})
