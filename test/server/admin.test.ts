// The administrator's side, and the server as a part of another one.

import { once } from 'node:events'
import { createServer, type IncomingMessage, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDemoServer } from '../../demo/server/server.ts'
import { request, start } from './harness.ts'

const post = { method: 'POST' }

describe('sessions', () => {
  test('they are listed by user and device, with who spent what, and without a token', async () => {
    const { signIn, exchange, call } = await start()
    await signIn('client', { user: 'bob' })
    const { body } = await signIn('client')
    const { body: next } = await exchange(body.refresh_token, { 'Idempotency-Key': 'one' })
    const { body: sessions, text } = await call('/admin/sessions')
    expect(sessions).toMatchObject([
      {
        subject: 'alice',
        device: 'laptop',
        custody: 'client',
        status: 'active',
        tokens: [
          { generation: 0, spentAt: expect.any(Number), spentBy: 'one' },
          { generation: 1, spentAt: null, spentBy: null },
        ],
      },
      { subject: 'bob', tokens: [{ generation: 0 }] },
    ])
    expect(sessions[0].usedAt).toBe(sessions[0].tokens[0].spentAt)
    for (const token of [body.refresh_token, next.refresh_token, next.access_token]) expect(text).not.toContain(token)
  })

  test('revoking one leaves the other devices alone, revoking a user ends them all', async () => {
    const { signIn, exchange, call, demo } = await start()
    const [laptop, phone, bob] = [
      await signIn('client'),
      await signIn('client', { device: 'phone' }),
      await signIn('client', { user: 'bob' }),
    ].map((answer) => answer.body.refresh_token)
    const id = demo.store.sessions()[0]?.id
    expect((await call(`/admin/sessions/${id}/revoke`, post)).status).toBe(200)
    expect((await call(`/admin/sessions/${id}/revoke`, post)).status).toBe(404)
    expect((await exchange(laptop)).status).toBe(400)
    const { body } = await exchange(phone)
    expect((await call('/admin/users/alice/revoke', post)).body).toEqual({ revoked: 1 })
    expect((await exchange(body.refresh_token)).status).toBe(400)
    expect((await exchange(bob)).status).toBe(200)
  })

  test('expiring makes the API refuse all access tokens issued so far, and no session ends', async () => {
    const { signIn, exchange, api, call } = await start()
    const { body } = await signIn('client')
    await call('/admin/expire', post)
    expect((await api(body.access_token)).status).toBe(401)
    const { body: next } = await exchange(body.refresh_token)
    expect((await api(next.access_token)).status).toBe(200)
  })
})

describe('switches', () => {
  test('settings change as far as they are settings', async () => {
    const { call } = await start()
    const json = { accessLifetime: 2, replay: 'no', denylist: true, clockOffset: null, file: 'x' }
    const { body } = await call('/admin/settings', { json })
    expect(body).toMatchObject({ accessLifetime: 2, replay: true, denylist: true, clockOffset: 0 })
    expect(body).not.toHaveProperty('file')
    expect((await call('/admin/settings')).body).toEqual(body)
  })

  test('faults are listed, cleared, and refused when they could never strike', async () => {
    const { call } = await start()
    const fault = { at: 'refresh', kind: 'hang' }
    expect((await call('/admin/faults', { json: fault })).body).toEqual([{ ...fault, times: 1 }])
    expect((await call('/admin/faults', { json: { at: 'refresh', kind: 'toString' } })).status).toBe(400)
    expect((await call('/admin/faults', { json: { at: 'api', kind: 'answer-lost' } })).status).toBe(400)
    expect((await call('/admin/faults/clear', post)).body).toEqual([])
  })

  test('a reset restores what the server was made with', async () => {
    const { call, signIn, demo } = await start({ accessLifetime: 9 })
    await signIn('client')
    Object.assign(demo.settings, { accessLifetime: 1, replay: false })
    demo.faults.push({ at: 'api', kind: 'hang', times: 1 })
    await call('/admin/reset', post)
    expect(demo.settings).toMatchObject({ accessLifetime: 9, replay: true })
    expect([demo.faults, demo.store.sessions()]).toEqual([[], []])
  })
})

describe('guard', () => {
  test.each(['http://localhost:1', 'https://evil.example', 'null'])('a page of %s gets nothing', async (origin) => {
    const { call, signIn, demo } = await start()
    await signIn('client')
    const headers = { Origin: origin, 'Content-Type': 'text/plain' }
    expect((await call('/admin/reset', { ...post, headers })).status).toBe(403)
    expect((await call('/admin/sessions', { headers })).status).toBe(403)
    expect(demo.store.sessions()).toHaveLength(1)
  })

  test('a name that is not the machine itself gets nothing', async () => {
    const { origin } = await start()
    const client = send(`${origin}/admin/stats`, { headers: { Host: 'evil.example', Connection: 'close' } })
    client.end()
    const [response] = (await once(client, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(403)
  })
})

test('the event feed tells what happened to which session', async () => {
  const { origin, signIn, exchange, demo } = await start()
  const feed = await fetch(`${origin}/admin/events`)
  const { body } = await signIn('client')
  await exchange(body.refresh_token)
  await exchange(body.refresh_token)
  await signIn('client')
  demo.revoke(demo.store.sessions().find(({ status }) => status === 'active')?.id as string)
  let text = ''
  for await (const chunk of feed.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (text.includes('"revoked"')) break
  }
  const events = text
    .trim()
    .split('\n\n')
    .map((line) => JSON.parse(line.slice('data: '.length)))
  expect(events.map(({ kind }) => kind)).toEqual(['signed-in', 'rotated', 'reused', 'signed-in', 'revoked'])
  expect(events[0]).toMatchObject({ subject: 'alice', device: 'laptop', session: expect.any(String) })
  expect(text).not.toContain(body.refresh_token)
})

describe('other origins', () => {
  const APP = 'https://app.example'
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
  })

  test.each(['/oauth/token', '/auth/refresh', '/api/me'])('an allowed origin may call %s', async (path) => {
    const { call } = await start({ origins: [APP] })
    const { status, headers } = await call(path, preflight(APP))
    expect([status, headers.get('Access-Control-Allow-Origin')]).toEqual([204, APP])
    expect(headers.get('Access-Control-Allow-Credentials')).toBe('true')
    expect(headers.get('Access-Control-Allow-Headers')).toContain('Idempotency-Key')
    const other = await call(path, preflight('https://evil.example'))
    expect([other.headers.has('Access-Control-Allow-Origin'), other.headers.get('Vary')]).toEqual([false, 'Origin'])
  })

  test('the challenge is hidden until it is exposed', async () => {
    const { call, demo } = await start({ origins: [APP] })
    const exposed = async () =>
      (await call('/api/me', { headers: { Origin: APP } })).headers.get('Access-Control-Expose-Headers')
    expect(await exposed()).not.toContain('WWW-Authenticate')
    demo.settings.exposeChallenge = true
    expect(await exposed()).toContain('WWW-Authenticate')
  })
})

describe('as a part of another server', () => {
  test('it answers its own paths, leaves the rest, and ends its requests when it is closed', async () => {
    const demo = await createDemoServer()
    const host = createServer((incoming, response) => demo.handle(incoming, response, () => response.end('page')))
    await new Promise<void>((resolve) => host.listen(0, 'localhost', resolve))
    onTestFinished(() => void host.close())
    const origin = `http://localhost:${(host.address() as AddressInfo).port}`
    expect((await request(`${origin}/authors`)).text).toBe('page')
    expect((await request(`${origin}/`)).text).toBe('page')
    expect((await request(`${origin}/api/me?x=1`)).status).toBe(401)
    const feed = await fetch(`${origin}/admin/events`)
    await demo.close()
    await expect(feed.text()).rejects.toThrow('terminated')
    host.closeAllConnections()
  })

  test.each(['//', '//evil.example/api', '/?', '*', '/constructor/x'])('the path %s does no harm', async (path) => {
    const { origin, call } = await start()
    const socket = connect(Number(new URL(origin).port), 'localhost')
    socket.write(`OPTIONS ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    const [data] = await once(socket, 'data')
    expect(String(data).slice(9, 12)).toBe('404')
    expect((await call('/api/me')).status).toBe(401)
  })
})
