// What `authFetch` does and `fetch` does not, in Chromium, against two origins: the token, the wait, the retry.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PageFunction, Tab } from '../support/browser/driver.ts'
import type { Rules } from './rules-page.ts'
import { type Origins, type Suite, startSuite, summary } from './suite.ts'

declare global {
  var rules: Rules
}

let suite: Suite
let tab: Tab

beforeAll(async () => {
  suite = await startSuite('./rules-page.ts')
  tab = (await suite.open('/')).tab
  await tab.evaluate(() => fetch('/gate').then(() => {}))
})

afterAll(async () => await suite?.close())

beforeEach(async () => void (await suite.servers.take()))

/** Runs in the page, with the three origins first. */
async function run<Result>(page: PageFunction<Result>, ...given: unknown[]): Promise<Awaited<Result>> {
  const { here, there, away } = suite.servers
  return await tab.evaluate(page, { here, there, away }, ...given)
}

const received = async (): Promise<string[]> => summary(await suite.servers.take())

const ORIGINS = ['here', 'there'] as const

describe('the token goes', () => {
  test("to the page's own origin alone, by default", async () => {
    await run(async ({ here, there, away }: Origins) => {
      const { authFetch } = await rules.signIn()
      for (const url of ['/echo', `${here}/echo`, `${there}/echo`, `${away}/echo`]) await authFetch(url)
    })
    expect(await received()).toEqual([
      'here /echo, Bearer token',
      'here /echo, Bearer token',
      'there /echo, no token',
      'there /echo, no token',
    ])
  })

  test('to the origins that are named, and to no other', async () => {
    await run(async ({ here, there, away }: Origins) => {
      const { authFetch } = await rules.signIn({ origins: [there] })
      for (const url of ['/echo', `${here}/echo`, `${there}/echo`, `${away}/echo`]) await authFetch(url)
    })
    expect(await received()).toEqual([
      'here /echo, no token',
      'here /echo, no token',
      'there /echo, Bearer token',
      'there /echo, no token',
    ])
  })

  test('along a redirect within the origin, and not to another one', async () => {
    await run(async ({ here, there }: Origins) => {
      const { authFetch } = await rules.signIn({ origins: [here] })
      for (const to of [`${here}/echo`, `${there}/echo`]) await authFetch(`/redirect?to=${encodeURIComponent(to)}`)
    })
    const [, inside, , outside] = await received()
    expect([inside, outside]).toEqual(['here /echo, Bearer token', 'there /echo, no token'])
  })
})

describe('neither waits, nor refreshes, nor retries:', () => {
  const calls: Readonly<Record<string, PageFunction<[string, object?]>>> = {
    'a foreign origin': ({ away }: Origins) => [`${away}/api`],
    'an Authorization of the caller': () => ['/api', { headers: { authorization: 'Mine' } }],
    'auth: false': () => ['/api', { auth: false }],
    'no CORS': () => ['/api', { mode: 'no-cors' }],
    'the refresh endpoint': () => ['/auth/refresh', { method: 'POST' }],
  }
  test.each(Object.keys(calls))('%s', async (name) => {
    const call = calls[name] as PageFunction<[string, object?]>
    await run(async (origins: Origins, source: string) => {
      const { authFetch } = await rules.signIn()
      await rules.control('expire')
      const given = new Function(`return (${source})`)()(origins)
      await authFetch(...(given as Parameters<typeof authFetch>))
      // Nor when the token has expired.
      rules.leap(2_000_000_000)
      await authFetch(...(given as Parameters<typeof authFetch>))
    }, call.toString())
    const lines = await received()
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(/, (no token|Mine)$/)
  })

  test('a client that is signed out', async () => {
    const status = await run(async () => {
      const auth = await rules.signIn()
      await rules.control('expire')
      await auth.signOut()
      return (await auth.authFetch('/api')).status
    })
    expect([status, await received()]).toEqual([401, ['here /api, no token']])
  })
})

describe('a 401', () => {
  const challenges = {
    'that says invalid_token': ['challenge=Bearer+error%3D"invalid_token"', true],
    'that says nothing': ['challenge=', true],
    'of a Bearer without an error': ['challenge=Bearer+realm%3D"x"', true],
    'that says insufficient_scope': ['challenge=Bearer+error%3D"insufficient_scope"', false],
    'that asks for another sign-in': ['challenge=Bearer+error%3D"insufficient_user_authentication"', false],
    'of another scheme': ['challenge=DPoP+error%3D"use_dpop_nonce"', false],
  } as const
  const cases = Object.entries(challenges).flatMap(([name, [query, isRetried]]) =>
    ORIGINS.map((origin) => [name, origin, query, isRetried] as const),
  )
  test.each(cases)('%s, %s', async (_, origin, query, isRetried) => {
    const status = await run(
      async ({ here, there }: Origins, at: 'here' | 'there', search: string) => {
        const { authFetch } = await rules.signIn({ origins: [here, there] })
        await rules.control('expire')
        return (await authFetch(`${at === 'here' ? here : there}/api?${search}`)).status
      },
      origin,
      query,
    )
    expect(status).toBe(isRetried ? 200 : 401)
    const lines = await received()
    expect(lines.filter((line) => line.startsWith('refresh'))).toEqual(isRetried ? ['refresh, no token'] : [])
    expect(lines).toHaveLength(isRetried ? 3 : 1)
  })

  test('whose challenge CORS hides is retried, whatever it says', async () => {
    const status = await run(async ({ there }: Origins) => {
      const { authFetch } = await rules.signIn({ origins: [there] })
      await rules.control('expire')
      return (await authFetch(`${there}/api?hidden&challenge=Bearer+error%3D"insufficient_scope"`)).status
    })
    expect(status).toBe(200)
  })

  test('after a redirect to another origin is none of the token, which the browser has dropped', async () => {
    const result = await run(async ({ here, there }: Origins) => {
      const { authFetch } = await rules.signIn({ origins: [here, there] })
      return await rules.outcome(authFetch(`/redirect?to=${encodeURIComponent(`${there}/api`)}`))
    })
    expect(result).toBe('401 denied')
    expect((await received()).slice(1)).toEqual(['there /api, no token'])
  })

  test('after a redirect within the origin is refreshed and retried', async () => {
    const result = await run(async () => {
      const { authFetch } = await rules.signIn()
      await rules.control('expire')
      return await rules.outcome(authFetch('/redirect?to=/api'))
    })
    expect(result).toBe('200 the resource')
  })

  test('to the retry stands', async () => {
    const result = await run(async () => {
      const { authFetch } = await rules.signIn()
      return await rules.outcome(authFetch('/api?always'))
    })
    expect([result, await received()]).toEqual([
      '401 denied',
      ['here /api?always, Bearer token', 'refresh, no token', 'here /api?always, Bearer token'],
    ])
  })

  test('to each of thirty calls costs one refresh', async () => {
    const results = await run(async () => {
      const { authFetch } = await rules.signIn()
      await rules.control('expire')
      const calls = Array.from({ length: 30 }, (_, nth) => authFetch(`/api?${nth}`, { method: 'POST', body: 'b' }))
      return (await Promise.all(calls)).map(({ status }) => status)
    })
    expect(new Set(results)).toEqual(new Set([200]))
    expect((await received()).filter((line) => line.startsWith('refresh'))).toHaveLength(1)
  })

  test('comes back as it is, unread, when no new token can be had', async () => {
    const result = await run(async () => {
      const { authFetch } = await rules.signIn()
      await rules.control('expire')
      await rules.control('refuse?on=true')
      const response = await authFetch('/api')
      await rules.control('refuse?on=false')
      return [response.status, response.bodyUsed, response.headers.get('WWW-Authenticate'), await response.text()]
    })
    expect(result).toEqual([401, false, 'Bearer error="invalid_token"', 'denied'])
  })

  test.each(['', 'keepalive'])('whose body never ends is cancelled before the retry %s', async (kind) => {
    const result = await run(async (_: Origins, isKeepalive: boolean) => {
      const { authFetch } = await rules.signIn()
      await rules.control('expire')
      const id = `endless-${isKeepalive}`
      const body = 'b'.repeat(40_000)
      const call = authFetch(`/api?endless=${id}`, { method: 'POST', body, keepalive: isKeepalive })
      const result = await rules.outcome(call)
      // The server's word that the first connection is closed.
      await rules.control(`seen?id=${id}`)
      return result
    }, kind === 'keepalive')
    expect(result).toBe('200 the resource')
  })
})

describe('while a call waits for a token', () => {
  test('nothing of it is sent, and an abort rejects it at once with the reason itself', async () => {
    const result = await run(async () => {
      const auth = await rules.signIn()
      rules.leap(2_000_000_000)
      const controller = new AbortController()
      const reason = { own: true }
      const call = auth.authFetch('/api?aborted', { signal: controller.signal })
      const patient = auth.authFetch('/api?patient')
      controller.abort(reason)
      const isReason = await call.catch((error: unknown) => error === reason)
      return [isReason, (await patient).status]
    })
    expect(result).toEqual([true, 200])
    expect(await received()).toEqual(['refresh, no token', 'here /api?patient, Bearer token'])
  })

  test('an abort cancels the stream in its Request with the reason', async () => {
    const isReason = await run(async () => {
      const auth = await rules.signIn()
      rules.leap(2_000_000_000)
      const controller = new AbortController()
      const { signal } = controller
      const cancelled = new Promise((resolve) => {
        const body = new ReadableStream({ cancel: resolve }, { highWaterMark: 0 })
        const init = { method: 'POST', body, duplex: 'half', signal }
        auth.authFetch(new Request('/api', init)).catch(() => {})
      })
      controller.abort({ own: true })
      const isReason = (await cancelled) === signal.reason
      // The refresh goes on.
      await auth.getAccessToken()
      return isReason
    })
    expect(isReason).toBe(true)
  })

  test('it is rejected when there is none, with an error that holds no token', async () => {
    const result = await run(async () => {
      const auth = await rules.signIn()
      rules.leap(2_000_000_000)
      await rules.control('refuse?on=true')
      const result = await rules.outcome(auth.authFetch('/api'))
      await rules.control('refuse?on=false')
      return result
    })
    expect(result).toMatch(/^RefreshUnavailableError: /)
    expect(result).not.toContain('token-')
    expect(await received()).toEqual(['refresh, no token'])
  })
})

test('a call with a valid token reaches the network before it returns', async () => {
  const order = await run(async ({ here }: Origins) => {
    const order: string[] = []
    const native = fetch.bind(globalThis)
    const spied: typeof fetch = (...given) => {
      order.push('network')
      return native(...given)
    }
    const { authFetch } = await rules.signIn({ fetch: spied })
    const calls = ['/echo', new URL('/echo', here), new Request('/echo', { method: 'POST', body: 'b' })].map(
      (input) => {
        const call = authFetch(input)
        order.push('returned')
        return call
      },
    )
    await Promise.all(calls)
    return order
  })
  expect(order).toEqual(['network', 'returned', 'network', 'returned', 'network', 'returned'])
})

test('nothing goes wrong behind the rules', () => {
  expect(tab.errors.filter((error) => !/Failed to load resource/.test(error))).toEqual([])
})
