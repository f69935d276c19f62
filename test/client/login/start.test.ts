// `login.start()` and `login.endSessionUrl()`: what is sent to the provider, and what is kept.

import { IDBFactory } from 'fake-indexeddb'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createLogin, type LoginOptions } from '../../../src/login.ts'
import { createScene } from '../harness.ts'
import { APP, challengeOf, createLoginScene, exchanges, ISSUER, METADATA, openPage } from './page.ts'

beforeEach(() => void openPage())
afterEach(() => {
  vi.useRealTimers()
})

describe('the request', () => {
  test('is one for a code, with PKCE by S256', async () => {
    const scene = createLoginScene()
    const query = await scene.begin()
    expect(scene.page.left[0]?.href.startsWith(`${METADATA.authorization_endpoint}?`)).toBe(true)
    expect(query).toEqual({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: `${APP}/callback`,
      scope: 'openid offline_access',
      state: expect.stringMatching(/^\d{13}\.[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    })
    scene.comeBack({ code: 'code-1', state: String(query.state), iss: ISSUER })
    await scene.login.finish()
    const [form] = exchanges(scene)
    expect(form?.code_verifier).toMatch(/^[\w-]{43}$/)
    expect(query.code_challenge).toBe(challengeOf(form?.code_verifier))
  })

  test('has no secret in common with another', async () => {
    const scene = createLoginScene()
    const [one, two] = [await scene.begin(), await scene.begin()]
    for (const name of ['state', 'nonce', 'code_challenge']) expect(one[name], name).not.toBe(two[name])
  })

  test('has a nonce only where an ID token is asked for', async () => {
    const { begin } = createLoginScene({ scope: 'profile openidx' })
    expect(await begin()).not.toHaveProperty('nonce')
    expect(await begin({ parameters: { scope: 'openid' } })).toHaveProperty('nonce')
  })

  test('has no scope where none is given', async () => {
    const scene = createScene()
    const page = openPage()
    const options = { issuer: ISSUER, clientId: 'spa', redirectUri: '/callback', metadata: METADATA }
    await createLogin(scene.auth, options).start()
    expect(page.left[0]?.searchParams.has('scope')).toBe(false)
  })

  test('has the parameters of the login and of the start, which change none of the protocol', async () => {
    const { begin } = createLoginScene({ parameters: { audience: 'api', prompt: 'login', client_id: 'other' } })
    const query = await begin({ parameters: { prompt: 'none', max_age: '5', state: 'mine', redirect_uri: '/evil' } })
    expect(query).toMatchObject({ audience: 'api', prompt: 'none', max_age: '5', client_id: 'spa' })
    expect(query.state).not.toBe('mine')
    expect(query.redirect_uri).toBe(`${APP}/callback`)
  })

  test('keeps the query of the authorization endpoint', async () => {
    const { begin } = createLoginScene({
      metadata: { ...METADATA, authorization_endpoint: '/as/authorize?tenant=1' },
    })
    expect(await begin()).toMatchObject({ tenant: '1', client_id: 'spa' })
  })

  test('takes nothing from a polluted prototype', async () => {
    const { begin } = createLoginScene()
    Object.assign(Object.prototype, { acr_values: 'evil', pushed: true })
    try {
      expect(Object.keys(await begin())).not.toContain('acr_values')
    } finally {
      for (const name of ['acr_values', 'pushed']) Reflect.deleteProperty(Object.prototype, name)
    }
  })
})

describe('a pushed request', () => {
  test.each([
    ['the metadata requires it', {}, { require_pushed_authorization_requests: true }],
    ['the option says so', { pushed: true }, {}],
  ])('leaves only its reference in the address, where %s', async (_, options, metadata) => {
    const { begin, as, page } = createLoginScene({ ...options, metadata: { ...METADATA, ...metadata } })
    await begin({ parameters: { login_hint: 'alice' } })
    expect(page.left[0]?.href).toBe(`${ISSUER}/authorize?client_id=spa&request_uri=urn%3Arequest%3A1`)
    expect(as.asked).toEqual([
      {
        url: METADATA.pushed_authorization_request_endpoint,
        form: expect.objectContaining({ client_id: 'spa', login_hint: 'alice', code_challenge_method: 'S256' }),
      },
    ])
  })

  test('is left out where the option says so', async () => {
    const metadata = { ...METADATA, require_pushed_authorization_requests: true }
    const { begin, as } = createLoginScene({ pushed: false, metadata })
    expect(await begin()).toHaveProperty('code_challenge')
    expect(as.asked).toEqual([])
  })

  test('that is refused is told by its code, and the page stays', async () => {
    const { login, as, page } = createLoginScene({ pushed: true, metadata: METADATA })
    as.answer = () => Response.json({ error: 'invalid_request' }, { status: 400 })
    await expect(login.start()).rejects.toMatchObject({ name: 'LoginError', code: 'invalid_request' })
    expect(page.left).toEqual([])
  })

  test('without a reference or an endpoint is a TypeError that names it', async () => {
    const { pushed_authorization_request_endpoint: _, ...rest } = METADATA
    const { login } = createLoginScene({ pushed: true, metadata: rest })
    await expect(login.start()).rejects.toThrow(/^"pushed_authorization_request_endpoint" must be an http/)
    const other = createLoginScene({ pushed: true, metadata: METADATA })
    other.as.answer = () => Response.json({})
    await expect(other.login.start()).rejects.toThrow('"request_uri" must be a non-empty string')
  })
})

describe('the metadata', () => {
  test('is asked of the issuer once, without credentials', async () => {
    const { begin, as } = createLoginScene()
    await begin()
    await begin()
    expect(as.asked.map(({ url }) => url)).toEqual([`${ISSUER}/.well-known/openid-configuration`])
  })

  test.each([
    ['https://id.example/', 'https://id.example/.well-known/oauth-authorization-server'],
    ['https://id.example/realms/one', 'https://id.example/.well-known/oauth-authorization-server/realms/one'],
  ])('of %s is found by RFC 8414 where there is none of OpenID', async (issuer, address) => {
    const { begin, as } = createLoginScene({ issuer })
    as.answer = ({ url }) =>
      url === address ? Response.json({ ...METADATA, issuer }) : new Response('none', { status: 404 })
    await begin()
    expect(as.asked.map(({ url }) => url)).toEqual([
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      address,
    ])
  })

  test('of another issuer is refused', async () => {
    const { login, as, page } = createLoginScene()
    as.metadata = { ...METADATA, issuer: 'https://evil.example' }
    await expect(login.start()).rejects.toMatchObject({ code: 'wrong-issuer' })
    expect(page.left).toEqual([])
  })

  test.each(['id.example', 'issuer:one', '/as'])(
    'of the issuer %s cannot be asked for, and that is named',
    async (issuer) => {
      const { login, as } = createLoginScene({ issuer })
      await expect(login.start()).rejects.toThrow('"issuer" must be an http(s) URL')
      expect(as.asked).toEqual([])
      const given = createLoginScene({ issuer, metadata: METADATA })
      await given.login.start()
      expect(given.page.left).toHaveLength(1)
    },
  )

  test('that cannot be had is told, and asked for again the next time', async () => {
    const { login, as, page } = createLoginScene()
    as.answer = () => Promise.reject(new TypeError('Failed to fetch'))
    await expect(login.start()).rejects.toMatchObject({ code: 'network' })
    as.answer = () => undefined
    await login.start()
    expect(page.left).toHaveLength(1)
  })

  test('given by hand costs no request, and its endpoints may be relative to the page', async () => {
    const metadata = { authorization_endpoint: '/as/authorize', token_endpoint: '/as/token' }
    const scene = createLoginScene({ metadata })
    const { state = '' } = await scene.begin()
    expect(scene.page.left[0]?.href).toContain(`${APP}/as/authorize?`)
    scene.comeBack({ code: 'code-1', state })
    await scene.login.finish()
    expect(scene.as.asked.map(({ url }) => url)).toEqual([`${APP}/as/token`])
  })

  test.each(['authorization_endpoint', 'token_endpoint'])('without "%s" is a TypeError that names it', async (name) => {
    const { login } = createLoginScene({ metadata: { ...METADATA, [name]: undefined } as never })
    await expect(login.start()).rejects.toThrow(new RegExp(`^"${name}" must be an http`))
  })
})

describe('where the user goes afterwards', () => {
  const finish = async (scene: ReturnType<typeof createLoginScene>, returnTo?: string): Promise<string | undefined> => {
    const { state = '' } = await scene.begin(returnTo === undefined ? {} : { returnTo })
    scene.comeBack({ code: 'code-1', state, iss: ISSUER })
    return scene.login.finish()
  }

  test('is where the user was', async () => {
    expect(await finish(createLoginScene())).toBe('/orders?page=2#top')
  })

  test('is the root where the user was on the callback page', async () => {
    expect(await finish(createLoginScene({ page: openPage('/callback') }))).toBe('/')
  })

  test.each([
    ['/a?b#c', '/a?b#c'],
    ['details', '/details'],
    [`${APP}/x`, '/x'],
    ['/.//evil.example', '/evil.example'],
    [`${APP}//evil.example/x`, '/evil.example/x'],
  ])('by %s is %s', async (returnTo, path) => {
    expect(await finish(createLoginScene(), returnTo)).toBe(path)
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'data:,x',
    'http:app.example/',
  ])('is never another origin: %s', async (returnTo) => {
    const { login, page } = createLoginScene()
    await expect(login.start({ returnTo })).rejects.toThrow(/^"returnTo" must be /)
    expect(page.left).toEqual([])
  })

  test('is of the page’s origin, whatever is given', async () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '//',
      '.',
      '..',
      'evil.example',
      ':',
      '@',
      'http',
      'https:',
      '?',
      '#',
      '\t',
      'x',
      '%2f',
      'javascript:',
      APP,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 7 }), async (parts) => {
        const scene = createLoginScene({ metadata: METADATA })
        const path = await finish(scene, parts.join('')).catch((error: unknown) => error)
        if (path instanceof TypeError) return
        expect(path).toMatch(/^\/(?![/\\])/)
        expect(new URL(String(path), APP).origin).toBe(APP)
      }),
      { numRuns: 200 },
    )
  })
})

describe('what survives the redirect', () => {
  const keysOf = (factory: IDBFactory): Promise<string[]> =>
    new Promise((resolve) => {
      const opening = factory.open('authfetch-login')
      opening.onsuccess = () => {
        const keys = opening.result.transaction('logins').objectStore('logins').getAllKeys()
        keys.onsuccess = () => {
          opening.result.close()
          resolve(keys.result as string[])
        }
      }
    })

  test('is kept for each sign-in, and forgotten ten minutes later', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const factory = new IDBFactory()
    const { begin } = createLoginScene({ page: openPage('/', factory) })
    const first = await begin()
    vi.setSystemTime(Date.now() + 599_000)
    const second = await begin()
    expect(await keysOf(factory)).toEqual([first.state, second.state])
    vi.setSystemTime(Date.now() + 2_000)
    const third = await begin()
    expect(await keysOf(factory)).toEqual([second.state, third.state])
  })

  test('needs IndexedDB, and says so', async () => {
    const { login, page } = createLoginScene()
    vi.stubGlobal('indexedDB', {
      open() {
        throw new DOMException('denied', 'SecurityError')
      },
    })
    await expect(login.start()).rejects.toMatchObject({ code: 'storage' })
    expect(page.left).toEqual([])
  })
})

describe('misuse is a TypeError that names', () => {
  const right: LoginOptions = { issuer: ISSUER, clientId: 'spa', redirectUri: '/callback' }

  test.each([
    ['issuer', ''],
    ['issuer', 5],
    ['clientId', undefined],
    ['redirectUri', 'blob:x'],
    ['redirectUri', ''],
    ['scope', ['openid']],
    ['onTokens', 'log'],
  ])('"%s" of %j', (name, value) => {
    const { auth } = createScene()
    expect(() => createLogin(auth, { ...right, [name]: value } as never)).toThrow(new RegExp(`^"${name}" must be `))
  })

  test('"redirectUri" of another origin, and both origins', () => {
    expect(() => createLogin(createScene().auth, { ...right, redirectUri: 'http://app.example/callback' })).toThrow(
      `"redirectUri" must be of the page's origin ${APP}, not of http://app.example`,
    )
  })

  test('no origin where there is no page', () => {
    vi.stubGlobal('location', undefined)
    createLogin(createScene().auth, { ...right, redirectUri: `${APP}/callback` })
  })

  test('a context that is not secure', async () => {
    const { login } = createLoginScene()
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    await expect(login.start()).rejects.toThrow('"location" must be https or localhost')
  })
})

describe('the end of the session at the server', () => {
  test('has an address with the client and where to go', async () => {
    const { login } = createLoginScene()
    expect(await login.endSessionUrl({ postLogoutRedirectUri: '/bye', parameters: { ui_locales: 'de' } })).toBe(
      `${ISSUER}/logout?client_id=spa&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&ui_locales=de`,
    )
    expect(await login.endSessionUrl()).toBe(`${ISSUER}/logout?client_id=spa`)
  })

  test('is a TypeError where the server has no such address', async () => {
    const { login } = createLoginScene({ metadata: { ...METADATA, end_session_endpoint: undefined } as never })
    await expect(login.endSessionUrl()).rejects.toThrow(/^"end_session_endpoint" must be /)
  })
})
