// The flight recorder of a client with several audiences: whose refresh it was, and a denial that is no outage.

import { describe, expect, test } from 'vitest'
import { AudienceDeniedError, audiences } from '../../src/audiences.ts'
import type { SeenLane } from '../../src/devtools/lanes/lane.ts'
import { readMoments, tellMoment } from '../../src/devtools/picture/moments.ts'
import { type Scene as Picture, readScene } from '../../src/devtools/picture/scene.ts'
import { clockTime, tell } from '../../src/devtools/words.ts'
import { createRecorder, type Observation, type Recorder } from '../../src/devtools.ts'
import {
  API,
  createScene,
  createServer,
  drain,
  HOUR,
  jwt,
  MINUTE,
  type Scene,
  type SceneOptions,
  type Server,
  unauthorized,
} from './harness.ts'

const GRAPH = 'https://graph.example'
const list = audiences({
  graph: { urls: [`${GRAPH}/`], parameters: { resource: 'graph-parameter' }, expect: 'graph' },
  billing: { urls: [`${API}/billing/`], parameters: { resource: 'billing' } },
})

/** A server that rotates, gives each audience a token of its own, and denies what it is told to. */
function createRotating(): {
  readonly server: Server
  readonly denied: Map<string, { error: string; isSpent: boolean }>
} {
  const server = createServer()
  const denied = new Map<string, { error: string; isSpent: boolean }>()
  let current = 0
  server.onRefresh = async (nth, sent) => {
    const body = new URLSearchParams(await sent.body)
    if (body.get('refresh_token') !== `refresh-${current}`)
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const resource = body.get('resource') ?? 'own'
    const denial = denied.get(resource)
    if (!denial || denial.isSpent) current++
    if (denial) return Response.json({ error: denial.error }, { status: 400 })
    const access_token = jwt({ aud: resource.replace('-parameter', ''), nth })
    return Response.json({ access_token, refresh_token: `refresh-${current}`, expires_in: 3600 })
  }
  return { server, denied }
}

async function open(options: SceneOptions = {}): Promise<Scene & { readonly recorder: Recorder }> {
  const scene = createScene({ audiences: list, ...options })
  await scene.auth.signIn({ access_token: 'own-0', refresh_token: 'refresh-0', expires_in: 3600 })
  await drain()
  return { ...scene, recorder: createRecorder(scene.auth) }
}

/** Asks for a token, and lets time pass until it has come or failed. */
async function ask({ auth, browser }: Scene, audience: string, forceRefresh = false): Promise<unknown> {
  const given = auth.getAccessToken({ audience, forceRefresh }).catch((error: unknown) => error)
  for (let task = 0; task < 20; task++) await drain()
  await browser.advance(5_000)
  // The other tabs hear of it.
  for (let task = 0; task < 5; task++) await drain()
  return given
}

/** Another tab of the same browser, which has found the session. */
async function openSibling({ browser, server }: Scene): Promise<Scene & { readonly recorder: Recorder }> {
  const scene = createScene({ browser, server, audiences: list })
  const recorder = createRecorder(scene.auth)
  const restored = scene.auth.restore()
  for (let task = 0; task < 20; task++) await drain()
  await browser.advance(1_000)
  await restored
  return { ...scene, recorder }
}

const shown = (recorder: Recorder): readonly Observation[] =>
  recorder.entries().filter(({ kind }) => kind !== 'timer' && kind !== 'message' && kind !== 'lock')

const words = (recorder: Recorder): string[] => shown(recorder).map(tell)

/** What the panel draws of the tabs that have these recorders. */
function pictureOf(...recorders: readonly Recorder[]): Picture {
  const lanes = recorders.map((_, index) => ({ id: `tab ${index + 1}`, isSilent: false }) as SeenLane)
  return readScene(lanes, { historyOf: (id) => recorders[Number(id.slice(4)) - 1]?.entries() ?? [] })
}

describe('a refresh of an audience names it', () => {
  test('from its cause to its commit', async () => {
    const { server } = createRotating()
    const scene = await open({ server })
    const { recorder } = scene
    await ask(scene, 'graph')
    expect(words(recorder).slice(1)).toEqual([
      'refresh for "graph" begins: this page has no token yet',
      'claims generation 0 for "graph"',
      'sends a refresh request for "graph" to https://as.example/token',
      'refresh request for "graph": answered (200)',
      'outcome for "graph": new tokens (200)',
      'commits generation 1 for "graph"',
      'has a new token for "graph"',
    ])
    expect(
      shown(recorder)
        .slice(1)
        .every((seen) => 'audience' in seen && seen.audience === 'graph'),
    ).toBe(true)
  })

  test('and one of the session’s own names none', async () => {
    const { server } = createRotating()
    const { auth, recorder } = await open({ server })
    await auth.getAccessToken({ forceRefresh: true })
    expect(JSON.stringify(recorder)).not.toContain('audience')
    expect(words(recorder)).toContain('commits generation 1')
  })

  test('whatever began it', async () => {
    const { server } = createRotating()
    const scene = await open({ server })
    const { auth, browser, recorder } = scene
    await ask(scene, 'graph')
    await ask(scene, 'graph', true)
    await browser.advance(MINUTE)
    server.onCall = (_, nth) => (nth === 1 ? unauthorized() : new Response('ok'))
    await auth.authFetch(`${GRAPH}/me`)
    // The timer renews what was used since its last token.
    await auth.authFetch(`${GRAPH}/me`)
    await browser.advance(HOUR)
    const causes = shown(recorder).flatMap((seen) => (seen.kind === 'refresh' && seen.audience ? [seen.cause] : []))
    expect(causes).toEqual(['start', 'demand', '401', 'timer'])
  })

  test('in the tab that takes its token over, and in the picture of both', async () => {
    const { server } = createRotating()
    const scene = await open({ server })
    const { recorder: theirs } = await openSibling(scene)
    await ask(scene, 'graph')
    expect(words(theirs).at(-1)).toBe('adopts another tab\'s new token for "graph"')
    const picture = pictureOf(scene.recorder, theirs)
    expect(picture.marks).toContainEqual(
      expect.objectContaining({ lane: 'tab 2', kind: 'adopted', label: 'adopts the new token for "graph"' }),
    )
    expect(picture.arrows).toContainEqual(
      expect.objectContaining({ from: 'tab 1', to: 'tab 2', label: 'tells of the new access token for "graph"' }),
    )
    const moment = readMoments(picture, scene.browser.now()).find(({ title }) => title.startsWith('Rotation'))
    expect(moment?.title).toBe('Rotation: generation 1 for "graph"')
    const told = moment ? tellMoment(picture, moment, (lane) => lane).map(({ text }) => text) : []
    expect(told).toContain('tab 1 commits generation 1 for "graph"')
    expect(told.join()).toContain('sends a refresh request for "graph" to https://as.example/token: answered 200')
  })
})

describe('a denial', () => {
  test('is shown as one, and as no outage', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_scope', isSpent: false })
    const scene = await open({ server })
    const { recorder, browser } = scene
    expect(await ask(scene, 'graph')).toMatchObject({ code: 'audience-denied' })
    expect(words(recorder).slice(4)).toEqual([
      'refresh request for "graph": answered (400)',
      'outcome for "graph": the server gives no token (400, invalid_scope)',
      'takes its claim back',
      'the server gives no token for "graph" (invalid_scope)',
    ])
    const at = clockTime(shown(recorder).at(-1)?.at ?? 0)
    expect(recorder.explain()).toBe(
      `Signed in: no session has ended in this record. Since ${at} the server gives no token for "graph" (invalid_scope).`,
    )
    expect(readMoments(pictureOf(recorder), browser.now()).map(({ title }) => title)).toEqual([
      'The server gives no token for "graph" (invalid_scope)',
    ])
    denied.clear()
    await browser.advance(MINUTE)
    await ask(scene, 'graph')
    expect(recorder.explain()).toBe('Signed in: no session has ended in this record.')
  })

  test('ends with the session in the explanation too', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_scope', isSpent: false })
    const scene = await open({ server })
    await ask(scene, 'graph')
    await scene.auth.signIn({ access_token: 'own-1', refresh_token: 'refresh-0', expires_in: 3600 })
    await drain()
    expect(scene.recorder.explain()).not.toContain('graph')
  })

  test('by a token for somebody else has no code', async () => {
    const { server } = createRotating()
    server.onRefresh = () => Response.json({ access_token: jwt({ aud: 'x' }), refresh_token: 'r', expires_in: 3600 })
    const scene = await open({ server })
    await ask(scene, 'graph')
    expect(words(scene.recorder).at(-1)).toBe('the server gives no token for "graph"')
    expect(shown(scene.recorder).some(({ kind }) => kind === 'pause')).toBe(false)
  })

  test('that has spent the refresh token explains the end, once the next refresh is refused', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_target', isSpent: true })
    const scene = await open({ server })
    const { auth, recorder } = scene
    await ask(scene, 'graph')
    expect(words(recorder)).toContain('records that the denial may have spent the refresh token')
    const sentAt = clockTime(recorder.entries().find(({ kind }) => kind === 'wire')?.at ?? 0)
    await auth.getAccessToken({ forceRefresh: true })
    expect(recorder.explain()).toMatch(
      new RegExp(
        `^Signed out .*: the server refused the refresh token \\(400\\) after a refresh for "graph" at ${sentAt} was denied and may have spent the refresh token; list only audiences that were granted\\.$`,
      ),
    )
  })

  test('explains the end at once where nothing may be sent again', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_target', isSpent: false })
    const scene = await open({ server, resendWithin: 0 })
    await ask(scene, 'graph')
    expect(scene.recorder.explain()).toMatch(
      /: a refresh for "graph" at \S+ was denied and may have spent the refresh token, and "resendWithin" does not let it be sent again; list only audiences that were granted\.$/,
    )
  })

  test('by a refresh function is an answer, and its text is not repeated', async () => {
    const scene = await open({
      refresh: async ({ audience }) => {
        throw new AudienceDeniedError(`${audience}`, 'text with a Secret-4711')
      },
    })
    await ask(scene, 'graph')
    expect(words(scene.recorder)).toContain('refresh request for "graph": answered')
    expect(words(scene.recorder).at(-1)).toBe('the server gives no token for "graph"')
    expect(JSON.stringify(scene.recorder)).not.toContain('4711')
  })
})

describe('a refresh token in doubt because of an audience', () => {
  test('is in doubt for the other tabs too, and neither lost nor unsent', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_target', isSpent: true })
    const scene = await open({ server })
    const { recorder: theirs } = await openSibling(scene)
    await ask(scene, 'graph')
    await scene.auth.getAccessToken({ forceRefresh: true })
    for (let task = 0; task < 20; task++) await drain()
    await scene.browser.advance(1_000)
    const words =
      'the refresh token was in doubt (an answer was lost, or an audience was denied), and sending it again was refused or not allowed.'
    expect(scene.recorder.explain()).toContain('was denied and may have spent the refresh token')
    expect(theirs.explain()).toMatch(/^Signed out \S+: another tab reports: /)
    expect(theirs.explain().slice(-words.length)).toBe(words)
    const { recorder: late } = await openSibling(scene)
    expect(late.explain()).toMatch(/^Found signed out \S+: another tab, or an earlier page, reports: /)
    expect(late.explain().slice(-words.length)).toBe(words)
  })

  test('and whose time is over says so in the tab that finds it', async () => {
    const { server, denied } = createRotating()
    denied.set('graph-parameter', { error: 'invalid_target', isSpent: true })
    const scene = await open({ server, resendWithin: 20_000 })
    scene.auth.getAccessToken({ audience: 'graph' }).catch(() => undefined)
    for (let task = 0; task < 20; task++) await drain()
    const sentAt = clockTime(scene.recorder.entries().find(({ kind }) => kind === 'wire')?.at ?? 0)
    expect(scene.browser.entry?.attempt).toMatchObject({ denied: true })
    scene.tab.crash()
    await scene.browser.advance(MINUTE)
    const next = createScene({ browser: scene.browser, server, audiences: list, resendWithin: 20_000 })
    const recorder = createRecorder(next.auth)
    const restored = next.auth.restore()
    await scene.browser.advance(1_000)
    await restored
    expect(recorder.explain()).toMatch(
      new RegExp(
        `: a refresh for "graph" at ${sentAt} was denied and may have spent the refresh token, and "resendWithin" does not let it be sent again; list only audiences that were granted\\.$`,
      ),
    )
  })

  test('that failed again and again was not denied', async () => {
    const { server } = createRotating()
    const scene = await open({ server })
    const sibling = await openSibling(scene)
    server.onRefresh = async (nth, sent) => {
      const isGraph = new URLSearchParams(await sent.body).get('resource') === 'graph-parameter'
      if (isGraph) return new Response('', { status: nth === 1 ? 500 : 404 })
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    }
    await ask(scene, 'graph')
    await scene.browser.advance(2 * MINUTE)
    await ask(scene, 'graph')
    const before = words(scene.recorder)
    expect(scene.browser.entry?.attempt?.denied).toBe(true)
    expect(before).toContain('records that the answer is in doubt')
    expect(before).toContain('records that the refresh token is still in doubt')
    await sibling.auth.getAccessToken({ forceRefresh: true })
    for (const recorder of [scene.recorder, sibling.recorder]) {
      expect(words(recorder).join()).not.toMatch(/denied|denial/)
    }
    expect(sibling.recorder.explain()).toMatch(
      /: the server refused the refresh token \(400\) after it had been in doubt since a refresh at \d\d:\d\d:\d\d\.$/,
    )
  })
})

test('an outage stays one, whoever the refresh was for', async () => {
  const { server } = createRotating()
  const scene = await open({ server })
  server.onRefresh = () => new Response('', { status: 503, headers: { 'retry-after': '120' } })
  await ask(scene, 'graph')
  expect(words(scene.recorder)).toContain('no new token for "graph" can be had now')
  expect(scene.recorder.explain()).toMatch(/the next try is at \S+$/)
})

test('a verdict that came with a refresh for an audience says so', async () => {
  const { server } = createRotating()
  const scene = await open({ server })
  server.onRefresh = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
  await ask(scene, 'graph')
  expect(scene.recorder.explain()).toMatch(/: the server refused the refresh token \(400\) in a refresh for "graph"\.$/)
})

test('the record holds no token of an audience, no claim, and no parameter', async () => {
  const { server } = createRotating()
  const scene = await open({ server })
  const { recorder: theirs } = await openSibling(scene)
  const token = await ask(scene, 'graph')
  for (const text of [scene.recorder, theirs].map((one) => JSON.stringify(one))) {
    expect(text).toContain('graph')
    for (const secret of [`${token}`, 'graph-parameter', 'refresh-']) expect(text).not.toContain(secret)
  }
})

test('after dispose() nothing of an audience is recorded, and what was patched is as it was', async () => {
  const { server } = createRotating()
  const scene = await open({ server })
  scene.recorder.dispose()
  await ask(scene, 'graph')
  expect(scene.recorder.entries()).toHaveLength(1)
  const next = createRecorder(scene.auth)
  await ask(scene, 'graph', true)
  expect(words(next).filter((text) => text === 'has a new token for "graph"')).toHaveLength(1)
})

test('a client with audiences that is watched sends what it sends unwatched', async () => {
  const play = async (isWatched: boolean): Promise<unknown> => {
    const { server, denied } = createRotating()
    const scene = await open({ server })
    const other = await openSibling(scene)
    if (!isWatched) for (const { recorder } of [scene, other]) recorder.dispose()
    const answer = server.onRefresh
    server.onRefresh = (nth, sent) => (nth === 3 ? Promise.reject(new TypeError('Failed to fetch')) : answer(nth, sent))
    const calls = [scene, other].flatMap(({ auth }) =>
      [`${GRAPH}/me`, `${API}/billing/x`, `${API}/things`].map((url) =>
        auth.authFetch(url).then(({ status }) => status),
      ),
    )
    await scene.browser.advance(MINUTE)
    const statuses = await Promise.all(calls)
    await scene.browser.advance(2 * HOUR)
    denied.set('billing', { error: 'invalid_target', isSpent: false })
    const reason = await ask(scene, 'billing', true)
    await ask(other, 'graph')
    await scene.browser.advance(HOUR)
    return [
      statuses,
      reason,
      scene.names(),
      other.names(),
      scene.browser.now(),
      await Promise.all(server.refreshes.map(({ body }) => body)),
      server.calls.map(({ url, authorization }) => [url, authorization]),
      server.probes.length,
      // Not the transactions: how often a tab reads the ledger depends on when the messages of the other one arrive.
      scene.browser.counts.locks,
    ]
  }
  expect(await play(true)).toEqual(await play(false))
})
