// What two providers make of several audiences, as their documents and their users' reports say: Entra ID, where a scope names
// the resource and a refresh token can be spent often, and Auth0, which ignores an audience that it does not know.

import { describe, expect, test } from 'vitest'
import { type Audience, AudienceDeniedError, audiences } from '../../src/audiences.ts'
import { oauthRefresh } from '../../src/index.ts'
import type { VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createScene,
  createServer,
  drain,
  HOUR,
  jwt,
  MINUTE,
  outcome,
  type Scene,
  type SceneOptions,
  type Server,
  TOKEN_ENDPOINT,
  unauthorized,
} from './harness.ts'

interface Provider {
  readonly server: Server
  /** What a sign-in brings. */
  signIn(): { readonly access_token: string; readonly refresh_token: string; readonly expires_in: number }
  /** The body of each refresh. */
  readonly asked: URLSearchParams[]
  /** The `aud` that each API has been shown, by its origin. */
  readonly shown: (readonly [string, unknown])[]
}

/** APIs that take the tokens that name them. */
function createApis(
  server: Server,
  shown: Provider['shown'][number][],
  audienceOf: Readonly<Record<string, string>>,
): void {
  server.onCall = ({ url, authorization }) => {
    const { origin } = new URL(url)
    const [, payload = ''] = authorization?.split('.') ?? []
    const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}')
    shown.push([origin, aud])
    return [aud].flat().includes(audienceOf[origin]) ? new Response('ok') : unauthorized()
  }
}

const json = (body: object, status = 200): Response => Response.json(body, { status })

/** Lets time pass until something has come of a promise. */
async function soon<Value>(browser: VirtualBrowser, promise: Promise<Value>): Promise<Value> {
  for (
    let passed = 0;
    passed < 5_000 &&
    (await outcome(
      promise.then(
        () => true,
        () => true,
      ),
    )) !== true;
    passed += 50
  )
    await browser.advance(50)
  return promise
}

const reasonOf = (browser: VirtualBrowser, promise: Promise<unknown>): Promise<unknown> =>
  soon(browser, promise).then(
    () => undefined,
    (error: unknown) => error,
  )

async function signedIn(provider: Provider, options: SceneOptions): Promise<Scene> {
  const scene = createScene({ server: provider.server, ...options })
  await scene.auth.signIn(provider.signIn())
  await drain()
  scene.events.length = 0
  return scene
}

describe('Entra ID', () => {
  const GRAPH = 'https://graph.microsoft.com'
  const OWN_SCOPE = 'api://mine/Orders.Read'
  const GRAPH_SCOPE = `${GRAPH}/User.Read`
  const DAY = 24 * HOUR

  interface Entra extends Provider {
    readonly consented: Set<string>
    /** Resources that want more than the sign-in has shown: another factor, a known device. */
    readonly guarded: Set<string>
    /** Refresh tokens that came again after they had brought another. */
    readonly repeats: () => number
    isExpired: boolean
  }

  function createEntra(): Entra {
    const server = createServer()
    const shown: Entra['shown'][number][] = []
    const audienceOf: Readonly<Record<string, string>> = { [API]: 'api://mine', [GRAPH]: GRAPH }
    createApis(server, shown, audienceOf)
    const issued = new Set<string>()
    const used = new Map<string, number>()
    const access = (resource: string | undefined, nth: number): string => jwt({ aud: resource, nth, exp: 9e9 })
    const entra: Entra = {
      server,
      signIn() {
        const login = issued.size
        issued.add(`login-${login}`)
        return { access_token: access('api://mine', -login), refresh_token: `login-${login}`, expires_in: 3600 }
      },
      asked: [],
      shown,
      consented: new Set([OWN_SCOPE, GRAPH_SCOPE]),
      guarded: new Set(),
      repeats: () => [...used.values()].reduce((sum, times) => sum + times - 1, 0),
      isExpired: false,
    }
    const refuse = (code: number, error = 'invalid_grant', suberror?: string): Response =>
      json({ error, error_description: `AADSTS${code}: …`, error_codes: [code], suberror }, 400)
    server.onRefresh = async (nth, sent) => {
      const body = new URLSearchParams(await sent.body)
      const given = body.get('refresh_token') ?? ''
      const scope = body.get('scope') ?? ''
      const resource = Object.values(audienceOf).find((one) => scope.startsWith(`${one}/`))
      entra.asked.push(body)
      if (!issued.has(given)) return refuse(9002313)
      if (entra.isExpired) return refuse(700084)
      if (!entra.consented.has(scope)) return refuse(65001, 'invalid_grant', 'consent_required')
      if (entra.guarded.has(scope)) return refuse(50076, 'interaction_required', 'basic_action')
      used.set(given, (used.get(given) ?? 0) + 1)
      issued.add(`refresh-${nth}`)
      return json({ access_token: access(resource, nth), refresh_token: `refresh-${nth}`, scope, expires_in: 3600 })
    }
    return entra
  }

  const options: SceneOptions = {
    refresh: oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', parameters: { scope: OWN_SCOPE } }),
    audiences: audiences({
      graph: { urls: [`${GRAPH}/`], parameters: { scope: GRAPH_SCOPE }, expect: GRAPH },
      mail: { urls: [`${GRAPH}/v1.0/me/messages/`], parameters: { scope: `${GRAPH}/Mail.Read` }, expect: GRAPH },
    }),
  }
  const scopesOf = ({ asked }: Entra): (string | null)[] => asked.map((body) => body.get('scope'))

  test('the scope of each resource takes the place of the own one', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    expect((await soon(browser, auth.authFetch(`${GRAPH}/v1.0/me`))).status).toBe(200)
    expect((await soon(browser, auth.authFetch(`${API}/orders`))).status).toBe(200)
    await soon(browser, auth.getAccessToken({ forceRefresh: true }))
    expect(scopesOf(entra)).toEqual([GRAPH_SCOPE, OWN_SCOPE])
    expect(entra.shown).toEqual([
      [GRAPH, GRAPH],
      [API, 'api://mine'],
    ])
  })

  test('a scope that was never consented to denies one audience; after the consent and a sign-in it is given', async () => {
    const entra = createEntra()
    const { auth, browser, names } = await signedIn(entra, options)
    for (let call = 0; call < 3; call++) {
      const reason = await reasonOf(browser, auth.authFetch(`${GRAPH}/v1.0/me/messages/`))
      expect(reason).toBeInstanceOf(AudienceDeniedError)
      expect(reason).toMatchObject({ audience: 'mail', error: 'consent_required' })
    }
    expect(scopesOf(entra)).toEqual([`${GRAPH}/Mail.Read`])
    expect((await soon(browser, auth.authFetch(`${GRAPH}/v1.0/me`))).status).toBe(200)
    await soon(browser, auth.getAccessToken({ forceRefresh: true }))
    expect(auth.getState().status).toBe('signed-in')
    expect(names()).toEqual(['refresh-failed', 'refreshed', 'refreshed'])
    // A denial has not spent anything: no refresh token came a second time.
    expect(entra.repeats()).toBe(0)
    entra.consented.add(`${GRAPH}/Mail.Read`)
    await auth.signIn(entra.signIn())
    expect((await soon(browser, auth.authFetch(`${GRAPH}/v1.0/me/messages/`))).status).toBe(200)
  })

  test('a resource that wants another factor denies one audience', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    entra.guarded.add(GRAPH_SCOPE)
    expect(await reasonOf(browser, auth.authFetch(`${GRAPH}/v1.0/me`))).toMatchObject({ error: 'interaction_required' })
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBeDefined()
    expect(auth.getState().status).toBe('signed-in')
  })

  test('after 24 hours the session ends, whichever audience asks first', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    entra.isExpired = true
    expect(await soon(browser, auth.getAccessToken({ audience: 'graph' }))).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    expect(entra.asked).toHaveLength(1)
  })

  test('a consent to the own scope that was withdrawn ends the session', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    entra.consented.delete(OWN_SCOPE)
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBeUndefined()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })

  test('a lost answer is asked for again with the same scope and refresh token, and nobody notices', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    const { onRefresh } = entra.server
    entra.server.onRefresh = async (nth, sent) => {
      const answer = await onRefresh(nth, sent)
      if (nth === 1) throw new TypeError('Failed to fetch')
      return answer
    }
    const [graph, own] = [auth.authFetch(`${GRAPH}/v1.0/me`), auth.getAccessToken({ forceRefresh: true })]
    await browser.advance(MINUTE)
    expect((await graph).status).toBe(200)
    expect(await own).toBeDefined()
    expect(scopesOf(entra)).toEqual([GRAPH_SCOPE, GRAPH_SCOPE, OWN_SCOPE])
    expect(entra.asked.map((body) => body.get('refresh_token'))).toEqual(['login-0', 'login-0', 'refresh-2'])
  })

  test('two tabs use each refresh token once for a day, although they need not', async () => {
    const entra = createEntra()
    const { auth, browser } = await signedIn(entra, options)
    const other = createScene({ browser, server: entra.server, ...options })
    await soon(browser, other.auth.restore())
    for (let passed = 0; passed < DAY; passed += HOUR / 2) {
      const calls = [auth, other.auth].flatMap((one) => [
        one.authFetch(`${GRAPH}/v1.0/me`),
        one.authFetch(`${API}/orders`),
      ])
      await browser.advance(HOUR / 2)
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    }
    expect(entra.repeats()).toBe(0)
    // One of each audience an hour, as near as the timers come to it; the first own one came with the sign-in.
    expect(entra.shown).toHaveLength(4 * 48)
    const counts = [OWN_SCOPE, GRAPH_SCOPE].map((scope) => scopesOf(entra).filter((one) => one === scope).length)
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(24)
      expect(count).toBeLessThanOrEqual(26)
    }
  })
})

describe('Auth0, with refresh tokens for several resources', () => {
  const REPORTS = 'https://reports.example'
  const USERINFO = 'https://tenant.auth0.example/userinfo'

  interface Auth0 extends Provider {
    /** The audiences that the policy of the application names. */
    readonly policy: Set<string>
    readonly reuses: () => number
  }

  function createAuth0(): Auth0 {
    const server = createServer()
    const shown: Auth0['shown'][number][] = []
    createApis(server, shown, { [API]: 'orders', [REPORTS]: 'reports' })
    const access = (audience: string, nth: number): string => jwt({ aud: [audience, USERINFO], nth, exp: 9e9 })
    let current = 'refresh-0'
    let reuses = 0
    const auth0: Auth0 = {
      server,
      signIn: () => ({ access_token: access('orders', 0), refresh_token: current, expires_in: 3600 }),
      asked: [],
      shown,
      policy: new Set(['orders', 'reports']),
      reuses: () => reuses,
    }
    server.onRefresh = async (nth, sent) => {
      const body = new URLSearchParams(await sent.body)
      auth0.asked.push(body)
      if (body.get('refresh_token') !== current) {
        reuses++
        // The whole family is revoked.
        current = 'none'
        return json({ error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' }, 403)
      }
      current = `refresh-${nth}`
      const wanted = body.get('audience') ?? 'orders'
      const audience = auth0.policy.has(wanted) ? wanted : 'orders'
      return json({ access_token: access(audience, nth), refresh_token: current, expires_in: 3600 })
    }
    return auth0
  }

  const optionsWith = (reports: Omit<Audience, 'urls'>): SceneOptions => ({
    audiences: audiences({ reports: { urls: [`${REPORTS}/`], ...reports } }),
  })
  const known = optionsWith({ parameters: { audience: 'reports', scope: 'read:reports' }, expect: 'reports' })
  const misspelt = optionsWith({ parameters: { audience: 'report' }, expect: 'report' })

  test('two audiences in two tabs at once spend each refresh token once', async () => {
    const auth0 = createAuth0()
    const { auth, browser } = await signedIn(auth0, known)
    const other = createScene({ browser, server: auth0.server, ...known })
    await soon(browser, other.auth.restore())
    await browser.advance(MINUTE)
    const forced = [auth, other.auth].flatMap((one) => [
      one.getAccessToken({ forceRefresh: true }),
      one.getAccessToken({ audience: 'reports', forceRefresh: true }),
    ])
    expect(new Set(await soon(browser, Promise.all(forced))).size).toBe(2)
    expect((await soon(browser, other.auth.authFetch(`${REPORTS}/`))).status).toBe(200)
    expect((await soon(browser, auth.authFetch(`${API}/orders`))).status).toBe(200)
    expect(auth0.asked.map((body) => body.get('audience')).sort()).toEqual([null, 'reports'].sort())
    expect(auth0.reuses()).toBe(0)
  })

  test('an audience that the policy does not name is denied: no API is shown the token that came instead', async () => {
    const auth0 = createAuth0()
    const { auth, browser } = await signedIn(auth0, misspelt)
    for (let call = 0; call < 3; call++) {
      const reason = await reasonOf(browser, auth.authFetch(`${REPORTS}/`))
      expect(reason).toBeInstanceOf(AudienceDeniedError)
      expect(reason).toMatchObject({ audience: 'reports', error: undefined })
    }
    expect(auth0.shown).toEqual([])
    expect(auth0.asked).toHaveLength(1)
    // The refresh token that came with it is the next to be spent.
    expect(await soon(browser, auth.getAccessToken({ forceRefresh: true }))).toBeDefined()
    expect(auth0.asked.map((body) => body.get('refresh_token'))).toEqual(['refresh-0', 'refresh-1'])
    expect(auth.getState().status).toBe('signed-in')
    expect(auth0.reuses()).toBe(0)
  })

  test('once the policy names the audience, it is given within a minute', async () => {
    const auth0 = createAuth0()
    auth0.policy.delete('reports')
    const { auth, browser } = await signedIn(auth0, known)
    expect(await reasonOf(browser, auth.authFetch(`${REPORTS}/`))).toBeInstanceOf(AudienceDeniedError)
    auth0.policy.add('reports')
    expect(await reasonOf(browser, auth.authFetch(`${REPORTS}/`))).toBeInstanceOf(AudienceDeniedError)
    await browser.advance(MINUTE)
    expect((await soon(browser, auth.authFetch(`${REPORTS}/`))).status).toBe(200)
    expect(auth0.shown).toEqual([[REPORTS, ['reports', USERINFO]]])
  })

  test('a misspelt audience without "expect" is found out by its API alone, whose 401 costs one refresh', async () => {
    const auth0 = createAuth0()
    const { auth, browser } = await signedIn(auth0, optionsWith({ parameters: { audience: 'report' } }))
    expect((await soon(browser, auth.authFetch(`${REPORTS}/`))).status).toBe(401)
    await browser.advance(MINUTE)
    const before = auth0.asked.length
    const answers = Promise.all([1, 2, 3, 4, 5].map(() => auth.authFetch(`${REPORTS}/`)))
    await browser.advance(5_000)
    expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([401]))
    expect(auth0.asked.length - before).toBe(1)
    expect(auth.getState().status).toBe('signed-in')
    expect(auth0.reuses()).toBe(0)
  })
})
