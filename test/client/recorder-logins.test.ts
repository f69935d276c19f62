// The flight recorder and sign-ins: which failed, why, and what goes on beside them; and addresses that are wrong.

import { expect, test } from 'vitest'
import { readMoments } from '../../src/devtools/picture/moments.ts'
import { readScene } from '../../src/devtools/picture/scene.ts'
import { tell } from '../../src/devtools/words.ts'
import { createRecorder, type Recorder } from '../../src/devtools.ts'
import { cookieRefresh } from '../../src/index.ts'
import { createGate, createScene, createSignedInScene, drain, MINUTE, type Scene, tokens } from './harness.ts'

const cookieScene = (): Scene => createScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })

const words = (recorder: Recorder): string[] =>
  recorder
    .entries()
    .filter(({ kind }) => kind === 'ledger' || kind === 'session')
    .map(tell)

/** Signs in by a login that ends so, and does not care what the caller gets. */
async function signIn({ auth }: Scene, login: () => unknown): Promise<void> {
  await auth.signIn(async () => login() as Response).catch(() => undefined)
  await drain()
}

const SECRETS = ['secret-4711', 'refresh-0', 'access-0', 'body-']

test.each([
  ['a status', () => Response.json({ error: 'body-secret-4711' }, { status: 401 }), 'the server refused it (401)'],
  [
    'a body without tokens',
    () => Response.json({ token: 'secret-4711' }),
    'its answer has no tokens that can be read (200)',
  ],
  ['an object without tokens', () => ({ token: 'secret-4711' }), 'its function gave no tokens'],
  ['an error of its function', () => Promise.reject(new Error('text with secret-4711')), 'its function gave no tokens'],
])('a first sign-in that failed with %s is explained', async (_, login, why) => {
  const scene = createScene()
  const recorder = createRecorder(scene.auth)
  await signIn(scene, login)
  expect(recorder.explain()).toMatch(/^Not signed in \S+: a sign-in began in this tab\. The sign-in failed \S+: /)
  expect(recorder.explain().endsWith(`: ${why}.`)).toBe(true)
  expect(words(recorder)).toEqual(['a sign-in begins', 'signed out: requested', `the sign-in fails: ${why}`])
  const picture = readScene([{ id: 'tab 1', isSilent: false }] as never, { historyOf: () => recorder.entries() })
  expect(readMoments(picture, scene.browser.now()).map(({ title }) => title)).toEqual(['A sign-in that failed'])
  for (const secret of SECRETS) expect(JSON.stringify(recorder)).not.toContain(secret)
  await signIn(scene, () => tokens(0))
  expect(recorder.explain()).not.toContain('failed')
  expect(recorder.explain()).toMatch(/Signed in \S+\.$/)
})

test('a sign-in that runs has not failed, and the newest that failed is told', async () => {
  const scene = createScene()
  const recorder = createRecorder(scene.auth)
  await signIn(scene, () => new Response('', { status: 401 }))
  const gate = createGate<never>()
  const ended = scene.auth.signIn(() => gate.promise).catch(() => undefined)
  await drain()
  expect(recorder.explain()).toMatch(/a sign-in began in this tab, and nobody is signed in until it succeeds\.$/)
  gate.fail(new TypeError('secret-4711'))
  await ended
  // An answer that came before is not that of this one.
  expect(recorder.explain()).toMatch(/ The sign-in failed \S+: its function gave no tokens\.$/)
})

test('a sign-in that failed beside a session leaves it as it was', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  await signIn(scene, () => new Response('', { status: 422 }))
  expect(words(recorder)).toEqual(['a sign-in begins', 'the sign-in fails: the server refused it (422)'])
  expect(recorder.explain()).toMatch(
    /^Signed in: no session has ended in this record\. The sign-in failed \S+: the server refused it \(422\)\.$/,
  )
})

test.each([createScene, createSignedInScene])(
  'tokens that come during a sign-in are no failure of it',
  async (create) => {
    const scene = await create()
    const recorder = createRecorder(scene.auth)
    const gate = createGate<never>()
    const login = scene.auth.signIn(() => gate.promise).catch(() => undefined)
    await drain()
    await scene.auth.signIn(tokens(7))
    gate.fail(new Error('closed'))
    await login
    expect(words(recorder).join()).not.toContain('fails')
    expect(words(recorder)).toContain('records the sign-in')
  },
)

test('a sign-out during a sign-in is no failure of it', async () => {
  const scene = createScene()
  const recorder = createRecorder(scene.auth)
  const gate = createGate<never>()
  const login = scene.auth.signIn(() => gate.promise).catch(() => undefined)
  await drain()
  await scene.auth.signOut()
  gate.fail(new Error('closed'))
  await login
  expect(words(recorder).join()).not.toContain('fails')
  expect(words(recorder)).toContain('records the end: requested')
})

test.each([
  ['a page', 404, '<!doctype html><p>none'],
  ['a page', 200, '<!doctype html><p>app'],
  ['a status alone', 405, ''],
])('an address that answers with %s (%d) is what is explained', async (_, status, body) => {
  const scene = cookieScene()
  scene.server.onRefresh = () => new Response(body, { status })
  const recorder = createRecorder(scene.auth)
  const restored = scene.auth.restore()
  await scene.browser.advance(1_000)
  await restored
  expect(scene.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'initial' })
  expect(recorder.explain()).toMatch(/^Not signed in \S+: the server answered with neither tokens nor a refusal /)
  expect(recorder.explain()).toContain(`(${status}): check the address, its slash at the end, and "read".`)
  expect(recorder.entries().map(tell).join()).not.toContain('CORS')
})

test('the same goes for a session that cannot be refreshed', async () => {
  const scene = await createSignedInScene()
  const recorder = createRecorder(scene.auth)
  scene.server.onRefresh = () => new Response('<p>none', { status: 404 })
  await scene.auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  expect(recorder.explain()).toMatch(/the next try is at \S+; check the address, its slash at the end, and "read"\.$/)
})

test('an answer of a refresh function that cannot be read is an answer', async () => {
  const refresh = Object.assign(async () => ({ token: 'secret-4711' }) as object, { holdsRefreshToken: true })
  const scene = await createSignedInScene({ refresh })
  const recorder = createRecorder(scene.auth)
  const asked = scene.auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  await scene.browser.advance(MINUTE)
  await asked
  const told = recorder.entries().map(tell)
  expect(told).toContain('refresh request: answered')
  expect(told.join()).not.toContain('no answer')
  expect(told.join()).not.toContain('CORS')
})

test('a refresh token that the next start finds refused was there', async () => {
  const scene = await createSignedInScene()
  scene.server.onRefresh = () => new Response('no', { status: 403 })
  await scene.auth.getAccessToken({ forceRefresh: true }).catch(() => undefined)
  await scene.browser.advance(60 * MINUTE)
  scene.auth.dispose()
  const next = createScene({ browser: scene.browser, server: scene.server })
  const recorder = createRecorder(next.auth)
  const restored = next.auth.restore()
  await scene.browser.advance(1_000)
  await restored
  expect(next.auth.getState()).toMatchObject({ status: 'signed-out', reason: 'initial' })
  expect(recorder.explain()).toMatch(/^Not signed in \S+: the server refused the refresh token \(403\)\.$/)
})
