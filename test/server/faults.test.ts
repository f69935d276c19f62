// What goes wrong on purpose, and what it leaves behind.

import { once } from 'node:events'
import { type IncomingMessage, request as send } from 'node:http'
import { describe, expect, test } from 'vitest'
import { CSRF, cookiesOf, start } from './harness.ts'

describe('before processing', () => {
  test.each([
    ['too-many-requests', 429, '7'],
    ['unavailable', 503, '7'],
    ['html', 502, null],
  ] as const)('%s spends nothing, as often as it was asked for', async (kind, status, retryAfter) => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    demo.faults.push({ at: 'refresh', kind, times: 2, retryAfter: 7 })
    for (const answer of [await exchange(body.refresh_token), await exchange(body.refresh_token)]) {
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([status, retryAfter])
    }
    expect(demo.stats.refreshesRefused).toBe(0)
    expect((await exchange(body.refresh_token)).status).toBe(200)
  })

  test('an HTML page may come with a 200', async () => {
    const { exchange, demo } = await start()
    demo.faults.push({ at: 'refresh', kind: 'html', status: 200, times: 1 })
    const { status, headers, text } = await exchange('unknown')
    expect([status, headers.get('Content-Type'), text[0]]).toEqual([200, 'text/html', '<'])
  })

  test('a lost request spends nothing', async () => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    demo.faults.push({ at: 'refresh', kind: 'request-lost', times: 1 })
    await expect(exchange(body.refresh_token)).rejects.toThrow('fetch failed')
    expect((await exchange(body.refresh_token)).status).toBe(200)
  })

  test('latency delays and then lets the next fault strike', async () => {
    const { exchange, demo } = await start()
    demo.faults.push({ at: 'refresh', kind: 'unavailable', times: 1 })
    demo.faults.push({ at: 'refresh', kind: 'latency', delay: 1, times: 1 })
    expect((await exchange('unknown')).status).toBe(503)
    expect(demo.faults).toEqual([])
  })

  test.each(['hang', 'latency'] as const)('closing the server ends a request in %s', async (kind) => {
    const { exchange, demo } = await start()
    demo.faults.push({ at: 'refresh', kind, delay: 1_000_000, times: 1 })
    const pending = exchange('unknown')
    const settled = expect(pending).rejects.toThrow('fetch failed')
    await expect.poll(() => demo.faults).toEqual([])
    await demo.close()
    await settled
  })
})

describe('after the commit', () => {
  test('an answer that is lost has spent the token, and the same key gets it back', async () => {
    const { signIn, exchange, demo } = await start()
    const { body } = await signIn('client')
    demo.faults.push({ at: 'refresh', kind: 'answer-lost', times: 1 })
    await expect(exchange(body.refresh_token, { 'Idempotency-Key': 'one' })).rejects.toThrow('fetch failed')
    expect(demo.store.sessions()[0]?.tokens).toMatchObject([{ spentBy: 'one' }, { spentAt: null }])
    const { status, body: again } = await exchange(body.refresh_token, { 'Idempotency-Key': 'one' })
    expect(status).toBe(200)
    expect((await exchange(again.refresh_token)).status).toBe(200)
  })

  test('a body that is lost comes with the cookie', async () => {
    const { origin, signIn, refresh, demo } = await start()
    const cookie = cookiesOf(await signIn('cookie'))
    demo.faults.push({ at: 'refresh', kind: 'body-lost', times: 1 })
    const client = send(`${origin}/auth/refresh`, { method: 'POST', headers: { ...CSRF, Cookie: cookie } })
    client.end()
    const [response] = (await once(client, 'response')) as [IncomingMessage]
    const closed = new Promise((resolve) => response.on('error', () => {}).on('close', resolve))
    response.resume()
    await closed
    const cookies = response.headers['set-cookie'] ?? []
    expect([cookies.length, response.complete]).toEqual([1, false])
    expect((await refresh(cookies[0]?.split(';')[0] as string)).status).toBe(200)
  })

  test('a refusal is never lost', async () => {
    const { exchange, demo } = await start()
    demo.faults.push({ at: 'refresh', kind: 'answer-lost', times: 1 })
    expect((await exchange('unknown')).status).toBe(400)
    expect(demo.faults).toHaveLength(1)
  })
})

test('at the API a good token may be refused all the same', async () => {
  const { signIn, api, demo } = await start()
  const { body } = await signIn('client')
  demo.faults.push({ at: 'api', kind: 'unauthorized', times: 2 }, { at: 'api', kind: 'unavailable', times: 1 })
  const statuses = []
  for (const _ of [1, 2, 3, 4]) statuses.push((await api(body.access_token)).status)
  expect(statuses).toEqual([401, 401, 503, 200])
})
