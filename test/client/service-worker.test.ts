// `keepAnswers` in a service worker: its options, and which requests it takes.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { withoutDenial } from '../../src/audiences/answers.ts'
import { RefreshUnavailableError } from '../../src/index.ts'
import { type KeepAnswersOptions, keepAnswers } from '../../src/service-worker.ts'

const tokenEndpoint = 'https://id.test/token'

beforeEach(() => vi.stubGlobal('ServiceWorkerGlobalScope', class {}))
afterEach(() => vi.unstubAllGlobals())

describe('the options', () => {
  test.each<[string, object | undefined, string]>([
    ['options', undefined, '"options" must be an object'],
    ['tokenEndpoint', {}, '"tokenEndpoint" must be'],
    ['tokenEndpoint', { tokenEndpoint: 'data:,x' }, '"tokenEndpoint" must be'],
    ['name', { tokenEndpoint, name: '' }, '"name" must be'],
    ['read', { tokenEndpoint, read: true }, '"read" must be'],
    ['endpoint', { tokenEndpoint, endpoint: tokenEndpoint }, '"endpoint" must be'],
  ])('a wrong %s is named: %j', (_, options, message) => {
    expect(() => keepAnswers(options as KeepAnswersOptions)).toThrow(message)
  })

  test('in a page it says where it belongs', () => {
    vi.unstubAllGlobals()
    expect(() => keepAnswers({ tokenEndpoint })).toThrow('called in a service worker')
  })
})

describe('the requests', () => {
  /** What becomes of a request: what was sent on, and the answer, if it was taken. */
  async function pass(request: Request) {
    const sent: Request[] = []
    let listen = (_: object): void => {}
    vi.stubGlobal('fetch', async (input: Request) => {
      sent.push(input)
      return new Response('{}')
    })
    vi.stubGlobal('addEventListener', (_: string, listener: typeof listen) => {
      listen = listener
    })
    keepAnswers({ tokenEndpoint })
    let answer: Promise<Response> | undefined
    const kept: Promise<unknown>[] = []
    listen({
      request,
      respondWith: (given: Promise<Response>) => {
        answer = given
      },
      waitUntil: (work: Promise<unknown>) => kept.push(work),
    })
    await Promise.all(kept)
    return { sent, answer: await answer }
  }

  test.each([
    ['another address', new Request('https://id.test/revoke', { method: 'POST', body: 'token=rt' })],
    ['another method', new Request(tokenEndpoint)],
  ])('one of %s is left to other handlers', async (_, request) => {
    expect(await pass(request)).toEqual({ sent: [], answer: undefined })
  })

  test('a refresh goes on as it is, but outlives the signal of its page', async () => {
    const page = new AbortController()
    const headers = { Accept: 'application/json', DPoP: 'proof' }
    const body = new URLSearchParams({ refresh_token: 'rt' })
    const request = new Request(tokenEndpoint, { method: 'POST', body, headers, signal: page.signal })
    const { sent, answer } = await pass(request)
    page.abort()
    expect(await answer?.text()).toBe('{}')
    const [on] = sent as [Request]
    expect(on.signal.aborted).toBe(false)
    expect(on).toMatchObject({ url: tokenEndpoint, method: 'POST', redirect: request.redirect })
    expect([...on.headers]).toEqual([...request.headers])
    expect(await on.text()).toBe('refresh_token=rt')
  })
})

test.each([
  [400, { error: 'invalid_grant', suberror: 'consent_required' }, true],
  [400, { error: 'interaction_required' }, true],
  [400, { error: 'invalid_grant' }, false],
  [200, { error: 'interaction_required' }, true],
  [200, { access_token: 'invalid_scope', error: 'invalid_scope' }, false],
])('an answer %s %j, read without knowing for whom: does it say nothing? %s', async (status, body, isNothing) => {
  const answer = Response.json(body, { status })
  const read = withoutDenial(Promise.resolve(answer))
  if (isNothing) await expect(read).rejects.toBeInstanceOf(RefreshUnavailableError)
  else expect(await (await read).json()).toEqual(body)
})
