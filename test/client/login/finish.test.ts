// `login.finish()`: reading the answer by redirect, and exchanging its code.

import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLogin, LoginError } from '../../../src/login.ts'
import { createGate, createScene, createServer, drain, jwt, tokens } from '../harness.ts'
import { APP, createLoginScene, exchanges, ISSUER, idTokenClaims, METADATA, openPage } from './page.ts'

afterEach(() => {
  vi.useRealTimers()
})

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error) => (error instanceof LoginError ? error.code : error),
  )

/** Waits for what runs in IndexedDB too. */
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 50_000, interval: 1 })

describe('a sign-in', () => {
  test('exchanges the code, and resolves with where the user wants to go', async () => {
    const scene = createLoginScene()
    expect(await scene.signIn()).toBe('/orders?page=2#top')
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(await scene.auth.getAccessToken()).toBe('opaque')
    expect(exchanges(scene)).toEqual([
      {
        grant_type: 'authorization_code',
        client_id: 'spa',
        redirect_uri: `${APP}/callback`,
        code: 'code-1',
        code_verifier: expect.any(String),
      },
    ])
  })

  test('is not finished on a page that is no answer', async () => {
    const scene = createLoginScene()
    for (const path of ['/', '/?code=1&state=2', '/callback', '/callback?code=1', '/callback/x?code=1&state=2']) {
      scene.page.href = `${APP}${path}`
      expect(await scene.login.finish()).toBeUndefined()
      expect(scene.page.href).toBe(`${APP}${path}`)
    }
    expect(scene.as.asked).toEqual([])
  })

  test('is not finished on a server that renders pages', async () => {
    vi.stubGlobal('location', undefined)
    const { auth } = createScene()
    const login = createLogin(auth, { issuer: ISSUER, clientId: 'spa', redirectUri: '/callback' })
    expect(await login.finish()).toBeUndefined()
  })

  test('cleans the address before the code is sent', async () => {
    const scene = createLoginScene()
    const seen: string[] = []
    scene.as.answer = () => void seen.push(scene.page.href)
    await scene.signIn()
    expect(seen.at(-1)).toBe(`${APP}/callback`)
  })

  test('gives its tokens to onTokens, once the session has begun', async () => {
    const onTokens = vi.fn()
    const scene = createLoginScene({ onTokens: (given) => onTokens(given, scene.auth.getState().status) })
    await scene.signIn({})
    expect(onTokens.mock.calls).toEqual([
      [expect.objectContaining({ access_token: 'opaque', id_token: expect.any(String) }), 'signed-in'],
    ])
  })

  test('has the subject of the ID token where the access token is opaque', async () => {
    const scene = createLoginScene()
    await scene.signIn({ sub: 'alice' })
    expect(scene.browser.entry?.subject).toBe('alice')
  })

  test('has the subject of the access token where that tells', async () => {
    const scene = createLoginScene()
    scene.as.answer = ({ url }) =>
      url === METADATA.token_endpoint
        ? Response.json({ ...tokens(1), access_token: jwt({ sub: 'of-the-api' }) })
        : undefined
    await scene.signIn()
    expect(scene.browser.entry?.subject).toBe('of-the-api')
  })
})

describe('one answer is used once', () => {
  test('called twice, the second call joins the first', async () => {
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    scene.comeBack({ code: 'code-1', state, iss: ISSUER })
    const both = [scene.login.finish(), scene.login.finish()]
    // A router may be elsewhere by now.
    scene.page.href = `${APP}/elsewhere`
    both.push(scene.login.finish())
    expect(await Promise.all(both)).toEqual(Array(3).fill('/orders?page=2#top'))
    expect(exchanges(scene)).toHaveLength(1)
    expect(await scene.login.finish()).toBeUndefined()
  })

  test('called twice, both are told of a failure', async () => {
    const scene = createLoginScene()
    scene.comeBack({ code: 'code-1', state: 'unknown' })
    const both = [scene.login.finish(), scene.login.finish()]
    expect(await Promise.all(both.map(codeOf))).toEqual(['unknown-state', 'unknown-state'])
  })

  test('opened again, it is unknown', async () => {
    const scene = createLoginScene()
    scene.as.answer = ({ url }) =>
      url === METADATA.token_endpoint ? Response.json({ error: 'invalid_grant' }, { status: 400 }) : undefined
    const { state = '' } = await scene.begin()
    const answer = { code: 'code-1', state, iss: ISSUER }
    scene.comeBack(answer)
    expect(await codeOf(scene.login.finish())).toBe('invalid_grant')
    scene.comeBack(answer)
    expect(await codeOf(scene.login.finish())).toBe('unknown-state')
    expect(exchanges(scene)).toHaveLength(1)
  })

  test('opened again when the session is there, it leads to the root', async () => {
    const factory = new IDBFactory()
    const scene = createLoginScene({ page: openPage('/', factory) })
    const { state = '' } = await scene.begin()
    const answer = { code: 'code-1', state, iss: ISSUER }
    scene.comeBack(answer)
    await scene.login.finish()
    const other = createLoginScene({ page: openPage('/', factory), client: { browser: scene.browser } })
    other.comeBack(answer)
    expect(await other.login.finish()).toBe('/')
    expect(other.as.asked).toEqual([])
  })

  test('taken by two tabs at once, one exchanges it', async () => {
    const factory = new IDBFactory()
    const scene = createLoginScene({ page: openPage('/', factory) })
    const { state = '' } = await scene.begin({ returnTo: '/orders' })
    const page = openPage(`/callback?${new URLSearchParams({ code: 'code-1', state, iss: ISSUER })}`, factory)
    const tabs = [1, 2].map(() => createLoginScene({ page, client: { browser: scene.browser } }))
    const { href } = page
    const results = tabs.map(({ login }) => {
      page.href = href
      return login.finish().catch((error) => error.code)
    })
    const paths = await Promise.all(results)
    const others = paths.filter((path) => path !== '/orders')
    // Whoever is second finds the session, or comes too early for it.
    expect(others).toEqual([expect.stringMatching(/^(\/|unknown-state)$/)])
    expect(tabs.flatMap(exchanges)).toHaveLength(1)
  })

  test('after ten minutes, it is unknown', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    vi.setSystemTime(Date.now() + 600_001)
    scene.comeBack({ code: 'code-1', state, iss: ISSUER })
    expect(await codeOf(scene.login.finish())).toBe('unknown-state')
    expect(exchanges(scene)).toEqual([])
  })

  test('several sign-ins at once do not know of each other', async () => {
    const scene = createLoginScene()
    const first = await scene.begin({ returnTo: '/first' })
    const second = await scene.begin({ returnTo: '/second' })
    scene.comeBack({ code: 'code-2', state: String(second.state), iss: ISSUER })
    expect(await scene.login.finish()).toBe('/second')
    scene.comeBack({ code: 'code-1', state: String(first.state), iss: ISSUER })
    expect(await scene.login.finish()).toBe('/first')
    expect(exchanges(scene).map(({ code }) => code)).toEqual(['code-2', 'code-1'])
  })
})

describe('an answer of another server', () => {
  test.each([
    ['names another issuer', { iss: 'https://evil.example' }],
    ['names no issuer where the server does', {}],
    ['names an empty issuer', { iss: '' }],
    ['tells an error', { iss: 'https://evil.example', error: 'access_denied' }],
  ])('that %s sends nothing', async (_, answer) => {
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    const before = scene.as.asked.length
    scene.comeBack({ code: 'code-1', state, ...answer })
    expect(await codeOf(scene.login.finish())).toBe('wrong-issuer')
    expect(scene.as.asked).toHaveLength(before)
  })

  test('is not suspected where the server never names itself', async () => {
    const { authorization_response_iss_parameter_supported: _, ...metadata } = METADATA
    const scene = createLoginScene({ metadata })
    const { state = '' } = await scene.begin()
    scene.comeBack({ code: 'code-1', state })
    expect(await scene.login.finish()).toBe('/orders?page=2#top')
  })
})

describe('an answer by redirect', () => {
  test.each(['access_denied', 'login_required', 'interaction_required', 'mfa_required'])(
    'with the error %s is told by it',
    async (error) => {
      const scene = createLoginScene()
      const { state = '' } = await scene.begin({ parameters: { prompt: 'none' } })
      scene.comeBack({ error, error_description: 'secret text', state, iss: ISSUER })
      const thrown = await scene.login.finish().catch((reason: unknown) => reason)
      expect(thrown).toMatchObject({ name: 'LoginError', code: error, message: `the sign-in has failed: ${error}` })
      expect(JSON.stringify([thrown, String(thrown)])).not.toContain('secret')
      expect(scene.page.href).toBe(`${APP}/callback`)
      expect(exchanges(scene)).toEqual([])
    },
  )

  test.each(['<script>', 'Your account is locked', 'unknown-state', 'x'.repeat(9), '', 'eyJh_b.c'])(
    'with the error %j is told as "server_error"',
    async (error) => {
      const scene = createLoginScene()
      const { state = '' } = await scene.begin()
      scene.comeBack({ error, state, iss: ISSUER })
      expect(await codeOf(scene.login.finish())).toBe('server_error')
    },
  )

  test('without a code says so', async () => {
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    scene.comeBack({ state, iss: ISSUER })
    expect(await codeOf(scene.login.finish())).toBe('no-code')
  })

  test('with an unknown state is not believed, whether it is an error or not', async () => {
    const scene = createLoginScene()
    scene.comeBack({ error: 'access_denied', state: 'forged' })
    expect(await codeOf(scene.login.finish())).toBe('unknown-state')
  })
})

describe('the exchange', () => {
  const answerExchange =
    (answer: (nth: number) => Response | Promise<Response>) =>
    (scene: ReturnType<typeof createLoginScene>): void => {
      scene.as.answer = ({ url }) => (url === METADATA.token_endpoint ? answer(exchanges(scene).length) : undefined)
    }

  test.each([
    ['is lost', 'network', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['is a page', 'network', () => new Response('<html>', { status: 200 })],
    ['is refused', 'invalid_grant', () => Response.json({ error: 'invalid_grant' }, { status: 400 })],
    ['is an error with a 200', 'invalid_client', () => Response.json({ error: 'invalid_client' })],
    ['is an error of a gateway', 'server_error', () => Response.json({ message: 'secret text' }, { status: 502 })],
  ])('whose answer %s leaves the session of before', async (_, code, answer) => {
    const scene = createLoginScene()
    await scene.auth.signIn(tokens(0))
    answerExchange(answer)(scene)
    expect(await codeOf(scene.signIn())).toBe(code)
    expect(exchanges(scene)).toHaveLength(1)
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(scene.browser.entry?.refreshToken).toBe('refresh-0')
  })

  test('that is never answered is given up after 30 s', async () => {
    const given: number[] = []
    const expired = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((delay) => {
      given.push(delay)
      return expired.signal
    })
    const scene = createLoginScene({
      fetch: async (input, init) => {
        const answered = scene.as.fetch(input, init)
        const aborted = new Promise<never>((_, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
        })
        return Promise.race([answered, aborted])
      },
    })
    answerExchange(() => new Promise(() => {}))(scene)
    const result = codeOf(scene.signIn())
    await until(() => expect(exchanges(scene)).toHaveLength(1))
    expired.abort()
    expect(await result).toBe('network')
    expect(new Set(given)).toEqual(new Set([30_000]))
    vi.restoreAllMocks()
  })

  test('without valid tokens rejects and says so', async () => {
    const scene = createLoginScene()
    answerExchange(() => Response.json({}))(scene)
    await expect(scene.signIn()).rejects.toMatchObject({ code: 'token-response' })
  })

  test('waits for a refresh that is under way', async () => {
    const server = createServer()
    const scene = createLoginScene({ client: { server } })
    await scene.auth.signIn(tokens(0))
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const refreshed = scene.auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
    await drain()
    const { state = '' } = await scene.begin()
    scene.comeBack({ code: 'code-1', state, iss: ISSUER })
    const finished = scene.login.finish()
    await until(() => expect(scene.browser.entry?.status).toBe('signing-in'))
    await drain()
    expect(exchanges(scene)).toEqual([])
    gate.open(Response.json(tokens(1)))
    await until(() => expect(scene.browser.entry?.attempt).toBeUndefined())
    await scene.browser.advance(1_000)
    expect(await finished).toBe('/orders?page=2#top')
    await refreshed
  })

  test('that a sign-out has overtaken brings nothing back, and its refresh token is revoked', async () => {
    const onSignOut = vi.fn(async () => {})
    const scene = createLoginScene({ client: { onSignOut } })
    const gate = createGate<Response>()
    answerExchange(() => gate.promise)(scene)
    const finished = codeOf(scene.signIn())
    await until(() => expect(exchanges(scene)).toHaveLength(1))
    await scene.auth.signOut()
    gate.open(Response.json(tokens(7)))
    expect(await finished).toMatchObject({ code: 'session-ended', reason: 'superseded' })
    expect(scene.auth.getState().status).toBe('signed-out')
    expect(onSignOut).toHaveBeenCalledWith(expect.objectContaining({ refreshToken: 'refresh-7' }))
  })
})

describe('the ID token', () => {
  test('is taken when it is for this sign-in', async () => {
    const scene = createLoginScene()
    expect(await scene.signIn({ aud: ['spa'] })).toBe('/orders?page=2#top')
  })

  test.each([
    ['of five minutes ago', () => ({ exp: Date.now() / 1000 - 290 }), 'no error'],
    ['of longer ago', () => ({ exp: Date.now() / 1000 - 310 }), 'invalid-id-token'],
    ['for others too, and us as the authorized party', () => ({ aud: ['api', 'spa'], azp: 'spa' }), 'no error'],
    ['for others, and us as the authorized party', () => ({ aud: ['other'], azp: 'spa' }), 'invalid-id-token'],
    ['for us, with another authorized party', () => ({ azp: 'other' }), 'invalid-id-token'],
  ])('%s: %s', async (_, claims, result) => {
    expect(await codeOf(createLoginScene().signIn(claims()))).toBe(result)
  })

  test('that is no JWT is refused', async () => {
    const scene = createLoginScene()
    scene.as.answer = ({ url }) =>
      url === METADATA.token_endpoint ? Response.json({ ...tokens(1), id_token: 'opaque' }) : undefined
    expect(await codeOf(scene.signIn())).toBe('invalid-id-token')
  })

  test('without a nonce is taken where none was sent', async () => {
    const scene = createLoginScene({ scope: 'profile' })
    await scene.begin()
    scene.as.idToken = idTokenClaims(undefined)
    expect(await scene.signIn({})).toBe('/orders?page=2#top')
  })

  test('that is refused leaves the session of before', async () => {
    const scene = createLoginScene()
    await scene.auth.signIn(tokens(0))
    expect(await codeOf(scene.signIn({ nonce: 'of another' }))).toBe('invalid-id-token')
    expect(scene.browser.entry?.refreshToken).toBe('refresh-0')
  })
})

test('a step-up of the same user lets the calls of other tabs go on', async () => {
  const scene = createLoginScene()
  await scene.signIn({ sub: 'alice' })
  const other = createScene({ browser: scene.browser, server: scene.server })
  await other.auth.restore()
  const gate = createGate<Response>()
  scene.as.answer = ({ url }) => (url === METADATA.token_endpoint ? gate.promise : undefined)
  const { state = '', nonce } = await scene.begin({ parameters: { acr_values: 'mfa' } })
  scene.comeBack({ code: 'code-2', state, iss: ISSUER })
  const finished = scene.login.finish()
  await until(() => expect(exchanges(scene)).toHaveLength(2))
  gate.open(Response.json({ ...tokens(2), id_token: jwt(idTokenClaims(nonce)) }))
  await finished
  await drain()
  expect(scene.browser.entry?.subject).toBe('alice')
  expect(await other.auth.getAccessToken()).toBe('access-2')
})
