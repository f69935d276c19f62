// The code of docs/migrating.md that takes over sessions, on values as the libraries write them.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Adopt, createAuthClient, oauthRefresh } from '../../src/index.ts'
import { createVirtualBrowser, drain, type VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import { ROOT } from './markdown.ts'
import { runnable } from './runnable.ts'

const FOLDER = `${ROOT}/.data/moving-in-${process.pid}`

/** As in browsers: what is stored are own members too. */
function createStorage(): Storage {
  const methods = {
    getItem(this: Record<string, string>, key: string) {
      return Object.hasOwn(this, key) ? this[key] : null
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      this[key] = value
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key]
    },
  }
  return Object.create(methods)
}

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, code] of runnable()) if (name.startsWith('moving-in')) writeFileSync(`${FOLDER}/${name}`, code)
  // The table of the document says what to put in the place of the example's key and storage.
  const supabase = String(runnable().get('moving-in.ts'))
    .replace('oidc.user:https://id.example:spa', 'sb-abcdefghijklmnop-auth-token')
    .replaceAll('sessionStorage', 'localStorage')
  writeFileSync(`${FOLDER}/moving-in-from-supabase.ts`, supabase)
})

afterAll(() => rmSync(FOLDER, { recursive: true }))

beforeEach(() => {
  vi.resetModules()
  vi.stubGlobal('localStorage', createStorage())
  vi.stubGlobal('sessionStorage', createStorage())
})

afterEach(() => vi.unstubAllGlobals())

const USER = {
  id_token: 'e.e.e',
  access_token: 'at',
  refresh_token: 'old-token',
  token_type: 'Bearer',
  scope: 'openid',
}

/** Keys and values as the released packages write them: oidc-client-ts 3.5, auth0-spa-js 2.28, supabase-js 2.119, msal-browser 5.30 and 3.28. */
const LIBRARIES: readonly (readonly [string, string, () => Storage, Record<string, object>])[] = [
  [
    'oidc-client-ts',
    'moving-in.ts',
    () => sessionStorage,
    {
      'oidc.user:https://id.example:spa': {
        ...USER,
        session_state: null,
        profile: { sub: 'alice', iss: 'https://id.example', aud: 'spa', exp: 1, iat: 1 },
        expires_at: 1_764_284_400,
      },
    },
  ],
  [
    'auth0-spa-js',
    'moving-in-from-auth0.ts',
    () => localStorage,
    {
      '@@auth0spajs@@::spa::@@user@@': { id_token: 'e.e.e', decodedToken: { user: { sub: 'alice' } } },
      '@@auth0spajs@@::spa::https://api.example::openid profile email offline_access': {
        body: { ...USER, expires_in: 86_400, audience: 'https://api.example', client_id: 'spa' },
        expiresAt: 1_764_284_400,
      },
    },
  ],
  [
    'supabase-js',
    'moving-in-from-supabase.ts',
    () => localStorage,
    {
      'sb-abcdefghijklmnop-auth-token': {
        ...USER,
        expires_in: 3_600,
        expires_at: 1_764_284_400,
        user: { id: 'alice', aud: 'authenticated', role: 'authenticated' },
      },
    },
  ],
  [
    'msal-browser',
    'moving-in-from-msal.ts',
    () => sessionStorage,
    {
      'msal.3.token.keys.spa': { idToken: [], accessToken: [], refreshToken: ['msal.3|uid.utid|…'] },
      'msal.3|uid.utid|login.microsoftonline.com|refreshtoken|spa|||': {
        credentialType: 'RefreshToken',
        homeAccountId: 'uid.utid',
        environment: 'login.microsoftonline.com',
        clientId: 'spa',
        secret: 'old-token',
        lastUpdatedAt: '1764284400000',
      },
    },
  ],
  [
    'msal-browser before its keys had a version',
    'moving-in-from-msal.ts',
    () => sessionStorage,
    {
      'uid.utid-login.windows.net-refreshtoken-spa----': {
        homeAccountId: 'uid.utid',
        environment: 'login.windows.net',
        credentialType: 'RefreshToken',
        clientId: 'spa',
        secret: 'old-token',
      },
    },
  ],
]

describe.each(LIBRARIES)('a session of %s', (_, file, storage, values) => {
  let browser: VirtualBrowser

  /** The option of the document's own client, or what the document exports. */
  async function adoptOf(): Promise<Adopt> {
    let adopt: Adopt | undefined
    vi.doMock('authfetch', async (original) => ({
      ...(await original<object>()),
      createAuthClient: (options: { adopt: Adopt }) => {
        adopt = options.adopt
      },
    }))
    const module = await import(/* @vite-ignore */ `${FOLDER}/${file}`)
    vi.doUnmock('authfetch')
    return module.adopt ?? adopt
  }

  async function start(adopt: Adopt) {
    const sent: string[] = []
    const auth = createAuthClient({
      refresh: oauthRefresh({ tokenEndpoint: 'https://id.example/token', clientId: 'spa' }),
      origins: ['https://api.example'],
      adopt,
      platform: browser.openTab().platform,
      async fetch(_input, init) {
        sent.push(String(new URLSearchParams(String(init?.body)).get('refresh_token')))
        return Response.json({ access_token: 'new', refresh_token: 'newer', expires_in: 3600 })
      },
    })
    const restored = auth.restore()
    await drain()
    await browser.advance(0)
    await browser.advance(200)
    const { status } = await restored
    auth.dispose()
    await browser.advance(0)
    return { status, sent }
  }

  beforeEach(() => {
    browser = createVirtualBrowser()
    for (const [key, value] of Object.entries(values)) storage().setItem(key, JSON.stringify(value))
  })

  test('goes on here, and its refresh token is nowhere else any more', async () => {
    expect(await start(await adoptOf())).toEqual({ status: 'signed-in', sent: ['old-token'] })
    expect(JSON.stringify({ ...storage() })).not.toContain('old-token')
    expect(browser.entry?.refreshToken).toBe('newer')
  })

  test('is not asked for where there is none', async () => {
    for (const key of Object.keys(storage())) storage().removeItem(key)
    expect(await start(await adoptOf())).toEqual({ status: 'signed-out', sent: [] })
  })
})
