// Further parameters: those of the authorization request, and those of the exchange, which are the refresh function's.

import { describe, expect, test } from 'vitest'
import { audiences } from '../../../src/audiences.ts'
import { cookieRefresh, oauthRefresh, type Refresh } from '../../../src/index.ts'
import { createLogin, type LoginOptions } from '../../../src/login.ts'
import { createScene, TOKEN_ENDPOINT } from '../harness.ts'
import { createLoginScene, exchanges, ISSUER, METADATA } from './page.ts'

const MAIN = 'https://main.example/'
const BILLING = 'https://billing.example/'

/** The values of `resource` in what has left the page last. */
const resourcesOf = ({ page }: ReturnType<typeof createLoginScene>): string[] =>
  page.left.at(-1)?.searchParams.getAll('resource') ?? []

describe('a parameter with several values', () => {
  test('is sent as often (RFC 8707 section 2)', async () => {
    const scene = createLoginScene({ parameters: { resource: [MAIN, BILLING], prompt: 'consent' } })
    const query = await scene.begin()
    expect(resourcesOf(scene)).toEqual([MAIN, BILLING])
    expect(query.prompt).toBe('consent')
  })

  test('of one start is sent instead of those of the login, and of those in the address of the endpoint', async () => {
    const authorization_endpoint = `${METADATA.authorization_endpoint}?resource=urn:a&resource=urn:b&tenant=1`
    const scene = createLoginScene({
      metadata: { ...METADATA, authorization_endpoint },
      parameters: { resource: [MAIN, BILLING] },
    })
    await scene.begin({ parameters: { resource: [BILLING, 'urn:c'] } })
    expect(resourcesOf(scene)).toEqual([BILLING, 'urn:c'])
    expect((await scene.begin({ parameters: { resource: MAIN } })).tenant).toBe('1')
    expect(resourcesOf(scene)).toEqual([MAIN])
  })

  test('is pushed as often', async () => {
    const bodies: string[] = []
    const scene = createLoginScene({
      pushed: true,
      metadata: METADATA,
      parameters: { resource: [MAIN, BILLING] },
      fetch: (input, init) => {
        bodies.push(String(init?.body))
        return scene.as.fetch(input, init)
      },
    })
    await scene.begin()
    expect(bodies.map((body) => new URLSearchParams(body).getAll('resource'))).toEqual([[MAIN, BILLING]])
  })

  test('is read when the login is made', async () => {
    const resource = [MAIN]
    const scene = createLoginScene({ parameters: { resource } })
    resource.push(BILLING)
    await scene.begin()
    expect(resourcesOf(scene)).toEqual([MAIN])
  })

  test('finds the scope that asks for an ID token too', async () => {
    const { begin } = createLoginScene()
    expect(await begin({ parameters: { scope: ['openid'] } })).toHaveProperty('nonce')
    expect(await begin({ parameters: { scope: ['email'] } })).not.toHaveProperty('nonce')
  })
})

test('a parameter that is undefined is left out', async () => {
  const { begin } = createLoginScene({ parameters: { prompt: 'login', login_hint: undefined } })
  const query = await begin({ parameters: { prompt: undefined } })
  expect(Object.keys(query)).not.toEqual(expect.arrayContaining(['prompt']))
  expect(Object.keys(query)).not.toEqual(expect.arrayContaining(['login_hint']))
})

describe('parameters of another kind are a TypeError that names them', () => {
  const wrong: readonly [unknown, string][] = [
    [{ max_age: 5 }, '"parameters.max_age" must be a string or an array of strings'],
    [{ resource: [MAIN, undefined] }, '"parameters.resource" must be'],
    [{ resource: [[MAIN]] }, '"parameters.resource" must be'],
    [{ resource: new Set([MAIN]) }, '"parameters.resource" must be'],
    [{ resource: new URL(MAIN) }, '"parameters.resource" must be'],
    [{ prompt: null }, '"parameters.prompt" must be'],
    [new URLSearchParams({ resource: MAIN }), '"parameters" must be an object'],
    [[['resource', MAIN]], '"parameters" must be an object'],
    [() => ({ resource: MAIN }), '"parameters" must be an object'],
    ['resource=a', '"parameters" must be an object'],
    [null, '"parameters" must be an object'],
  ]

  test.each(wrong)('%o', async (parameters, message) => {
    const options = { issuer: ISSUER, clientId: 'spa', redirectUri: '/callback', parameters } as LoginOptions
    const { login, page } = createLoginScene()
    expect(() => createLogin(createScene().auth, options)).toThrow(message)
    const given = { parameters } as never
    for (const promise of [login.start(given), login.endSessionUrl(given)]) {
      await expect(promise).rejects.toThrow(message)
      await expect(promise).rejects.toBeInstanceOf(TypeError)
    }
    expect(page.left).toEqual([])
  })
})

describe('the exchange carries the parameters of the refresh function', () => {
  const exchangeWith = async (refresh: Refresh, options = {}): Promise<Record<string, string> | undefined> => {
    const scene = createLoginScene({ client: { refresh, ...options }, parameters: { resource: [MAIN, BILLING] } })
    await scene.signIn()
    return exchanges(scene)[0]
  }
  const oauth = (parameters: Parameters<typeof oauthRefresh>[0]['parameters']): Refresh =>
    oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', scope: 'less', ...(parameters && { parameters }) })

  test('so that the first access token is for the same audience as the next ones (RFC 8707 section 2.2)', async () => {
    expect(await exchangeWith(oauth({ resource: MAIN }))).toEqual({
      grant_type: 'authorization_code',
      client_id: 'spa',
      redirect_uri: expect.any(String),
      code: 'code-1',
      code_verifier: expect.any(String),
      resource: MAIN,
    })
  })

  test('as they are then, where they are a function', async () => {
    let resource = 'urn:early'
    const refresh = oauth(() => ({ resource, tenant: undefined }))
    resource = MAIN
    const form = await exchangeWith(refresh)
    expect(form).toMatchObject({ resource: MAIN })
    expect(form).not.toHaveProperty('tenant')
  })

  test('of a client with further audiences those of its own one', async () => {
    const further = { urls: [BILLING], parameters: { resource: BILLING } }
    expect(await exchangeWith(oauth({ resource: MAIN }), { audiences: audiences({ further }) })).toMatchObject({
      resource: MAIN,
    })
  })

  test('which change none of the protocol', async () => {
    const mine = { grant_type: 'password', code: 'mine', code_verifier: 'mine', client_id: 'other', redirect_uri: '/' }
    expect(await exchangeWith(oauth(mine))).toEqual(await exchangeWith(oauth(undefined)).then(withVerifier))
  })

  test('and nothing where there are none', async () => {
    const plain = withVerifier(await exchangeWith(oauth(undefined)))
    expect(Object.keys(plain)).toHaveLength(5)
    expect(await exchangeWith(cookieRefresh('/auth/refresh'))).toEqual(plain)
    expect(await exchangeWith(async () => ({}))).toEqual(plain)
  })

  test('that fail send no code', async () => {
    const refresh = oauth(() => {
      throw new Error('no tenant')
    })
    const scene = createLoginScene({ client: { refresh } })
    await expect(scene.signIn()).rejects.toThrow('nothing was sent: "parameters" failed')
    expect(exchanges(scene)).toEqual([])
  })
})

const withVerifier = (form: Record<string, string> | undefined): Record<string, unknown> => ({
  ...form,
  code_verifier: expect.any(String),
})
