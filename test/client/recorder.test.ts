// The flight recorder: what it shows of a client, what it explains, and what it never holds.

import { afterEach, describe, expect, test, vi } from 'vitest'
import { clockTime } from '../../src/devtools/words.ts'
import { createRecorder, type Observation, type Recorder } from '../../src/devtools.ts'
import { cookieRefresh } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import {
  API,
  createGate,
  createScene,
  createServer,
  createSignedInScene,
  drain,
  HOUR,
  jwt,
  MINUTE,
  type Scene,
  type SceneOptions,
  tokens,
  unauthorized,
} from './harness.ts'

const steps = (recorder: Recorder): string[] =>
  recorder
    .entries()
    .filter(({ kind }) => kind !== 'timer' && kind !== 'message' && kind !== 'lock')
    .map((seen) => `${seen.kind} ${seen.step}`)

const lastOf = <Kind extends Observation['kind']>(recorder: Recorder, kind: Kind) =>
  recorder
    .entries()
    .filter((seen): seen is Observation & { kind: Kind } => seen.kind === kind)
    .at(-1)

const COOKIE = 'https://app.example/auth/refresh'

const cookieScene = (options: SceneOptions = {}): Scene => createScene({ refresh: cookieRefresh(COOKIE), ...options })

const cookieTokens = (nth: number) => ({ access_token: `access-${nth}`, expires_in: 3600 })

const invalidGrant = (): Response => Response.json({ error: 'invalid_grant' }, { status: 400 })

/** Asks for a new token, and does not care what comes. */
const demand = ({ auth }: Scene): Promise<unknown> => auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)

/** Lets messages arrive, and what they start. */
async function hear({ browser }: Scene): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await drain()
  await browser.advance(1_000)
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a refresh is recorded from its cause to its commit', () => {
  test('on demand', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    await scene.auth.getAccessToken({ forceRefresh: true })
    expect(steps(recorder)).toEqual([
      'record begun',
      'refresh begun',
      'ledger claim',
      'wire sent',
      'wire answered',
      'outcome granted',
      'ledger commit',
      'session refreshed',
    ])
    expect(lastOf(recorder, 'refresh')).toMatchObject({ cause: 'demand' })
    expect(lastOf(recorder, 'wire')).toMatchObject({ path: 'https://as.example/token', status: 200 })
    expect(lastOf(recorder, 'outcome')).toMatchObject({ rule: 'new tokens' })
    const locks = recorder.entries().flatMap((seen) => (seen.kind === 'lock' ? [seen.step] : []))
    expect(locks).toEqual(['asked', 'held', 'released'])
  })

  test('by the timer', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    await scene.browser.advance(HOUR - MINUTE / 2)
    expect(recorder.entries().find(({ kind }) => kind === 'refresh')).toMatchObject({ cause: 'timer' })
  })

  test('after a 401', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    await scene.browser.advance(10 * MINUTE)
    scene.server.onCall = (_, nth) => (nth === 1 ? unauthorized() : new Response('ok'))
    await scene.auth.authFetch(`${API}/me?secret=1`)
    expect(lastOf(recorder, 'refresh')).toMatchObject({ cause: '401' })
  })

  test('at the start of a page', async () => {
    const first = await createSignedInScene()
    first.auth.dispose()
    await drain()
    const scene = createScene({ browser: first.browser, server: first.server })
    const recorder = createRecorder(scene.auth)
    const restored = scene.auth.restore()
    await scene.browser.advance(1_000)
    await restored
    expect(recorder.entries().find(({ kind }) => kind === 'refresh')).toMatchObject({ cause: 'start' })
  })

  test('after a wake-up', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.browser.sleep(2 * HOUR)
    await scene.tab.fire('wake')
    await scene.browser.advance(1_000)
    expect(recorder.entries().find(({ kind }) => kind === 'refresh')).toMatchObject({ cause: 'wake-up' })
  })
})

test('a clock that jumps is recorded with its length', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  scene.browser.jump(-HOUR)
  await scene.auth.getAccessToken({ forceRefresh: true })
  expect(lastOf(recorder, 'clock')).toMatchObject({ by: -HOUR })
})

test('a part that is missing is recorded once', async () => {
  const browser = createVirtualBrowser()
  const { platform } = browser.openTab()
  const scene = await createSignedInScene({ browser, platform: { ...platform, degraded: ['locks'] } })
  const recorder = createRecorder(scene.auth)
  await demand(scene)
  expect(recorder.entries().filter(({ kind }) => kind === 'degraded')).toMatchObject([{ part: 'locks' }])
})

test('a pause is recorded with its end', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  scene.server.onRefresh = () => new Response('', { status: 503, headers: { 'retry-after': '120' } })
  await demand(scene)
  expect(lastOf(recorder, 'outcome')).toMatchObject({ rule: 'refused for now', status: 503 })
  const until = lastOf(recorder, 'pause')?.until ?? 0
  expect(until - scene.browser.now()).toBeGreaterThanOrEqual(120_000)
  expect(recorder.explain()).toMatch(/no session has ended.*the next try is at \d\d:\d\d:\d\d/)
})

describe('explain() says why the session has ended', () => {
  const clock = String.raw`\d\d:\d\d:\d\d`

  test('signOut() in this tab, and in another', async () => {
    const scene = await createSignedInScene()
    const other = createScene({ browser: scene.browser, server: scene.server })
    const recorder = createRecorder(scene.auth)
    const others = createRecorder(other.auth)
    const restored = other.auth.restore()
    await hear(scene)
    await restored
    await scene.auth.signOut()
    await scene.browser.advance(1_000)
    expect(recorder.explain()).toMatch(new RegExp(`^Signed out ${clock}: this tab called signOut\\(\\)\\.$`))
    expect(others.explain()).toMatch(new RegExp(`^Signed out ${clock}: another tab signed out\\.$`))
  })

  test('a sign-in, in this tab and in another', async () => {
    const scene = await createSignedInScene()
    const other = createScene({ browser: scene.browser, server: scene.server })
    const recorder = createRecorder(scene.auth)
    const others = createRecorder(other.auth)
    const restored = other.auth.restore()
    await hear(scene)
    await restored
    const gate = createGate<ReturnType<typeof tokens>>()
    const login = scene.auth.signIn(() => gate.promise)
    // The session beside it lasts as long as its token.
    await scene.browser.advance(2 * HOUR)
    await hear(scene)
    expect(recorder.explain()).toContain('a sign-in began in this tab')
    expect(others.explain()).toContain('a sign-in began in another tab')
    gate.open(tokens(7))
    await login
    await drain()
    expect(recorder.explain()).toMatch(new RegExp(`Signed in again ${clock}\\.$`))
  })

  test('a verdict on the refresh token', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = invalidGrant
    await demand(scene)
    expect(recorder.explain()).toMatch(
      new RegExp(`^Signed out ${clock}: the server refused the refresh token \\(400\\)\\.$`),
    )
  })

  test('a verdict on the cookie', async () => {
    const scene = cookieScene()
    await scene.auth.signIn(cookieTokens(0))
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = () => new Response('', { status: 401 })
    await demand(scene)
    expect(recorder.explain()).toMatch(/the server refused the refresh cookie \(401\)\.$/)
  })

  test('a verdict that another tab was given', async () => {
    const scene = await createSignedInScene()
    const other = createScene({ browser: scene.browser, server: scene.server })
    const recorder = createRecorder(other.auth)
    const restored = other.auth.restore()
    await hear(scene)
    await restored
    scene.server.onRefresh = invalidGrant
    await demand(scene)
    await hear(scene)
    expect(recorder.explain()).toMatch(/another tab reports: the server refused the refresh token\.$/)
  })

  test('a verdict after an answer that was lost', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = (nth) => (nth === 1 ? Promise.reject(new TypeError('Failed to fetch')) : invalidGrant())
    const waiting = demand(scene)
    await scene.browser.advance(MINUTE)
    await waiting
    expect(recorder.explain()).toMatch(
      new RegExp(
        `the server refused the refresh token \\(400\\) after the answer to a refresh at ${clock} was lost\\.$`,
      ),
    )
  })

  test('a verdict after the tab that had asked was closed', async () => {
    const scene = await createSignedInScene()
    const other = createScene({ browser: scene.browser, server: scene.server })
    const recorder = createRecorder(other.auth)
    const restored = other.auth.restore()
    await hear(scene)
    await restored
    scene.server.onRefresh = (nth) => (nth === 1 ? new Promise(() => {}) : invalidGrant())
    void demand(scene)
    await scene.browser.advance(100)
    expect(scene.server.refreshes).toHaveLength(1)
    const sentAt = clockTime(scene.browser.now() - 100)
    scene.tab.crash()
    await scene.browser.advance(10_000)
    const waiting = demand(other)
    await scene.browser.advance(2 * MINUTE)
    await waiting
    const endedAt = clockTime(lastOf(recorder, 'session')?.at ?? 0)
    expect(endedAt).not.toBe(sentAt)
    expect(recorder.explain()).toBe(
      `Signed out ${endedAt}: the server refused the refresh token (400) after the answer to a refresh at ${sentAt} was lost when its tab was closed.`,
    )
  })

  test('a reuse that the server has named', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = () => Response.json({ error: 'refresh_token_reused' }, { status: 400 })
    await demand(scene)
    expect(recorder.explain()).toContain('a spent refresh token was used again (400)')
  })

  test('a reuse after an answer that was lost', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = (nth) =>
      nth === 1
        ? Promise.reject(new TypeError('Failed to fetch'))
        : Response.json({ error: 'refresh_token_reused' }, { status: 400 })
    const waiting = demand(scene)
    await scene.browser.advance(MINUTE)
    await waiting
    expect(recorder.explain()).toMatch(
      /the refresh token that was sent again for a stolen one \(400\) after the answer to a refresh at .* was lost/,
    )
  })

  test('an answer that was lost where nothing may be sent again', async () => {
    const scene = await createSignedInScene({ resendWithin: 0 })
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = () => Promise.reject(new TypeError('Failed to fetch'))
    await demand(scene)
    expect(recorder.explain()).toMatch(
      new RegExp(`the answer to a refresh at ${clock} was lost, and "resendWithin" does not let it be sent again`),
    )
  })

  test('statuses that may mean the end, again and again', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.server.onRefresh = () => new Response('no', { status: 403 })
    await demand(scene)
    await scene.browser.advance(HOUR)
    expect(recorder.explain()).toMatch(/refused the refresh token again and again \(403\) without a clear verdict/)
  })

  test('a login without a refresh token', async () => {
    const scene = createScene()
    await scene.auth.signIn({ access_token: 'access-0', expires_in: 3600 })
    const recorder = createRecorder(scene.auth)
    await demand(scene)
    expect(recorder.explain()).toContain('there is no refresh token')
  })

  test('a storage that was cleared', async () => {
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth)
    scene.browser.entry = undefined
    await demand(scene)
    expect(recorder.explain()).toContain("the browser's storage was cleared")
  })

  test('nobody was signed in, in both custodies', async () => {
    const scene = createScene()
    const recorder = createRecorder(scene.auth)
    const restored = scene.auth.restore()
    await scene.browser.advance(1_000)
    await restored
    expect(recorder.explain()).toMatch(/^Not signed in .*: the browser's storage holds no session/)
    const inCookie = cookieScene()
    inCookie.server.onRefresh = () => new Response('', { status: 401 })
    const cookieRecorder = createRecorder(inCookie.auth)
    const looked = inCookie.auth.restore()
    await inCookie.browser.advance(1_000)
    await looked
    expect(cookieRecorder.explain()).toMatch(/^(Not|Found) signed.*refused.*\(401\)/)
  })

  test('no session has ended yet', async () => {
    const scene = await createSignedInScene()
    expect(createRecorder(scene.auth).explain()).toBe('Signed in: no session has ended in this record.')
  })
})

test('the record holds no token, no key, no subject, and no more of a URL than origin and path', async () => {
  const store = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
  })
  const server = createServer()
  const access = jwt({ sub: 'user-4711', secret: 'claim-secret' })
  const issue = (nth: number) => ({
    access_token: `${access}${nth}`,
    refresh_token: `refresh-${nth}`,
    expires_in: 3600,
  })
  const ids = ['11111111-aaaa-4aaa-8aaa-key-secret-0', '22222222-bbbb-4bbb-8bbb-key-secret-1']
  const browser = createVirtualBrowser()
  const { platform } = browser.openTab()
  let made = 0
  const scene = createScene({
    browser,
    server,
    platform: { ...platform, createId: () => `${made++}-${ids[made % 2]}` },
    refresh: cookieRefresh('https://app.example/auth/refresh?query-secret=1', {}),
  })
  await scene.auth.signIn(issue(0))
  const recorder = createRecorder(scene.auth, { survivesReload: true })
  const heard: Observation[] = []
  recorder.subscribe((seen) => heard.push(seen))
  server.onRefresh = (nth) => {
    if (nth === 1) return Response.json(issue(1))
    if (nth === 2) throw new TypeError('failed with refresh-1 and body-secret')
    return Response.json({ error: 'invalid_grant', error_description: 'body-secret' }, { status: 400 })
  }
  await scene.auth.authFetch('https://api.example/users/1?query-secret=2')
  await demand(scene)
  const waiting = demand(scene)
  await browser.advance(MINUTE)
  await waiting
  const texts = [JSON.stringify(recorder), recorder.explain(), JSON.stringify(heard), ...store.values()]
  expect(recorder.entries().length).toBeGreaterThan(10)
  expect(store.size).toBe(1)
  for (const text of texts)
    for (const secret of [
      access,
      'refresh-0',
      'refresh-1',
      'key-secret',
      'user-4711',
      'query-secret',
      'claim-secret',
      'body-secret',
    ])
      expect(text).not.toContain(secret)
  // The opposite, so that the test can fail.
  expect(texts[0]).toContain('/auth/refresh')
})

test('the record is bounded', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth, { limit: 20 })
  for (let nth = 0; nth < 10; nth++) await demand(scene)
  expect(recorder.entries()).toHaveLength(20)
  expect(recorder.entries().at(-1)?.at).toBe(scene.browser.now())
})

test('the record survives a reload where that is wanted', async () => {
  const store = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => void store.set(key, value),
  })
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth, { survivesReload: true })
  scene.server.onRefresh = invalidGrant
  await demand(scene)
  const said = recorder.explain()
  scene.auth.dispose()
  const next = createScene({ browser: scene.browser, server: scene.server })
  const loaded = createRecorder(next.auth, { survivesReload: true })
  expect(loaded.explain()).toBe(said)
  // The new page finds the session over, which is no end of its own.
  const restored = next.auth.restore()
  await hear(next)
  await restored
  expect(loaded.explain()).toBe(said)
  const forgetful = createScene({ browser: scene.browser, server: scene.server })
  expect(createRecorder(forgetful.auth).entries()).toHaveLength(1)
})

test('storage that holds rubbish, or throws, costs nothing but the old record', async () => {
  for (const getItem of [
    () => 'rubbish',
    () => '[1, null, {}]',
    () => {
      throw new Error('blocked')
    },
  ]) {
    vi.stubGlobal('sessionStorage', {
      getItem,
      setItem: () => {
        throw new Error('full')
      },
    })
    const scene = await createSignedInScene()
    const recorder = createRecorder(scene.auth, { survivesReload: true })
    await demand(scene)
    expect(recorder.entries().length).toBeGreaterThan(1)
  }
})

test('one client has one recorder, however often it is asked for, and clients do not mix', async () => {
  const scene = await createSignedInScene()
  const other = await createSignedInScene({ name: 'other' })
  const recorder = createRecorder(scene.auth)
  expect(createRecorder(scene.auth)).toBe(recorder)
  expect(createRecorder(other.auth)).not.toBe(recorder)
  await demand(other)
  expect(recorder.entries()).toHaveLength(1)
})

test('after dispose() nothing is recorded, what was seen stays, and another may begin', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  recorder.dispose()
  recorder.dispose()
  await demand(scene)
  expect(recorder.entries()).toHaveLength(1)
  const next = createRecorder(scene.auth)
  expect(next).not.toBe(recorder)
  await demand(scene)
  expect(steps(next)).toContain('ledger commit')
})

test('the end of its client ends the recorder', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  scene.auth.dispose()
  await drain()
  expect(() => createRecorder(scene.auth)).toThrow('"auth" must be a living client')
  expect(recorder.entries().at(0)).toMatchObject({ kind: 'record' })
})

test('a listener that throws harms nobody', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  const error = new Error('listener')
  recorder.subscribe(() => {
    throw error
  })
  await demand(scene)
  expect(steps(recorder)).toContain('ledger commit')
  scene.auth.dispose()
  await drain()
  expect(new Set(scene.tab.reports.splice(0))).toEqual(new Set([error]))
})

test('a client that is watched sends what it sends unwatched', async () => {
  const play = async (isWatched: boolean): Promise<unknown> => {
    const scene = await createSignedInScene()
    if (isWatched) createRecorder(scene.auth)
    scene.server.onRefresh = (nth) =>
      nth === 2 ? Promise.reject(new TypeError('Failed to fetch')) : Response.json(tokens(nth))
    await scene.browser.advance(2 * HOUR)
    const waiting = demand(scene)
    await scene.browser.advance(MINUTE)
    await waiting
    return [
      scene.names(),
      scene.browser.now(),
      scene.server.refreshes.length,
      scene.server.probes.length,
      scene.browser.counts,
    ]
  }
  expect(await play(true)).toEqual(await play(false))
})

test('a wrong option, and an object that is no client, are named', async () => {
  const scene = await createSignedInScene()
  expect(() => createRecorder({} as never)).toThrow('"auth" must be a living client, made by createAuthClient()')
  expect(() => createRecorder(scene.auth, { limit: 0 })).toThrow('"limit" must be a whole number above 0')
  expect(() => createRecorder(scene.auth, { size: 1 } as never)).toThrow('"size" must be left out')
  expect(() => createRecorder(scene.auth, { survivesReload: 1 } as never)).toThrow('"survivesReload"')
})
