// Refresh tokens: spent once, replayed to the request that spent them, and reuse ends the session.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDemoServer } from '../../demo/server/server.ts'
import { type Answer, request, start } from './harness.ts'

const key = (value: string) => ({ 'Idempotency-Key': value })
const REFUSAL = { error: 'invalid_grant', error_description: 'the refresh token is not valid' }
const REUSED = { ...REFUSAL, error_code: 'refresh_token_reused' }

describe('rotation', () => {
  test('a refresh answers with new tokens', async () => {
    const { signIn, exchange, demo } = await start()
    const { body: first } = await signIn('client')
    const { status, headers, body: second } = await exchange(first.refresh_token)
    expect(status).toBe(200)
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(second).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.access_token).not.toBe(first.access_token)
    expect(demo.stats.refreshesGranted).toBe(1)
  })

  test('a spent refresh token revokes the family, and the living one is told why', async () => {
    const { signIn, exchange, demo } = await start()
    const { body: first } = await signIn('client')
    const { body: second } = await exchange(first.refresh_token)
    const replayed = await exchange(first.refresh_token)
    expect([replayed.status, replayed.body]).toEqual([400, REUSED])
    const living = await exchange(second.refresh_token)
    expect([living.status, living.body]).toEqual([400, REUSED])
    expect(demo.stats).toMatchObject({ refreshesGranted: 1, refreshesRefused: 2, reusesDetected: 1 })
  })

  test('of two requests at once with one refresh token, one is granted and the other is a reuse', async () => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    const answers = await Promise.all([exchange(body.refresh_token), exchange(body.refresh_token)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  test('a reuse in one session leaves the other sessions of the user alone', async () => {
    const { signIn, exchange } = await start()
    const { body: laptop } = await signIn('client')
    const { body: phone } = await signIn('client', { device: 'phone' })
    await exchange(laptop.refresh_token)
    await exchange(laptop.refresh_token)
    expect((await exchange(phone.refresh_token)).status).toBe(200)
  })

  test('an unknown refresh token is refused without a word about reuse', async () => {
    const { exchange, demo } = await start()
    const { status, body } = await exchange('unknown')
    expect([status, body]).toEqual([400, REFUSAL])
    expect(demo.stats.reusesDetected).toBe(0)
  })

  test('a refresh token that waited too long is refused', async () => {
    const { signIn, exchange, demo } = await start({ refreshLifetime: 60 })
    const { body: first } = await signIn('client')
    demo.settings.clockOffset = 59_000
    const { status, body: second } = await exchange(first.refresh_token)
    expect(status).toBe(200)
    demo.settings.clockOffset = 120_000
    expect((await exchange(second.refresh_token)).body).toEqual(REFUSAL)
  })

  test('a session ends at its age, however often it was refreshed', async () => {
    const { signIn, exchange, demo } = await start({ sessionLifetime: 100 })
    const { body: first } = await signIn('client')
    demo.settings.clockOffset = 90_000
    const { body: second } = await exchange(first.refresh_token)
    demo.settings.clockOffset = 101_000
    expect((await exchange(second.refresh_token)).body).toEqual(REFUSAL)
    expect(demo.store.sessions()).toMatchObject([{ status: 'expired' }])
  })

  test('refreshing answers the same whether the access token is still valid or not', async () => {
    const { signIn, exchange, api, demo } = await start({ accessLifetime: 5 })
    const { body: first } = await signIn('client')
    const early = await exchange(first.refresh_token)
    demo.settings.clockOffset = 10_000
    expect((await api(early.body.access_token)).status).toBe(401)
    const late = await exchange(early.body.refresh_token)
    const shapeOf = ({ status, body }: Answer) => [status, Object.keys(body), body.expires_in]
    expect(shapeOf(late)).toEqual(shapeOf(early))
  })
})

describe('replay', () => {
  test('the same request sent twice gets the same refresh token, as often as it comes', async () => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    const answers = [
      await exchange(body.refresh_token, key('one')),
      await exchange(body.refresh_token, key('one')),
      await exchange(body.refresh_token, key('one')),
    ]
    expect(new Set(answers.map((answer) => answer.body.refresh_token)).size).toBe(1)
    expect(demo.stats).toMatchObject({ refreshesGranted: 1, refreshesReplayed: 2, reusesDetected: 0 })
  })

  test('the same request sent twice at once is one rotation', async () => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    const answers = await Promise.all([1, 2, 3].map(() => exchange(body.refresh_token, key('one'))))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(demo.store.sessions()[0]?.tokens).toHaveLength(2)
  })

  test('a replay by cookie sets the cookie again', async () => {
    const { signIn, refresh } = await start()
    const cookie = (await signIn('cookie')).headers.getSetCookie()[0]?.split(';')[0] as string
    const first = await refresh(cookie, key('one'))
    const second = await refresh(cookie, key('one'))
    expect(second.headers.getSetCookie()).toEqual(first.headers.getSetCookie())
  })

  test.each([
    ['another key', key('two')],
    ['no key', {}],
  ])('a spent refresh token with %s is a reuse', async (_, headers) => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    await exchange(body.refresh_token, key('one'))
    expect((await exchange(body.refresh_token, headers)).body).toEqual(REUSED)
  })

  test('a refresh token that was spent without a key cannot be replayed', async () => {
    const { signIn, exchange } = await start()
    const { body } = await signIn('client')
    await exchange(body.refresh_token)
    expect((await exchange(body.refresh_token)).body).toEqual(REUSED)
  })

  test('a strict server replays nothing', async () => {
    const { signIn, exchange } = await start({ replay: false })
    const { body } = await signIn('client')
    await exchange(body.refresh_token, key('one'))
    expect((await exchange(body.refresh_token, key('one'))).body).toEqual(REUSED)
  })

  test('the replay ends with its window', async () => {
    const { signIn, exchange, demo } = await start({ replayWindow: 600 })
    const { body } = await signIn('client')
    await exchange(body.refresh_token, key('one'))
    demo.settings.clockOffset = 599_000
    expect((await exchange(body.refresh_token, key('one'))).status).toBe(200)
    demo.settings.clockOffset = 601_000
    expect((await exchange(body.refresh_token, key('one'))).body).toEqual(REUSED)
  })

  test('a duplicate that comes after the next refresh gets no old token, and revokes nothing', async () => {
    const { signIn, refresh } = await start()
    const cookieOf = (answer: Answer) => answer.headers.getSetCookie()[0]?.split(';')[0] as string
    const cookie = cookieOf(await signIn('cookie'))
    const second = cookieOf(await refresh(cookie, key('one')))
    const third = cookieOf(await refresh(second, key('two')))
    const duplicate = await refresh(cookie, key('one'))
    expect([duplicate.status, duplicate.body, duplicate.headers.getSetCookie()]).toEqual([401, REFUSAL, []])
    expect((await refresh(third, key('three'))).status).toBe(200)
  })

  test('a revoked session replays nothing', async () => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    await exchange(body.refresh_token, key('one'))
    demo.revoke(demo.store.sessions()[0]?.id as string)
    expect((await exchange(body.refresh_token, key('one'))).body).toEqual(REFUSAL)
  })
})

describe('the store', () => {
  test('sessions survive a restart, and no token can be read from the files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authfetch-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'demo.sqlite')
    const serve = async () => {
      const demo = await createDemoServer({ file })
      return { demo, origin: await demo.listen() }
    }
    const exchange = (origin: string, refreshToken: string) =>
      request(`${origin}/oauth/token`, {
        form: { grant_type: 'refresh_token', client_id: 'demo', refresh_token: refreshToken },
        headers: key('one'),
      })
    const before = await serve()
    const { body: first } = await request(`${before.origin}/auth/sign-in`, {
      json: { user: 'alice', custody: 'client' },
    })
    const { body: second } = await exchange(before.origin, first.refresh_token)
    const stored = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'latin1'))
      .join('')
    expect(stored).toContain('alice')
    for (const token of [first, second].flatMap((one) => [one.refresh_token, one.access_token])) {
      expect(stored).not.toContain(token)
    }
    await before.demo.close()

    const after = await serve()
    onTestFinished(() => after.demo.close())
    expect((await exchange(after.origin, first.refresh_token)).body.refresh_token).toBe(second.refresh_token)
    expect((await exchange(after.origin, second.refresh_token)).status).toBe(200)
  })
})
