// The drivers of the browsers and the provider, on which the other browser tests rest.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, ENGINES, type Tab } from '../support/browser/driver.ts'
import { findBrowsers } from '../support/browser/install.ts'
import { launch } from '../support/browser/launch.ts'
import { bundle } from '../support/bundle.ts'
import { type Pages, servePages } from '../support/pages.ts'
import { type OpenIdProvider, startProvider } from '../support/provider.ts'

declare global {
  var received: unknown[]
  var shows: boolean[]
  var release: () => void
}

const HOME = '<title>home</title><script>shows = []; onpageshow = (event) => shows.push(event.persisted)</script>'
const found = findBrowsers()

/** In the page: whether nobody holds the lock. */
const isFree = (name = 'test') => navigator.locks.request(name, { ifAvailable: true }, (lock) => lock !== null)

const holdLock = (name = 'test') =>
  new Promise<void>((held) => {
    navigator.locks.request(name, () => {
      held()
      return new Promise<void>((resolve) => {
        globalThis.release = resolve
      })
    })
  })

const isHidden = () => document.visibilityState === 'hidden'
const isVisible = () => document.visibilityState === 'visible'

let pages: Pages
beforeAll(async () => {
  pages = await servePages({ '/': HOME, '/away': 'away' })
})
afterAll(() => pages.close())

describe.each(ENGINES)('the driver of %s', (engine) => {
  const isThere = engine === 'chromium' || found[engine]
  if (!isThere) {
    test.skip(`is skipped, because ${engine} is not installed`, () => {})
    return
  }

  let browser: Browser
  let first: Tab
  let second: Tab
  beforeAll(async () => {
    browser = await launch(engine)
    const profile = await browser.newProfile()
    first = await profile.open(pages.origin)
    second = await profile.open(pages.origin)
  })
  afterAll(() => browser?.close())

  test('says which version it drives', () => {
    expect(browser.engine).toBe(engine)
    expect(browser.version).toMatch(/^\d+\./)
  })

  test('opens tabs that hear each other over BroadcastChannel', async () => {
    await second.evaluate(() => {
      globalThis.received = []
      new BroadcastChannel('test').onmessage = (event) => received.push(event.data)
    })
    await first.evaluate((message: string) => new BroadcastChannel('test').postMessage(message), 'hello')
    await second.waitFor(() => received.length > 0)
    expect(await second.evaluate(() => received)).toEqual(['hello'])
  })

  test('opens tabs that share Web Locks, and profiles that do not', async () => {
    const stranger = await (await browser.newProfile()).open(pages.origin)
    await first.evaluate(holdLock)
    expect(await second.evaluate(isFree)).toBe(false)
    expect(await stranger.evaluate(isFree)).toBe(true)
    await first.evaluate(() => release())
    await second.waitFor(isFree)
  })

  test('evaluates in one tab while another waits for a promise', async () => {
    const waiting = first.evaluate(
      () =>
        new Promise<string>((resolve) => {
          new BroadcastChannel('wake').onmessage = (event) => resolve(event.data)
        }),
    )
    let isAwake = false
    void waiting.then(() => {
      isAwake = true
    })
    while (!isAwake) await second.evaluate(() => new BroadcastChannel('wake').postMessage('now'))
    expect(await waiting).toBe('now')
  })

  test('passes on an error of the page, with its name', async () => {
    await expect(first.evaluate('throw new TypeError("no")')).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no',
    })
    await first.evaluate(() => console.error('seen'))
    await first.waitFor('true')
    expect(first.errors).toContain('seen')
  })

  test('loses the locks of a tab that crashes', async () => {
    const profile = await browser.newProfile()
    const [holder, other] = [await profile.open(pages.origin), await profile.open(pages.origin)]
    await holder.evaluate(holdLock)
    await holder.crash()
    await other.waitFor(isFree)
    await profile.close()
  })

  test('goes back, through the back/forward cache where there is one', async () => {
    const tab = await (await browser.newProfile()).open(pages.origin)
    await tab.goto(`${pages.origin}/away`)
    await tab.back()
    expect(await tab.evaluate(() => location.pathname)).toBe('/')
    expect(await tab.evaluate(() => shows)).toEqual(browser.can.bfcache ? [false, true] : [false])
  })

  test('goes offline and back, or says that it cannot', async () => {
    if (!browser.can.offline) return await expect(first.offline(true)).rejects.toThrow('cannot go offline')
    await first.offline(true)
    await second.waitFor(() => !navigator.onLine)
    await first.offline(false)
    await second.waitFor(() => navigator.onLine)
  })
})

describe.each([
  { engine: 'chromium', isThere: found.chromium },
  { engine: 'webkit', isThere: found.webkit },
] as const)('tabs of $engine with a lifecycle', ({ engine, isThere }) => {
  test.skipIf(!isThere)('hide and freeze', async () => {
    await using launched = disposable(await launch(engine, { lifecycle: true }))
    const { browser } = launched
    expect(browser.can).toMatchObject({ hidden: true, freeze: true })
    const profile = await browser.newProfile()
    const [first, second] = [await profile.open(pages.origin), await profile.open(pages.origin)]
    await first.waitFor(isHidden)
    await first.bringToFront()
    await first.waitFor(isVisible)
    await second.waitFor(isHidden)

    // A frozen page of Chromium still hears messages; its timers stand still.
    const releaseWhenTold = () => {
      new BroadcastChannel('release').onmessage = () => setTimeout(release)
    }
    await first.evaluate(holdLock, 'awake')
    await second.evaluate(holdLock, 'frozen')
    await Promise.all([first, second].map((tab) => tab.evaluate(releaseWhenTold)))
    await second.freeze()
    await first.evaluate(() => new BroadcastChannel('release').postMessage('now'))
    await first.waitFor(isFree, 'awake')
    expect(await first.evaluate(isFree, 'frozen')).toBe(false)
    await second.thaw()
    await first.waitFor(isFree, 'frozen')
  })
})

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

test('a page calls the library in a bundle', async () => {
  const script = await bundle(
    `import { createAuthClient } from 'authfetch'\nObject.assign(window, { createAuthClient })`,
  )
  await using launched = disposable(await launch('chromium'))
  const tab = await (await launched.browser.newProfile()).open(pages.origin)
  await tab.evaluate(script)
  expect(await tab.evaluate('typeof createAuthClient')).toBe('function')
})

function disposable(browser: Browser) {
  return { browser, [Symbol.asyncDispose]: () => browser.close() }
}

describe('the provider', () => {
  let provider: OpenIdProvider
  beforeAll(async () => {
    provider = await startProvider()
  })
  afterAll(() => provider.close())

  const refresh = (token: string): Promise<Response> =>
    fetch(provider.tokenEndpoint, {
      method: 'POST',
      headers: { Origin: pages.origin },
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: provider.clientId, refresh_token: token }),
    })

  const callWith = (token: string): Promise<Response> =>
    fetch(provider.resourceEndpoint, { headers: { Authorization: `Bearer ${token}` } })

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
