// The options: their checks, their defaults, and when they are read.

import { describe, expect, test } from 'vitest'
import { dpop } from '../../src/dpop.ts'
import {
  type AuthClientOptions,
  cookieRefresh,
  cookieSignOut,
  createAuthClient,
  jsonRefresh,
  oauthRefresh,
  oauthRevocation,
  responseTokens,
} from '../../src/index.ts'
import { API, createScene, createServer, createSignedInScene, TOKEN_ENDPOINT } from './harness.ts'

const refresh = oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa' })

describe('a bad option is a TypeError that names it', () => {
  const cases: [string, unknown][] = [
    ['options', undefined],
    ['options', null],
    ['options', 'refresh'],
    ['refresh', {}],
    ['refresh', { refresh: '/refresh' }],
    ['refresh', { refresh: null }],
    ['origins', { refresh, origins: API }],
    ['origins', { refresh, origins: ['api.example'] }],
    ['origins', { refresh, origins: ['/api'] }],
    ['origins', { refresh, origins: ['*'] }],
    ['origins', { refresh, origins: [undefined] }],
    ['origins', { refresh, origins: ['data:text/plain,x'] }],
    ['origins', { refresh, origins: ['blob:https://api.example/x'] }],
    ['origins', { refresh, origins: [null] }],
    ['origins', { refresh, origins: [`${API}/v1/`] }],
    ['origins', { refresh, origins: [new URL(`${API}/?a`)] }],
    ['origins', { refresh, origins: [`${API}/#a`] }],
    ['origins', { refresh, origins: ['https://me:word@api.example'] }],
    ['refreshLead', { refresh, refreshLead: -1 }],
    ['refreshLead', { refresh, refreshLead: Number.NaN }],
    ['refreshLead', { refresh, refreshLead: '60000' }],
    ['refreshLead', { refresh, refreshLead: Number.POSITIVE_INFINITY }],
    ['refreshTimeout', { refresh, refreshTimeout: 0 }],
    ['refreshTimeout', { refresh, refreshTimeout: Number.POSITIVE_INFINITY }],
    ['resendWithin', { refresh, resendWithin: -1 }],
    ['resendWithin', { refresh, resendWithin: true }],
    ['onSignOut', { refresh, onSignOut: '/logout' }],
    ['proofs', { refresh, proofs: true }],
    ['proofs', { refresh, proofs: dpop }],
    ['readTokens', { refresh, readTokens: {} }],
    ['readTokens', { refresh, readTokens: () => undefined }],
    ['isRefused', { refresh, isRefused: true }],
    ['scheme', { refresh, scheme: 'Bearer ' }],
    ['refresh', { refresh: cookieRefresh }],
    ['name', { refresh, name: '' }],
    ['name', { refresh, name: 5 }],
    ['fetch', { refresh, fetch: null }],
    ['platform', { refresh, platform: true }],
    ['platform', { refresh, platform: null }],
    ['refreshlead', { refresh, refreshlead: 5 }],
    ['constructor', { refresh, constructor: 5 }],
  ]
  test.each(cases)('%s: %o', (name, options) => {
    const make = (): unknown => createAuthClient(options as AuthClientOptions)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(`"${name}"`)
  })

  const helpers: [string, () => unknown][] = [
    ['read', () => responseTokens({} as never)],
    ['url', () => cookieRefresh(undefined as never)],
    ['url', () => cookieRefresh('')],
    ['url', () => cookieRefresh('ftp://as.example/')],
    ['url', () => cookieRefresh('https://')],
    ['url', () => cookieSignOut(5 as never)],
    ['headers', () => cookieRefresh(API, { headers: { a: 5 } as never })],
    ['headers', () => cookieRefresh(API, { headers: new Headers() as never })],
    ['headers', () => cookieRefresh(API, { headers: null as never })],
    ['headers', () => cookieRefresh(API, { headers: Promise.resolve({}) as never })],
    ['method', () => cookieRefresh(API, { method: 'GET' } as never)],
    ['idempotencyKey', () => cookieSignOut(API, { idempotencyKey: true } as never)],
    ['read', () => cookieRefresh(API, { read: {} as never })],
    ['audience', () => oauthRefresh({ tokenEndpoint: API, clientId: 'spa', audience: 'api' } as never)],
    ['parameters', () => oauthRefresh({ tokenEndpoint: API, clientId: 'spa', parameters: { a: 5 } as never })],
    ['endpoint', () => jsonRefresh({} as never)],
    ['body', () => jsonRefresh({ endpoint: API, body: {} as never })],
    ['method', () => jsonRefresh({ endpoint: API, method: 'PUT' } as never)],
    ['idempotencyKey', () => cookieRefresh(API, { idempotencyKey: 'yes' as never })],
    ['tokenEndpoint', () => oauthRefresh({ clientId: 'spa' } as never)],
    ['clientId', () => oauthRefresh({ tokenEndpoint: API } as never)],
    ['clientId', () => oauthRefresh({ tokenEndpoint: API, clientId: '' })],
    ['scope', () => oauthRefresh({ tokenEndpoint: API, clientId: 'spa', scope: 5 as never })],
    ['idempotencyKey', () => oauthRefresh({ tokenEndpoint: API, clientId: 'spa', idempotencyKey: 1 as never })],
    ['revocationEndpoint', () => oauthRevocation({ clientId: 'spa' } as never)],
    ['clientId', () => oauthRevocation({ revocationEndpoint: API } as never)],
  ]
  test.each(helpers)('%s: %s', (name, make) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(`"${name}"`)
  })

  test.each([-1, Number.NaN, '5', null])('minValidity: %s rejects', async (minValidity) => {
    const { auth } = createScene()
    await expect(auth.getAccessToken({ minValidity: minValidity as number })).rejects.toThrow('"minValidity"')
  })
})

describe('options', () => {
  test('of undefined are the defaults', async () => {
    const { auth } = await createSignedInScene({
      refreshLead: undefined as never,
      refreshTimeout: undefined as never,
      resendWithin: undefined as never,
      name: undefined as never,
    })
    expect(auth.getState().status).toBe('signed-in')
  })

  test('of a polluted prototype are ignored', async () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>
    const pollution = {
      origins: ['https://evil.example'],
      readTokens: responseTokens(() => ({ access_token: 'evil' })),
      name: 'evil',
      platform: null,
      refreshLead: -1,
      auth: false,
    }
    Object.assign(polluted, pollution)
    try {
      const server = createServer()
      const { auth } = await createSignedInScene({ server })
      await auth.authFetch('https://evil.example/')
      expect(server.calls[0]?.authorization).toBeNull()
      expect(await auth.getAccessToken()).toBe('access-0')
      expect(server.refreshes).toHaveLength(0)
    } finally {
      for (const key of Object.keys(pollution)) delete polluted[key]
    }
  })

  test('of the helpers, of getAccessToken and of each request are not read from a polluted prototype either', async () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>
    const pollution = {
      headers: { 'X-Evil': 'evil' },
      idempotencyKey: true,
      scope: 'evil',
      parameters: { audience: 'evil' },
      forceRefresh: true,
      minValidity: Number.POSITIVE_INFINITY,
      mode: 'no-cors',
      referrer: 'https://evil.example/',
      redirect: 'follow',
      signal: AbortSignal.abort(),
    }
    const seen: unknown[] = []
    const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
      const { method, mode, referrer, redirect, signal, body } = init
      const headers = [...new Headers({ ...init.headers }).keys()]
      seen.push([String(url), method, mode, referrer, redirect, signal?.aborted, body && String(body), headers])
      return Response.json({ access_token: 'access-1', expires_in: 3600 })
    }
    Object.assign(polluted, pollution)
    try {
      for (const refresh of [
        cookieRefresh('https://as.example/refresh'),
        oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa' }),
      ]) {
        const { auth } = await createSignedInScene({
          fetch,
          refresh,
          onSignOut: cookieSignOut('https://as.example/out'),
        })
        await auth.getAccessToken()
        expect(seen).toEqual([])
        await auth.getAccessToken({ forceRefresh: true })
        await auth.signOut()
        const common = ['POST', undefined, undefined, 'manual', false]
        const isCookie = refresh.holdsRefreshToken !== true
        const body = 'grant_type=refresh_token&client_id=spa&refresh_token=refresh-0'
        expect(seen.splice(0)).toEqual([
          isCookie
            ? ['https://as.example/refresh', ...common, undefined, ['accept', 'x-requested-with']]
            : [TOKEN_ENDPOINT, ...common, body, ['accept']],
          ['https://as.example/out', ...common, undefined, ['x-requested-with']],
        ])
      }
    } finally {
      for (const key of Object.keys(pollution)) delete polluted[key]
    }
  })

  test('are read when the client is made', async () => {
    const origins = [API]
    const options = { refresh, origins, fetch: createServer().fetch, refreshLead: 1 }
    const scene = await createSignedInScene(options)
    origins[0] = 'https://evil.example'
    options.refreshLead = Number.NaN
    await scene.auth.authFetch('https://evil.example/')
    expect(scene.server.calls.every(({ authorization }) => authorization === null)).toBe(true)
  })

  test('may be frozen, and are not changed', () => {
    const options = Object.freeze({ refresh, origins: Object.freeze([API]) })
    const scene = createScene(options)
    expect(scene.auth.getState().status).toBe('unknown')
  })
})

describe('a client', () => {
  test('is frozen', () => {
    const { auth } = createScene()
    expect(Object.isFrozen(auth)).toBe(true)
  })

  test('costs no request, no transaction and no timer before it is used', () => {
    const { browser, server, tab } = createScene()
    expect(browser.counts).toEqual({ locks: 0, transactions: 0 })
    expect([...server.calls, ...server.refreshes]).toEqual([])
    expect(tab.timers()).toEqual([])
  })

  test('can be made outside of a browser, and remembers the tokens that it is given', async () => {
    const auth = createAuthClient({ refresh, origins: [API], fetch: createServer().fetch })
    expect(await auth.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    await auth.signIn({ access_token: 'a', refresh_token: 'r' })
    expect(auth.getState()).toMatchObject({ status: 'signed-in', degraded: ['locks', 'channel', 'ledger'] })
    expect(await auth.getAccessToken()).toBe('a')
    auth.dispose()
  })
})
