// What only a browser decides: CORS, redirects, streams, aborts, keepalive, hidden headers. The page is on one origin,
// the API on another.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDemoServer, type DemoServer } from '../../demo/server/server.ts'
import type { Browser, Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { bundle } from '../support/bundle.ts'
import { type Pages, servePages } from '../support/pages.ts'
import { createEchoServer, type EchoServer } from './echo-server.ts'

declare global {
  var api: string
  var foreign: string
  var allied: string
}

let demo: DemoServer
let apiOrigin: string
let pages: Pages
let echo: EchoServer
let friend: EchoServer
let browser: Browser
let profile: Profile
let tab: Tab

const SCRIPT = `
import { createAuthClient, oauthRefresh } from 'authfetch'
globalThis.auth = createAuthClient({
  refresh: oauthRefresh({ tokenEndpoint: api + '/oauth/token', clientId: 'demo' }),
  origins: [api, allied],
})
`

beforeAll(async () => {
  pages = await servePages({ '/': '<title>page</title>' })
  demo = await createDemoServer({ origins: [pages.origin] })
  apiOrigin = await demo.listen()
  echo = await createEchoServer()
  friend = await createEchoServer()
  browser = await launch('chromium')
})

afterAll(async () => {
  await browser?.close()
  await echo?.close()
  await friend?.close()
  await demo?.close()
  await pages?.close()
})

beforeEach(async () => {
  await profile?.close()
  profile = await browser.newProfile()
  tab = await profile.open(pages.origin)
  await tab.evaluate(
    (one: string, other: string, third: string) => {
      globalThis.api = one
      globalThis.foreign = other
      globalThis.allied = third
    },
    apiOrigin,
    echo.origin,
    friend.origin,
  )
  await tab.evaluate(await bundle(SCRIPT))
  const { refreshToken, accessToken } = await signIn()
  await tab.evaluate((tokens: object) => auth.signIn(tokens), {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_in: 300,
  })
  demo.stats.refreshesGranted = 0
})

async function signIn(): Promise<{ readonly accessToken: string; readonly refreshToken: string }> {
  const response = await fetch(`${apiOrigin}/auth/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user: 'alice', custody: 'client' }),
  })
  const tokens = (await response.json()) as { access_token: string; refresh_token: string }
  return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token }
}

test('a challenge that CORS hides leads to a refresh and a retry', async () => {
  demo.faults.push({ at: 'api', kind: 'unauthorized', times: 1 })
  await tab.evaluate(() => {
    // The token's youth would forbid a refresh: let ten seconds seem to pass.
    const { now } = Date
    Date.now = () => now() + 10_000
  })
  const [status, challenge] = await tab.evaluate(async () => {
    const response = await auth.authFetch(`${api}/api/me`)
    return [response.status, response.headers.get('WWW-Authenticate')]
  })
  expect([status, challenge]).toEqual([200, null])
  expect(demo.stats.refreshesGranted).toBe(1)
})

test('a redirect to another origin takes no token along', async () => {
  echo.seen.length = 0
  friend.redirect = `${echo.origin}/plain`
  const result = await tab.evaluate(() =>
    auth.authFetch(`${allied}/redirect`).then(({ status, redirected, url }) => [status, redirected, url]),
  )
  expect(result).toEqual([200, true, `${echo.origin}/plain`])
  expect(friend.seen.at(-1)?.authorization).toMatch(/^Bearer /)
  expect(echo.seen.map(({ authorization }) => authorization)).toEqual([undefined])
})

test('a request to a foreign origin has no header, no wait and no preflight', async () => {
  echo.seen.length = 0
  await tab.evaluate(() => auth.authFetch(`${foreign}/plain`).then((response) => response.text()))
  expect(echo.seen.map(({ method, authorization }) => [method, authorization])).toEqual([['GET', undefined]])
})

test('the caller gets the native response, and its stream arrives chunk by chunk', async () => {
  const [isNative, text] = await tab.evaluate(async () => {
    const response = await auth.authFetch(`${api}/api/stream`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let all = ''
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) all += decoder.decode(chunk.value)
    return [response instanceof Response && response.type === 'cors', all] as const
  })
  expect(isNative).toBe(true)
  expect(text).toContain('data: 1')
  expect(text).toContain('data: 3')
})

test('an aborted call rejects with the reason itself', async () => {
  const isSame = await tab.evaluate(async () => {
    const reason = { why: 'changed my mind' }
    const controller = new AbortController()
    const call = auth.authFetch(`${api}/api/stream`, { signal: controller.signal })
    controller.abort(reason)
    return call.then(
      () => false,
      (error) => error === reason,
    )
  })
  expect(isSame).toBe(true)
})

test('a keepalive body of 40 KiB is sent again after a 401', async () => {
  demo.faults.push({ at: 'api', kind: 'unauthorized', times: 1 })
  const result = await tab.evaluate(async () => {
    const { now } = Date
    Date.now = () => now() + 10_000
    const body = 'x'.repeat(40 * 1024)
    const response = await auth.authFetch(`${api}/api/echo`, { method: 'POST', body, keepalive: true })
    return [response.status, ((await response.json()) as { bytes: number }).bytes]
  })
  expect(result).toEqual([200, 40 * 1024])
})

test('a hundred 401s at once cost one refresh, and every body that was not read is out of the way', async () => {
  demo.faults.push({ at: 'api', kind: 'unauthorized', times: 100 })
  const codes = await tab.evaluate(async () => {
    const { now } = Date
    Date.now = () => now() + 10_000
    const calls = Array.from({ length: 100 }, () => auth.authFetch(`${api}/api/me`))
    return (await Promise.all(calls)).map(({ status }) => status)
  })
  expect(new Set(codes)).toEqual(new Set([200]))
  expect(demo.stats.refreshesGranted).toBe(1)
})

test('a Request with a body survives a 401, and the caller’s own is left alone', async () => {
  demo.faults.push({ at: 'api', kind: 'unauthorized', times: 1 })
  const result = await tab.evaluate(async () => {
    const { now } = Date
    Date.now = () => now() + 10_000
    const request = new Request(`${api}/api/echo`, {
      method: 'PUT',
      body: 'once more',
      headers: { 'Content-Type': 'text/plain' },
    })
    const response = await auth.authFetch(request)
    const { body } = (await response.json()) as { body: string }
    return [response.status, body, request.headers.has('Authorization')]
  })
  expect(result).toEqual([200, 'once more', false])
})

test('a signed-out client is plain fetch', async () => {
  await tab.evaluate(() => auth.signOut().catch(() => {}))
  expect(await tab.evaluate(() => auth.authFetch(`${api}/api/me`).then(({ status }) => status))).toBe(401)
  expect(demo.stats.refreshesGranted).toBe(0)
})
