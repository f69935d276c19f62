// The drivers of the browsers and the provider, on which the other browser tests rest.

import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FEWER_FEATURES } from '../support/browser/chromium.ts'
import { launch } from '../support/browser/launch.ts'
import { bundle } from '../support/bundle.ts'
import { type Pages, servePages } from '../support/pages.ts'
import { type OpenIdProvider, startProvider, type TokenSet } from '../support/provider.ts'
import { disposable, testDriver } from './drivers.ts'

let pages: Pages
beforeAll(async () => {
  pages = await servePages({ '/': '<title>home</title>' })
})
afterAll(() => pages.close())

testDriver('chromium')

test('the Chromium from npm runs as well', async () => {
  const chosen = process.env.CHROMIUM_PATH
  process.env.CHROMIUM_PATH = 'bundled'
  try {
    await using launched = disposable(await launch('chromium'))
    const tab = await (await launched.browser.newProfile()).open(pages.origin)
    expect(await tab.evaluate('isSecureContext && "locks" in navigator')).toBe(true)
    expect(launched.browser.can.bfcache).toBe(false)
  } finally {
    if (chosen === undefined) delete process.env.CHROMIUM_PATH
    else process.env.CHROMIUM_PATH = chosen
  }
})

test('the features that Playwright turns off are still off', async () => {
  // Node refuses the options, and the error shows them.
  const error = await chromium.launch({ executablePath: process.execPath, args: [FEWER_FEATURES] }).catch(String)
  const [theirs = '', ours = ''] = [...String(error).matchAll(/ --disable-features=(\S+)/g)].map(([, list]) => list)
  expect(theirs).not.toBe('')
  expect(ours.split(',')).toEqual(expect.arrayContaining(theirs.split(',')))
})

test('a page calls the library in a bundle', async () => {
  const script = await bundle(
    `import { createAuthClient } from 'authfetch'\nObject.assign(window, { createAuthClient })`,
  )
  await using launched = disposable(await launch('chromium'))
  const tab = await (await launched.browser.newProfile()).open(pages.origin)
  await tab.evaluate(script)
  expect(await tab.evaluate('typeof createAuthClient')).toBe('function')
})

describe('the provider', () => {
  let provider: OpenIdProvider
  beforeAll(async () => {
    provider = await startProvider()
  })
  afterAll(() => provider.close())

  const refresh = (token: string, parameters?: Record<string, string>): Promise<Response> =>
    fetch(provider.tokenEndpoint, {
      method: 'POST',
      headers: { Origin: pages.origin },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: provider.clientId,
        refresh_token: token,
        ...parameters,
      }),
    })

  const callWith = (token: string, address = provider.resourceEndpoint): Promise<Response> =>
    fetch(address, { headers: { Authorization: `Bearer ${token}` } })

  test('accepts its access token at /me, and refuses it once told to', async () => {
    const { access_token } = await provider.seed('carol')
    const accepted = await callWith(access_token)
    expect([accepted.status, await accepted.json()]).toMatchObject([200, { sub: 'carol' }])
    provider.refuseIssuedTokens()
    const refused = await callWith(access_token)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('WWW-Authenticate')).toContain('error="invalid_token"')
  })

  test('grants one of two concurrent refreshes, counts the reuse, and revokes the grant', async () => {
    const before = { ...provider.counters }
    const { refresh_token } = await provider.seed()
    const answers = await Promise.all([refresh(refresh_token), refresh(refresh_token)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    const granted = (await answers.find(({ ok }) => ok)?.json()) as { access_token: string; expires_in: number }
    expect(granted.expires_in).toBe(60)
    expect((await callWith(granted.access_token)).status).toBe(401)
    expect((await refresh(refresh_token)).status).toBe(400)
    expect(provider.counters).toMatchObject({
      tokenRequests: before.tokenRequests + 3,
      granted: before.granted + 1,
      refused: before.refused + 2,
      reuses: before.reuses + 2,
      revokedGrants: before.revokedGrants + 1,
    })
  })

  test('gives each resource a token of its own, which no other takes', async () => {
    const { billing, reports } = provider.resources
    const { misdirected } = provider.counters
    let { refresh_token, access_token } = await provider.seed()
    const tokens = [access_token]
    for (const resource of [billing, reports]) {
      const answer = await refresh(refresh_token, { resource })
      ;({ refresh_token, access_token } = (await answer.json()) as TokenSet)
      tokens.push(access_token)
      expect(provider.grantedFor(resource)).toBe(1)
    }
    const statuses = tokens.map((token) =>
      Promise.all(
        [provider.resourceEndpoint, billing, reports].map(async (address) => (await callWith(token, address)).status),
      ),
    )
    expect(await Promise.all(statuses)).toEqual([
      [200, 401, 401],
      [401, 200, 401],
      [401, 401, 200],
    ])
    expect(provider.counters.misdirected - misdirected).toBe(6)
  })

  test('spends the refresh token when it denies a resource, and keeps it when it denies a scope', async () => {
    const { reuses, revokedGrants } = provider.counters
    const { refresh_token } = await provider.seed()
    const denials = [
      await refresh(refresh_token, { scope: 'admin' }),
      await refresh(refresh_token, { resource: `${provider.issuer}/biling/` }),
    ]
    const codes = await Promise.all(denials.map(async (denial) => ((await denial.json()) as { error: string }).error))
    expect(codes).toEqual(['invalid_scope', 'invalid_target'])
    expect(provider.counters).toMatchObject({ reuses, revokedGrants })
    expect(((await (await refresh(refresh_token)).json()) as { error: string }).error).toBe('invalid_grant')
    expect(provider.counters).toMatchObject({ reuses: reuses + 1, revokedGrants: revokedGrants + 1 })
  })

  test('holds answers after the commit until released', async () => {
    const { granted } = provider.counters
    const { refresh_token } = await provider.seed()
    const gate = provider.hold()
    const answer = refresh(refresh_token)
    await gate.arrived()
    expect(provider.counters.granted).toBe(granted + 1)
    gate.release()
    expect((await answer).status).toBe(200)
  })

  test('loses an answer after its commit, and fails the next request as told', async () => {
    const { granted } = provider.counters
    const { refresh_token } = await provider.seed()
    provider.loseNextAnswers(1)
    await expect(refresh(refresh_token)).rejects.toThrow()
    expect(provider.counters.granted).toBe(granted + 1)
    provider.failNext(1, 503, { 'Retry-After': '7' })
    const failed = await refresh(refresh_token)
    expect([failed.status, failed.headers.get('Retry-After')]).toEqual([503, '7'])
  })

  test('refuses every request until an outage is over', async () => {
    const { refresh_token } = await provider.seed()
    const outage = provider.fail(503)
    expect([(await refresh(refresh_token)).status, (await refresh(refresh_token)).status]).toEqual([503, 503])
    outage.end()
    expect((await refresh(refresh_token)).status).toBe(200)
  })

  test('forgives a second use within its period of grace, and tells of each request', async () => {
    let arrived = 0
    const lenient = await startProvider({ grace: 60, onTokenRequest: () => void arrived++ })
    const { refresh_token } = await lenient.seed()
    const grant = { grant_type: 'refresh_token', client_id: lenient.clientId, refresh_token }
    const spend = () => fetch(lenient.tokenEndpoint, { method: 'POST', body: new URLSearchParams(grant) })
    const answers = [await spend(), await spend()]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(lenient.counters).toMatchObject({ granted: 2, reuses: 0, revokedGrants: 0 })
    expect(arrived).toBe(2)
    await lenient.close()
  })

  test('suits keycloak-js with refresh tokens like JWTs, and answers to requests with credentials', async () => {
    const suited = await startProvider({ suitsKeycloak: true })
    const { refresh_token } = await suited.seed()
    const grant = { grant_type: 'refresh_token', client_id: suited.clientId, refresh_token }
    const headers = { Origin: pages.origin }
    const answer = await fetch(suited.tokenEndpoint, { method: 'POST', headers, body: new URLSearchParams(grant) })
    const next = (await answer.json()) as { refresh_token: string }
    for (const token of [refresh_token, next.refresh_token]) expect(token).toMatch(/^e30\.e30\./)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(pages.origin)
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true')
    await suited.close()
  })

  test('answers a page of another origin, revocation included', async () => {
    const { refresh_token, access_token } = await provider.seed('dave')
    await using launched = disposable(await launch('chromium'))
    const tab = await (await launched.browser.newProfile()).open(pages.origin)
    const call = (url: string, fields: Record<string, string> | null, headers: Record<string, string>) =>
      fetch(url, fields ? { method: 'POST', headers, body: new URLSearchParams(fields) } : { headers }).then(
        ({ status }) => status,
      )
    const { clientId: client_id, resourceEndpoint, revocationEndpoint, tokenEndpoint } = provider
    const bearer = { Authorization: `Bearer ${access_token}`, 'X-Tab': '1' }
    expect(await tab.evaluate(call, resourceEndpoint, null, bearer)).toBe(200)
    const grant = { grant_type: 'refresh_token', client_id, refresh_token }
    expect(await tab.evaluate(call, tokenEndpoint, grant, { 'Idempotency-Key': '1' })).toBe(200)
    expect(await tab.evaluate(call, revocationEndpoint, { client_id, token: refresh_token }, {})).toBe(200)
    expect(await tab.evaluate(call, resourceEndpoint, null, bearer)).toBe(401)
  })
})
