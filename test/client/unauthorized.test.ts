// What happens on a 401.

import { describe, expect, test } from 'vitest'
import { cookieRefresh, RefreshUnavailableError } from '../../src/index.ts'
import {
  API,
  acceptOnlyNewest,
  bearer,
  createGate,
  createScene,
  createSignedInScene,
  drain,
  MINUTE,
  outcome,
  type Scene,
  tokens,
  unauthorized,
} from './harness.ts'

/** A session whose token is a minute old and refused by the server. */
async function createRefusedScene(): Promise<Scene> {
  const scene = await createSignedInScene()
  await scene.browser.advance(MINUTE)
  acceptOnlyNewest(scene.server)
  return scene
}

describe('a 401', () => {
  test('is refreshed and retried once, so that the caller sees a success', async () => {
    const { auth, server } = await createRefusedScene()
    expect((await auth.authFetch(`${API}/me`)).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-0'), bearer('access-1')])
  })

  test('of 1,000 concurrent calls costs one refresh, and all 1,000 succeed', async () => {
    const { auth, browser, server } = await createRefusedScene()
    const { locks } = browser.counts
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, nth) => auth.authFetch(`${API}/${nth}`)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1_000)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls).toHaveLength(2_000)
    expect(browser.counts.locks - locks).toBe(1)
  })

  test('and the timer at once cost one refresh', async () => {
    const { auth, browser, server, tab } = await createRefusedScene()
    await browser.advance((tab.timers()[0] as number) - 1)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const call = auth.authFetch(API)
    await browser.advance(1_000)
    gate.open(Response.json(tokens(1)))
    expect((await call).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
  })

  test('that comes after the rotation is retried with the new token, without a refresh', async () => {
    const { auth, server } = await createRefusedScene()
    const late = createGate<Response>()
    const { onCall } = server
    server.onCall = (sent, nth) => (nth === 1 ? late.promise : onCall(sent, nth))
    const straggler = auth.authFetch(`${API}/slow`)
    await auth.authFetch(`${API}/quick`)
    expect(server.refreshes).toHaveLength(1)
    late.open(unauthorized())
    expect((await straggler).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.at(-1)).toMatchObject({ url: `${API}/slow`, authorization: bearer('access-1') })
  })

  test('holds back calls made meanwhile until the new token is there', async () => {
    const { auth, server } = await createRefusedScene()
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const first = auth.authFetch(`${API}/first`)
    await drain()
    const second = auth.authFetch(`${API}/second`)
    await drain()
    expect(server.calls).toHaveLength(1)
    gate.open(Response.json(tokens(1)))
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([
      bearer('access-0'),
      bearer('access-1'),
      bearer('access-1'),
    ])
  })

  test('after the retry stands', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    let answers = 0
    server.onCall = () => new Response(`refusal ${++answers}`, { status: 401 })
    const response = await auth.authFetch(API)
    expect([response.status, await response.text()]).toEqual([401, 'refusal 2'])
    expect([server.calls.length, server.refreshes.length]).toEqual([2, 1])
  })

  describe('of a retry whose token was replaced meanwhile', () => {
    const post = { method: 'POST', body: 'order' }
    const inputs: [string, ...Parameters<typeof fetch>][] = [
      ['an address', API],
      ['an init with a body', API, post],
      ['a Request with a body', new Request(API, post)],
    ]

    /** Each call is answered 401 when the token after its own has been granted. */
    async function answerLate(
      { auth, server }: Scene,
      times: number,
      call: Parameters<typeof fetch>,
    ): Promise<Response> {
      const gates = Array.from({ length: times }, () => createGate<Response>())
      server.onCall = (_, nth) => gates[nth - 1]?.promise ?? new Response('accepted')
      const response = auth.authFetch(...call)
      for (const gate of gates) {
        await drain()
        await auth.getAccessToken({ forceRefresh: true })
        gate.open(unauthorized())
      }
      return response
    }

    test.each(inputs)('%s is sent once more', async (_, input, init) => {
      const scene = await createRefusedScene()
      const response = await answerLate(scene, 2, [input, init])
      expect(await response.text()).toBe('accepted')
      const { calls, refreshes } = scene.server
      expect(calls.map(({ authorization }) => authorization)).toEqual(['access-0', 'access-1', 'access-2'].map(bearer))
      const bodies = await Promise.all(calls.map(({ body }) => body))
      expect(new Set(bodies)).toEqual(new Set([init || input instanceof Request ? 'order' : '']))
      expect(refreshes).toHaveLength(2)
    })

    test('nothing is sent a fourth time', async () => {
      const scene = await createRefusedScene()
      const response = await answerLate(scene, 3, [API])
      expect([response.status, scene.server.calls.length]).toEqual([401, 3])
    })
  })

  test('to everything gets one refresh, not a storm', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onCall = () => unauthorized()
    for (let call = 0; call < 100; call++) expect((await auth.authFetch(API)).status).toBe(401)
    await Promise.all(Array.from({ length: 100 }, () => auth.authFetch(API)))
    expect(server.refreshes).toHaveLength(1)
  })

  test('of a token younger than the floor is returned without a refresh', async () => {
    const { auth, server } = await createSignedInScene()
    server.onCall = () => unauthorized()
    expect((await auth.authFetch(API)).status).toBe(401)
    expect([server.calls.length, server.refreshes.length]).toEqual([1, 0])
  })

  test('of a request without our token is returned as it is', async () => {
    const { auth, server } = await createRefusedScene()
    server.onCall = () => unauthorized()
    const headers = { authorization: 'Basic eDp5' }
    expect((await auth.authFetch(API, { headers })).status).toBe(401)
    expect((await auth.authFetch(API, { auth: false })).status).toBe(401)
    expect((await auth.authFetch('https://elsewhere.example/')).status).toBe(401)
    expect([server.calls.length, server.refreshes.length]).toEqual([3, 0])
  })

  test('of cookies alone is refreshed and retried as well, with nothing attached', async () => {
    const { auth, server, browser } = await createSignedInScene({
      refresh: cookieRefresh('https://app.example/auth/refresh'),
      tokens: { expires_in: 300 },
    })
    await browser.advance(MINUTE)
    server.onRefresh = () => new Response(null, { status: 204 })
    server.onCall = () => (server.refreshes.length ? new Response('ok') : unauthorized())
    expect((await auth.authFetch(API, { credentials: 'include' })).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null, null])
  })

  test.each([
    ['a foreign origin', 'https://elsewhere.example/'],
    ['another allowed origin, where the browser sends no token,', 'https://api.example.org/'],
  ])('after a redirect to %s is not ours to answer', async (_, url) => {
    const { auth, server, browser } = await createSignedInScene({ origins: [API, 'https://api.example.org'] })
    await browser.advance(MINUTE)
    server.onCall = () =>
      Object.defineProperties(unauthorized(), {
        redirected: { value: true },
        url: { value: url },
      })
    expect((await auth.authFetch(API)).status).toBe(401)
    expect(server.refreshes).toHaveLength(0)
  })
})

describe('the challenge of a 401', () => {
  const cases: [string, string | undefined, number][] = [
    ['invalid_token', 'Bearer realm="api", error="invalid_token", error_description="expired"', 1],
    ['that cannot be read', undefined, 1],
    ['Bearer without an error', 'Bearer', 1],
    ['an error that nobody knows', 'Bearer error="token_expired"', 1],
    ['insufficient_scope', 'Bearer error="insufficient_scope", scope="write"', 0],
    ['insufficient_user_authentication', 'Bearer error="insufficient_user_authentication", max_age="60"', 0],
    ['Basic', 'Basic realm="api"', 0],
    ['DPoP', 'DPoP error="use_dpop_nonce"', 0],
    ['Bearer among others', 'Basic realm="x", Bearer error="invalid_token", Digest nonce="y"', 1],
    ['Bearer in a quoted string only', 'Basic realm="use, Bearer error=invalid_token"', 0],
  ]
  test.each(cases)('%s', async (_, challenge, refreshes) => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onCall = (_sent, nth) => {
      if (nth > 1) return new Response('ok')
      return challenge ? unauthorized(challenge) : new Response('', { status: 401 })
    }
    const response = await auth.authFetch(API)
    expect(server.refreshes).toHaveLength(refreshes)
    expect(response.status).toBe(refreshes ? 200 : 401)
  })
})

describe('when no new token can be had', () => {
  const failures: [string, () => Response | Promise<Response>][] = [
    ['429', () => new Response('', { status: 429 })],
    ['503', () => new Response('', { status: 503 })],
    ['HTML', () => new Response('<html>')],
    ['nothing', () => new Promise(() => {})],
    ['a network error', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['invalid_grant', () => Response.json({ error: 'invalid_grant' }, { status: 400 })],
  ]
  test.each(failures)('%s at the refresh gives the caller the original 401, unread', async (_, answer) => {
    const { auth, browser, server } = await createSignedInScene()
    await browser.advance(MINUTE)
    server.onRefresh = answer
    const original = unauthorized()
    server.onCall = () => original
    const call = auth.authFetch(API)
    await browser.advance(31_000)
    const response = await call
    expect(response).toBe(original)
    expect(response.bodyUsed).toBe(false)
    expect(await response.text()).toBe('denied')
    expect(server.calls).toHaveLength(1)
  })

  test('all of 100 callers get their own 401', async () => {
    const { auth, server } = await createRefusedScene()
    server.onRefresh = () => new Response('', { status: 503 })
    const answers = await Promise.all(Array.from({ length: 100 }, () => auth.authFetch(API)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    expect(server.refreshes).toHaveLength(1)
  })

  test('a caller with an expired token is rejected, for there is no response to give', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    server.onRefresh = () => new Response('', { status: 503 })
    await expect(auth.authFetch(API)).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(server.calls).toHaveLength(0)
  })

  test('a caller with an expired token whose session ends is sent as the caller wrote it', async () => {
    const { auth, browser, server } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    await auth.authFetch(API)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([null])
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'rejected' })
  })
})

describe('a refused refresh', () => {
  test('ends the session once, and nothing more is sent', async () => {
    const { auth, browser, server, tab, names } = await createRefusedScene()
    server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    expect((await auth.authFetch(API)).status).toBe(401)
    await browser.advance(3_600_000)
    expect(auth.getState()).toEqual({ status: 'signed-out', reason: 'rejected', wasSignedIn: true, degraded: [] })
    expect(names()).toEqual(['signed-out'])
    expect(server.refreshes).toHaveLength(1)
    expect(tab.timers()).toEqual([])
    expect(await auth.getAccessToken()).toBeUndefined()
  })

  test('that names a reuse says so', async () => {
    const { auth, server } = await createRefusedScene()
    server.onRefresh = () =>
      Response.json({ error: 'invalid_grant', error_code: 'refresh_token_already_used' }, { status: 400 })
    await auth.authFetch(API)
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'reuse-detected' })
  })
})

describe('signed out', () => {
  test('requests are sent as the caller wrote them, in the same tick', async () => {
    const { auth, server } = createScene()
    await auth.restore()
    expect(auth.getState()).toMatchObject({ status: 'signed-out', reason: 'initial' })
    const init = { method: 'POST', body: 'x' }
    const call = auth.authFetch(`${API}/public`, init)
    expect(server.calls[0]).toMatchObject({ input: `${API}/public`, init, authorization: null })
    expect((await call).status).toBe(200)
  })

  test('a 401 is returned', async () => {
    const { auth, server } = createScene()
    await auth.restore()
    server.onCall = () => unauthorized()
    expect((await auth.authFetch(API)).status).toBe(401)
    expect(server.refreshes).toHaveLength(0)
  })
})

describe('before anything is known', () => {
  test('the first call finds out, and waits for it', async () => {
    const { auth, server } = createScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })
    expect(auth.getState().status).toBe('unknown')
    expect((await auth.authFetch(API)).status).toBe(200)
    expect(server.refreshes).toHaveLength(1)
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-1')])
  })

  test('a call to a foreign origin waits for nothing', async () => {
    const { auth, server } = createScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })
    void auth.authFetch('https://elsewhere.example/')
    expect(server.calls).toHaveLength(1)
    await drain()
    expect(server.refreshes).toHaveLength(0)
  })

  test('it is rejected when that cannot be found out', async () => {
    const { auth, server } = createScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })
    server.onRefresh = () => new Response('', { status: 503 })
    await expect(auth.authFetch(API)).rejects.toBeInstanceOf(RefreshUnavailableError)
    expect(auth.getState().status).toBe('unknown')
  })
})

describe('another user signs in while a call is on its way', () => {
  test('a 401 of the first user is not retried with the token of the second', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    const gate = createGate<Response>()
    server.onCall = () => gate.promise
    const call = auth.authFetch(API)
    await drain()
    await auth.signIn({ ...tokens(0), access_token: 'other-user' })
    gate.open(unauthorized())
    expect((await call).status).toBe(401)
    expect(server.calls).toHaveLength(1)
  })

  test('nor if the second comes between the answer to a keepalive request and its retry', async () => {
    const { auth, server, browser } = await createSignedInScene()
    await browser.advance(MINUTE)
    const cancel = (): void => void auth.signIn({ ...tokens(0), access_token: 'other-user' })
    const body = new ReadableStream({ cancel })
    server.onCall = (_, nth) => (nth === 1 ? new Response(body, { status: 401 }) : new Response())
    await auth.authFetch(API, { method: 'POST', body: 'of the first', keepalive: true })
    expect(await auth.getAccessToken()).toBe('other-user')
    expect(server.calls.map(({ authorization }) => authorization)).toEqual([bearer('access-0'), bearer('access-1')])
  })

  test('a call that waits for a token is rejected rather than sent as the second', async () => {
    const { auth, server, browser } = await createSignedInScene()
    browser.jump(2 * 3_600_000)
    const gate = createGate<Response>()
    server.onRefresh = () => gate.promise
    const call = auth.authFetch(API)
    await drain()
    await auth.signIn({ ...tokens(7), access_token: 'other-user' })
    gate.open(Response.json(tokens(1)))
    expect(await outcome(call)).toMatchObject({ code: 'session-ended' })
    expect(server.calls).toHaveLength(0)
    expect(await auth.getAccessToken()).toBe('other-user')
  })
})

test('a body that is sent once starts the refresh that helps the next call', async () => {
  const { auth, server, browser } = await createSignedInScene()
  await browser.advance(MINUTE)
  acceptOnlyNewest(server)
  server.onCall = ({ authorization }) => (authorization === bearer('access-0') ? unauthorized() : new Response('ok'))
  const body = new ReadableStream({ start: (controller) => controller.close() })
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  expect((await auth.authFetch(API, init)).status).toBe(401)
  await drain()
  expect(server.refreshes).toHaveLength(1)
  expect((await auth.authFetch(API)).status).toBe(200)
})
