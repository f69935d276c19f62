// What ordinary servers answer to a refresh, and what becomes of a visitor and of a session.

import { describe, expect, test } from 'vitest'
import {
  cookieRefresh,
  jsonRefresh,
  oauthRefresh,
  RefreshUnavailableError,
  SessionEndedError,
  TokenResponseError,
} from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createScene,
  createSignedInScene,
  HOUR,
  MINUTE,
  outcome,
  type Scene,
  TOKEN_ENDPOINT,
  tokens,
} from './harness.ts'

const ENDPOINT = 'https://app.example/auth/refresh'
const json = (body: unknown, status: number): Response => Response.json(body, { status })
const plain = (body: string, status: number): Response => new Response(body, { status })
const page = (status: number): Response =>
  new Response('<!doctype html><title>No</title>', { status, headers: { 'content-type': 'text/html' } })
const redirect = (): Response => new Response(null, { status: 302, headers: { location: '/login' } })
const basic = (): Response => new Response('', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } })

type Row = [name: string, answer: () => Response]

const VERDICTS: Row[] = [
  ['Express: 401 with a message', () => json({ message: 'Unauthorized' }, 401)],
  ['Express: 401 as text', () => plain('Unauthorized', 401)],
  ['NestJS: 401', () => json({ statusCode: 401, message: 'Unauthorized', error: 'Unauthorized' }, 401)],
  ['SimpleJWT: 401', () => json({ detail: 'Token is blacklisted', code: 'token_not_valid' }, 401)],
  ['Laravel: 401', () => json({ message: 'Unauthenticated.' }, 401)],
  ['ASP.NET: 401', () => json({ type: 'about:blank', title: 'Unauthorized', status: 401 }, 401)],
  ['Spring: 401 without a body', () => plain('', 401)],
  ['Directus: 401', () => json({ errors: [{ message: 'no', extensions: { code: 'INVALID_CREDENTIALS' } }] }, 401)],
  ['Auth0: 403 invalid_grant', () => json({ error: 'invalid_grant' }, 403)],
]
/** Refused before processing; the second in a row ends the session, softly. */
const REFUSALS: Row[] = [
  ['Express: 403 as text', () => plain('Forbidden', 403)],
  ['Express: 400', () => json({ error: 'No refresh token' }, 400)],
  ['SimpleJWT: 400', () => json({ refresh: ['This field is required.'] }, 400)],
  ['ASP.NET: 400', () => json({ type: 'about:blank', title: 'Bad Request', status: 400 }, 400)],
  ['Spring: 403 without a body', () => plain('', 403)],
  ['Rails: a redirect to the login', redirect],
  ['Directus: 400', () => json({ errors: [{ message: 'no', extensions: { code: 'INVALID_PAYLOAD' } }] }, 400)],
  ['a gateway: 403', () => json({ message: 'Forbidden' }, 403)],
  ['410', () => plain('', 410)],
  ['422', () => json({ msg: 'Not enough segments' }, 422)],
  ['440', () => plain('', 440)],
  ['Flask: 401 with a page', () => page(401)],
  ['200 with an error of its own', () => json({ error: 'Not signed in' }, 200)],
]
const MISTAKES: Row[] = [
  ['404 with a page', () => page(404)],
  ['404', () => json({ message: 'Cannot POST /auth/refresh' }, 404)],
  ['405', () => plain('', 405)],
  ['415', () => plain('', 415)],
  ["the app's own index page", () => page(200)],
  ['a firewall: 403 with a page', () => page(403)],
  ['401 that asks for Basic', basic],
  ['invalid_client', () => json({ error: 'invalid_client' }, 401)],
  ['invalid_request', () => json({ error: 'invalid_request' }, 400)],
]

async function strangerScene(answer: () => Response): Promise<Scene> {
  const scene = createScene({ refresh: cookieRefresh(ENDPOINT) })
  scene.server.onRefresh = answer
  return scene
}

async function knownScene(answer: () => Response): Promise<Scene> {
  const given = { refresh: cookieRefresh(ENDPOINT), tokens: { access_token: 'access-0', expires_in: 3600 } }
  const scene = await createSignedInScene(given)
  scene.server.onRefresh = answer
  return scene
}

const forced = (scene: Scene): Promise<unknown> =>
  scene.auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => error)

/** Starts where another tab may have an answer: it is given its time. */
async function restored({ auth, browser }: Scene): Promise<unknown> {
  const state = auth.restore()
  await browser.advance(200)
  return state
}

/** Waits until the pause after a failure is over, and tries again. */
async function tryAgain(scene: Scene): Promise<unknown> {
  await scene.browser.advance(2 * MINUTE)
  return forced(scene)
}

describe('a visitor without a known session', () => {
  test.each([...VERDICTS, ...REFUSALS, ...MISTAKES])('is signed out at once: %s', async (_, answer) => {
    const { auth, server } = await strangerScene(answer)
    const state = await auth.restore()
    expect(state).toMatchObject({ status: 'signed-out', reason: 'initial' })
    expect(server.refreshes).toHaveLength(1)
    expect((await auth.authFetch(API)).status).toBe(200)
  })

  test.each<Row>([
    ['429', () => plain('', 429)],
    ['408', () => plain('', 408)],
    ['425', () => plain('', 425)],
    ['500', () => plain('', 500)],
    ['503', () => page(503)],
    ['an empty 200', () => plain('', 200)],
  ])('stays unknown while the server does not say: %s', async (_, answer) => {
    const { auth } = await strangerScene(answer)
    expect((await auth.restore()).status).toBe('unknown')
  })

  test('is asked for again at the next start', async () => {
    const browser = createVirtualBrowser()
    const first = createScene({ browser, refresh: cookieRefresh(ENDPOINT) })
    first.server.onRefresh = () => plain('', 401)
    await first.auth.restore()
    const second = createScene({ browser, refresh: cookieRefresh(ENDPOINT) })
    second.server.onRefresh = () => json({ access_token: 'access-1' }, 200)
    expect(await restored(second)).toMatchObject({ status: 'signed-in' })
  })

  test('is signed out after tokens that cannot be read, and the developer is told which members came', async () => {
    const { auth, tab } = await strangerScene(() => json({ token: 'secret', user: { id: 1 } }, 200))
    expect(await auth.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    expect(tab.warnings).toEqual([
      expect.stringContaining('no token in token, user: map it by "read", from a Response'),
    ])
  })
})

describe('a session that is known, in cookie custody', () => {
  test.each(VERDICTS)('ends by a verdict: %s', async (_, answer) => {
    const scene = await knownScene(answer)
    expect(await forced(scene)).toBeUndefined()
    expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    expect(scene.browser.entry?.soft).toBeUndefined()
  })

  test.each(REFUSALS)('ends softly by the second refusal in a row: %s', async (_, answer) => {
    const scene = await knownScene(answer)
    expect(await forced(scene)).toBeInstanceOf(RefreshUnavailableError)
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(scene.browser.entry?.attempt).toBeUndefined()
    await tryAgain(scene)
    expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    expect(scene.browser.entry).toMatchObject({ soft: true })
    expect(scene.server.refreshes).toHaveLength(2)
  })

  test('that ended softly is asked for once more at the next start, and is there again if the server says so', async () => {
    const scene = await knownScene(() => plain('Forbidden', 403))
    await forced(scene)
    await tryAgain(scene)
    const next = createScene({ browser: scene.browser, refresh: cookieRefresh(ENDPOINT) })
    next.server.onRefresh = () => json({ access_token: 'access-9' }, 200)
    expect(await restored(next)).toMatchObject({ status: 'signed-in' })
  })

  test('that ended softly and is refused at the next start too stays over', async () => {
    const scene = await knownScene(() => plain('Forbidden', 403))
    await forced(scene)
    await tryAgain(scene)
    const next = createScene({ browser: scene.browser, refresh: cookieRefresh(ENDPOINT) })
    next.server.onRefresh = () => plain('Forbidden', 403)
    expect(await restored(next)).toMatchObject({ status: 'signed-out', reason: 'initial' })
  })

  test('is not ended by two refusals with an outage between them', async () => {
    let nth = 0
    const scene = await knownScene(() => plain('', [403, 500, 403][nth++] ?? 500))
    for (let tries = 0; tries < 3; tries++) await tryAgain(scene)
    expect(scene.auth.getState().status).toBe('signed-in')
  })

  test.each(MISTAKES)('is not ended by a mistake of the set-up, which is told once: %s', async (_, answer) => {
    const scene = await knownScene(answer)
    for (let tries = 0; tries < 4; tries++) expect(await tryAgain(scene)).toBeInstanceOf(RefreshUnavailableError)
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(scene.tab.warnings).toHaveLength(1)
    expect(scene.tab.warnings[0]).toMatch(/status \d+.*check the address/)
  })

  test('with resendWithin 0 is not ended by a page', async () => {
    const given = { refresh: cookieRefresh(ENDPOINT), resendWithin: 0, tokens: { access_token: 'access-0' } }
    for (const status of [200, 403, 404]) {
      const scene = await createSignedInScene(given)
      scene.server.onRefresh = () => page(status)
      await forced(scene)
      expect(scene.auth.getState().status).toBe('signed-in')
    }
  })

  test('shows a redirect as status 302', async () => {
    const scene = await knownScene(redirect)
    expect(await forced(scene)).toMatchObject({ message: expect.stringContaining('status 302') })
    expect(scene.tab.warnings).toHaveLength(1)
  })
})

describe('a stale header against CSRF', () => {
  const CSRF: Row[] = [
    ['Laravel: 419', () => json({ message: 'CSRF token mismatch.' }, 419)],
    ['Django REST framework: 403', () => json({ detail: 'CSRF Failed: CSRF token missing.' }, 403)],
    ['Django: 403 with a page', () => new Response('<h1>Forbidden</h1>CSRF verification failed.', { status: 403 })],
  ]
  test.each(CSRF)('is read afresh for one try at once: %s', async (_, answer) => {
    let token = 0
    const refresh = cookieRefresh(ENDPOINT, {
      headers: () => ({ 'X-CSRF-TOKEN': `csrf-${++token}`, 'X-None': undefined }),
    })
    const { auth, server } = await createSignedInScene({ refresh, tokens: { access_token: 'access-0' } })
    server.onRefresh = (nth) => (nth === 1 ? answer() : json({ access_token: 'access-1' }, 200))
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
    expect(server.refreshes.map(({ request }) => request.headers.get('x-csrf-token'))).toEqual(['csrf-1', 'csrf-2'])
    expect(server.refreshes[1]?.request.headers.has('x-none')).toBe(false)
  })

  test('that stays stale causes no storm of requests, and does not end the session', async () => {
    const scene = await knownScene(() => new Response('<h1>Forbidden</h1>CSRF verification failed.', { status: 403 }))
    await forced(scene)
    expect(scene.server.refreshes).toHaveLength(2)
    await tryAgain(scene)
    expect(scene.auth.getState().status).toBe('signed-in')
  })

  test('without a known session is read afresh too, and then nobody is signed in', async () => {
    const { auth, server } = await strangerScene(() => plain('', 419))
    expect(await auth.restore()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    expect(server.refreshes).toHaveLength(2)
  })

  test('whose function fails costs no request, and the error says so', async () => {
    const refresh = cookieRefresh(ENDPOINT, {
      headers: () => {
        throw new Error('no cookie')
      },
    })
    const { auth, browser, server } = await createSignedInScene({ refresh, tokens: { access_token: 'access-0' } })
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toThrow('"headers"')
    expect(server.refreshes).toHaveLength(0)
    expect(browser.entry?.attempt).toBeUndefined()
  })
})

describe('a session whose refresh token the client holds', () => {
  test('is in doubt after invalid_target: the server may have spent the token before it looked', async () => {
    const scene = await createSignedInScene()
    scene.server.onRefresh = () => json({ error: 'invalid_target' }, 400)
    await forced(scene)
    expect(scene.browser.entry?.attempt).toMatchObject({ doubt: true })
  })

  test.each<Row>([
    ['a complaint of the shape', () => json({ refresh: ['This field is required.'] }, 400)],
    ['a missing slash', redirect],
    ['404', () => page(404)],
  ])('is not ended, and unspent, after %s', async (_, answer) => {
    const scene = await createSignedInScene({ resendWithin: 0 })
    scene.server.onRefresh = answer
    for (let tries = 0; tries < 3; tries++) await tryAgain(scene)
    expect(scene.auth.getState().status).toBe('signed-in')
    expect(scene.browser.entry?.attempt).toBeUndefined()
    expect(scene.tab.warnings).toHaveLength(1)
  })

  test.each<Row>([
    ['401', () => json({ detail: 'Token is blacklisted', code: 'token_not_valid' }, 401)],
    ['403', () => plain('Forbidden', 403)],
  ])('ends softly by the second %s in a row, and keeps its refresh token for the next start', async (_, answer) => {
    const scene = await createSignedInScene()
    scene.server.onRefresh = answer
    expect(await forced(scene)).toBeInstanceOf(RefreshUnavailableError)
    await tryAgain(scene)
    expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    const next = createScene({ browser: scene.browser })
    expect(await restored(next)).toMatchObject({ status: 'signed-in' })
    expect(await next.server.refreshes[0]?.body).toContain('refresh-0')
  })

  test('commits the generation of tokens that nobody can read, and leaves the refresh token in doubt', async () => {
    const scene = await createSignedInScene()
    scene.server.onRefresh = () => json({ access: 'a', refresh: 'r' }, 200)
    const error = (await forced(scene)) as RefreshUnavailableError
    expect(error).toMatchObject({
      message: expect.stringContaining('access, refresh'),
      cause: expect.any(TokenResponseError),
    })
    expect(scene.browser.entry).toMatchObject({ generation: 1, refreshToken: 'refresh-0', attempt: { doubt: true } })
  })
})

describe('no error', () => {
  test.each([...REFUSALS, ...MISTAKES])(
    'says of an answer that there was none, or quotes its body: %s',
    async (_, answer) => {
      const scene = await knownScene(answer)
      const { message } = (await forced(scene)) as Error
      expect(message).toMatch(/status \d{3}/)
      expect(message).not.toMatch(/not answered|Forbidden|required/)
    },
  )

  test('hides the code of the server', async () => {
    const scene = await createSignedInScene()
    scene.server.onRefresh = () => json({ error: 'invalid_client' }, 401)
    expect(await forced(scene)).toMatchObject({ message: expect.stringContaining('status 401, invalid_client') })
  })
})

describe('read', () => {
  const read = async (response: Response) => {
    const { data } = await response.json()
    return (
      data && { access_token: data.access_token, refresh_token: data.refresh_token, expires_in: data.expires / 1000 }
    )
  }
  const directus = (nth: number): Response =>
    json({ data: { access_token: `access-${nth}`, refresh_token: `refresh-${nth}`, expires: 900_000 } }, 200)

  test.each([
    ['oauthRefresh', oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', read })],
    ['jsonRefresh', jsonRefresh({ endpoint: TOKEN_ENDPOINT, read })],
    ['cookieRefresh', cookieRefresh(ENDPOINT, { read })],
    ['a function of your own', Object.assign(async () => directus(1), { read })],
  ])('maps another shape for %s', async (_, refresh) => {
    const { auth, server } = await createSignedInScene({ refresh })
    server.onRefresh = directus
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
  })

  test('reports a verdict, or a refusal', async () => {
    const verdict = await createSignedInScene({
      refresh: oauthRefresh({
        tokenEndpoint: TOKEN_ENDPOINT,
        clientId: 'spa',
        read: () => {
          throw new SessionEndedError('rejected')
        },
      }),
    })
    await verdict.auth.getAccessToken({ forceRefresh: true })
    expect(verdict.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    const refusal = await createSignedInScene({
      refresh: oauthRefresh({
        tokenEndpoint: TOKEN_ENDPOINT,
        clientId: 'spa',
        read: async () => {
          throw new RefreshUnavailableError('maintenance')
        },
      }),
    })
    await expect(refusal.auth.getAccessToken({ forceRefresh: true })).rejects.toThrow('maintenance')
    expect(refusal.browser.entry?.attempt).toBeUndefined()
  })

  test('that cannot read an error, or maps it to nothing, leaves the answer to be read as usual', async () => {
    for (const map of [read, async () => ({ access_token: undefined }) as never, () => undefined]) {
      const refresh = cookieRefresh(ENDPOINT, { read: map })
      const { auth, server } = await createSignedInScene({ refresh, tokens: { access_token: 'access-0' } })
      server.onRefresh = () => plain('Unauthorized', 401)
      await auth.getAccessToken({ forceRefresh: true })
      expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    }
  })

  test('reads the tokens of a header', async () => {
    const refresh = cookieRefresh(ENDPOINT, {
      read: ({ headers }) => ({ access_token: headers.get('authorization')?.slice(7) as string }),
    })
    const { auth, server } = await createSignedInScene({ refresh, tokens: { access_token: 'a' } })
    server.onRefresh = () => new Response(null, { status: 204, headers: { authorization: 'Bearer access-1' } })
    expect(await auth.getAccessToken({ forceRefresh: true })).toBe('access-1')
  })

  test('reads what a login answers with, too', async () => {
    const { auth } = createScene({ refresh: jsonRefresh({ endpoint: TOKEN_ENDPOINT, read }) })
    await auth.signIn(async () => directus(5))
    expect(await auth.getAccessToken()).toBe('access-5')
  })
})

describe('a login that resolves with a Response', () => {
  test('is read as a token response', async () => {
    const { auth, browser } = createScene()
    await auth.signIn(async () => json(tokens(3), 200))
    expect(await auth.getAccessToken()).toBe('access-3')
    expect(browser.entry?.refreshToken).toBe('refresh-3')
  })

  test('of 204 means tokens in cookies', async () => {
    const { auth } = createScene({ refresh: cookieRefresh(ENDPOINT) })
    await auth.signIn(async () => new Response(null, { status: 204 }))
    expect(auth.getState().status).toBe('signed-in')
  })

  test('that is an error rejects with its status, and the response unread', async () => {
    const { auth } = createScene()
    const response = json({ message: 'wrong password' }, 401)
    const error = (await outcome(auth.signIn(async () => response))) as TokenResponseError
    expect(error).toMatchObject({ name: 'TokenResponseError', status: 401, response })
    expect(await error.response?.json()).toEqual({ message: 'wrong password' })
    expect(auth.getState().status).toBe('signed-out')
  })

  test('that is no token response rejects by the names of its members', async () => {
    const { auth } = createScene({ refresh: cookieRefresh(ENDPOINT) })
    const error = await outcome(auth.signIn(async () => json({ ok: false, accessToken: null }, 200)))
    expect(error).toMatchObject({ message: expect.stringContaining('ok, accessToken') })
  })
})

describe('jsonRefresh', () => {
  test('posts the refresh token as JSON, with its headers', async () => {
    const refresh = jsonRefresh({ endpoint: TOKEN_ENDPOINT, headers: { apikey: 'key' } })
    const { auth, server } = await createSignedInScene({ refresh })
    await auth.getAccessToken({ forceRefresh: true })
    const [sent] = server.refreshes
    expect(sent?.init).toMatchObject({ keepalive: false, redirect: 'manual', cache: 'no-store', credentials: 'omit' })
    expect(JSON.parse((await sent?.body) ?? '')).toEqual({ refresh_token: 'refresh-0' })
    expect([...(sent?.request.headers ?? [])]).toEqual([
      ['accept', 'application/json'],
      ['apikey', 'key'],
      ['content-type', 'application/json'],
    ])
    expect(await auth.getAccessToken()).toBe('access-1')
  })

  test('whose body wants the access token has it after a reload too', async () => {
    const refresh = jsonRefresh({
      endpoint: TOKEN_ENDPOINT,
      body: ({ refreshToken, accessToken }) => ({ accessToken, refreshToken }),
    })
    const { auth, browser } = await createSignedInScene({ refresh })
    await auth.getAccessToken({ forceRefresh: true })
    auth.dispose()
    const next = createScene({ browser, refresh })
    await restored(next)
    expect(JSON.parse((await next.server.refreshes[0]?.body) ?? '')).toEqual({
      accessToken: 'access-1',
      refreshToken: 'refresh-1',
    })
  })

  test('whose body does not want the access token leaves it out of the ledger', async () => {
    const { auth, browser } = await createSignedInScene({ refresh: jsonRefresh({ endpoint: TOKEN_ENDPOINT }) })
    await auth.getAccessToken({ forceRefresh: true })
    expect(JSON.stringify(browser.entry)).not.toContain('access-')
  })
})

test('oauthRefresh asks a function for its parameters at each request', async () => {
  let organisation = 'a'
  const refresh = oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa', parameters: () => ({ organisation }) })
  const { auth, server } = await createSignedInScene({ refresh })
  await auth.getAccessToken({ forceRefresh: true })
  organisation = 'b'
  await auth.getAccessToken({ forceRefresh: true })
  expect(await Promise.all(server.refreshes.map(({ body }) => body))).toEqual([
    expect.stringContaining('organisation=a'),
    expect.stringContaining('organisation=b'),
  ])
})

describe('getAccessToken of a token that was refused elsewhere', () => {
  test('refreshes once for 30 parallel calls, and no more for a token that is not in use', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    const given = await Promise.all(Array.from({ length: 30 }, () => auth.getAccessToken({ refused: 'access-0' })))
    expect(new Set(given)).toEqual(new Set(['access-1']))
    expect(await auth.getAccessToken({ refused: 'access-0' })).toBe('access-1')
    expect(server.refreshes).toHaveLength(1)
  })

  test('leaves a token alone that has only just come', async () => {
    const { auth, server } = await createSignedInScene()
    expect(await auth.getAccessToken({ refused: 'access-0' })).toBe('access-0')
    expect(server.refreshes).toHaveLength(0)
  })

  test('rejects when there is no new one', async () => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = () => plain('', 500)
    await expect(auth.getAccessToken({ refused: 'access-0' })).rejects.toBeInstanceOf(RefreshUnavailableError)
  })

  test('names the option when it is none', async () => {
    const { auth } = await createSignedInScene()
    await expect(auth.getAccessToken({ refused: 5 as never })).rejects.toThrow('"refused"')
  })
})

describe('isRefused', () => {
  test.each<Row>([
    ['403', () => plain('', 403)],
    ['419', () => plain('', 419)],
    ['an error in the body of a 200', () => json({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }, 200)],
  ])('makes a refusal of %s, which is refreshed and retried once', async (_, answer) => {
    const isRefused = async (response: Response): Promise<boolean> =>
      response.status !== 200 || (await response.text()).includes('UNAUTHENTICATED')
    const { auth, browser, server } = await createSignedInScene({ isRefused })
    await browser.advance(MINUTE)
    server.onCall = (_sent, nth) => (nth === 1 ? answer() : json({ data: 5 }, 200))
    expect(await (await auth.authFetch(API)).json()).toEqual({ data: 5 })
    expect(server.refreshes).toHaveLength(1)
  })

  test('leaves the body of the response to the caller', async () => {
    const { auth, server } = await createSignedInScene({ isRefused: async (copy) => (await copy.text()) === '' })
    server.onCall = () => plain('whole', 200)
    expect(await (await auth.authFetch(API)).text()).toBe('whole')
  })

  test('is not asked of requests without our token', async () => {
    const asked: string[] = []
    const { auth } = await createSignedInScene({
      isRefused: ({ url }) => {
        asked.push(url)
        return true
      },
    })
    await auth.authFetch('https://elsewhere.example/')
    await auth.authFetch(API, { auth: false })
    expect(asked).toEqual([])
  })

  test('that throws counts as no, and is reported', async () => {
    const { auth, tab } = await createSignedInScene({
      isRefused: () => {
        throw new Error('mine')
      },
    })
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(tab.reports.splice(0)).toEqual([expect.objectContaining({ message: 'mine' })])
  })
})

describe('scheme', () => {
  test('is the word before the token, and the scheme of the challenges that count', async () => {
    const { auth, browser, server } = await createSignedInScene({ scheme: 'JWT' })
    await browser.advance(MINUTE)
    const refuse = (challenge: string): Response =>
      new Response('', { status: 401, headers: { 'www-authenticate': challenge } })
    server.onCall = () => refuse('Bearer')
    await auth.authFetch(API)
    expect(server.calls[0]?.authorization).toBe('JWT access-0')
    expect(server.refreshes).toHaveLength(0)
    server.onCall = ({ authorization }) =>
      authorization === 'JWT access-1' ? plain('ok', 200) : refuse('JWT realm="api"')
    expect((await auth.authFetch(API)).status).toBe(200)
  })
})

describe('a refresh that fails although the server can be reached', () => {
  const dead = (): Promise<never> => Promise.reject(new TypeError('Failed to fetch'))

  test('names CORS as a likely cause, where the server is of another origin', async () => {
    const { auth, browser, server, tab } = await createSignedInScene()
    server.onRefresh = dead
    await browser.advance(2 * HOUR)
    expect(tab.warnings).toEqual([expect.stringContaining('check CORS')])
    expect(auth.getState().status).toBe('signed-in')
  })

  test('says nothing of CORS where the probe fails too', async () => {
    const { browser, server, tab } = await createSignedInScene()
    server.onRefresh = dead
    server.onProbe = dead
    await browser.advance(2 * HOUR)
    expect(tab.warnings).toEqual([])
  })
})
