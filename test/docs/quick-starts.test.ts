// The code blocks of the quick starts, run in Chromium.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { type Application, startApplication } from './quick-starts.ts'

let application: Application
let browser: Browser

beforeAll(async () => {
  application = await startApplication()
  browser = await launch('chromium')
})

afterAll(async () => {
  await browser?.close()
  await application?.close()
})

const shows = (tab: Tab, text: string): Promise<void> =>
  tab.waitFor((wanted: string) => document.body?.innerText.includes(wanted), text)

const press = async (tab: Tab, label: string): Promise<void> => {
  await shows(tab, label)
  await tab.evaluate((wanted: string) => {
    const buttons = [...document.querySelectorAll('button')]
    buttons.find(({ textContent }) => textContent?.trim() === wanted)?.click()
  }, label)
}

/** Opens a page in a profile of its own. */
async function open(
  page: string,
): Promise<{ readonly tab: Tab; readonly visit: (page: string) => Promise<Tab>; readonly close: () => Promise<void> }> {
  const profile = await browser.newProfile()
  const visit = (name: string): Promise<Tab> =>
    profile.open(`${application.origin}/${name.replace(/^[\w-]+/, '$&.html')}`)
  return { tab: await visit(page), visit, close: () => profile.close() }
}

const PROFILE = '{"subject":"alice"}'

/** What the page has asked of the authorization server. */
const authRequests = (tab: Tab): Promise<string[]> =>
  tab.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => path.startsWith('/auth/')),
  )

test('the cookie quick start signs in and makes a protected call', async () => {
  const { tab, close } = await open('main')
  await shows(tab, PROFILE)
  expect(await authRequests(tab)).toContain('/auth/sign-in')
  expect(tab.errors).toEqual([])
  await close()
})

test('its session is found again: in a second tab without a request, and when all are closed by one refresh', async () => {
  const { tab, visit, close } = await open('main')
  await shows(tab, PROFILE)
  const second = await visit('main')
  await shows(second, PROFILE)
  expect(await authRequests(second)).toEqual([])
  await Promise.all([tab.close(), second.close()])
  const third = await visit('main')
  await shows(third, PROFILE)
  expect(await authRequests(third)).toEqual(['/auth/refresh'])
  await close()
})

test.each(['react', 'vue'])('the %s quick start signs in, makes a protected call, and signs out', async (page) => {
  const { tab, close } = await open(page)
  await press(tab, 'Sign in')
  await shows(tab, PROFILE)
  await press(tab, 'Sign out')
  await shows(tab, 'Sign in')
  expect(tab.errors).toEqual([])
  await close()
})

test.each(['react-guards', 'vue-guards'])(
  '%s let in who is signed in, also after a reload, and lead others to the sign-in',
  async (page) => {
    const { tab, close } = await open(page)
    await shows(tab, 'please sign in')
    expect(await tab.evaluate(() => new URLSearchParams(location.search).get('returnTo'))).toBe(`/${page}.html`)
    await tab.evaluate(() => (Reflect.get(globalThis, 'signIn') as () => Promise<void>)())
    await tab.goto(`${application.origin}/${page}.html`)
    await shows(tab, 'welcome')
    await tab.evaluate(() => globalThis.auth.signOut())
    await shows(tab, 'please sign in')
    expect(tab.errors).toEqual([])
    await close()
  },
)

test('the ky quick start makes a protected call', async () => {
  const { tab, visit, close } = await open('main')
  await shows(tab, PROFILE)
  const second = await visit('ky')
  await shows(second, 'alice')
  expect(second.errors).toEqual([])
  await close()
})

test('the OAuth quick start makes a protected call to another origin, refreshes, and revokes', async () => {
  const { tab, close } = await open('oauth')
  await shows(tab, '"subject":"alice"')
  const verdict = await tab.evaluate(async () => {
    const { auth } = globalThis
    const before = await auth.getAccessToken()
    const after = await auth.getAccessToken({ forceRefresh: true })
    await auth.signOut()
    return [before !== after, auth.getState().status]
  })
  expect(verdict).toEqual([true, 'signed-out'])
  expect(tab.errors).toEqual([])
  await close()
})

/** The pages that were opened at the provider and came back. */
const pathOf = (tab: Tab): Promise<string> => tab.evaluate(() => location.pathname + location.search)

const isSignedIn = () => globalThis.auth?.getState().status === 'signed-in'

test('the login by redirect comes back with tokens, and refuses a login that was not started here', async () => {
  const { tab, close } = await open('login')
  await tab.waitFor(isSignedIn)
  await tab.waitFor(() => location.pathname === '/login.html')
  expect(await pathOf(tab)).toBe('/login.html')
  expect(tab.errors).toEqual([])
  await tab.evaluate(() => auth.signOut())
  await tab.goto(`${application.origin}/callback-login?code=stolen&state=forged`)
  await tab.waitFor(() => location.search === '')
  expect(await tab.evaluate(() => auth.restore().then(({ status }) => status))).toBe('signed-out')
  await expect.poll(() => tab.errors).toEqual([expect.stringContaining('the sign-in has failed: unknown-state')])
  await close()
})

test.each(['react-router', 'vue-router'])(
  'the login with %s exchanges its code once, and goes on where the user was',
  async (page) => {
    const { loginProvider, origin } = application
    const { granted, refused } = loginProvider.exchanges
    const { tab, close } = await open(`${page}?tab=2#top`)
    await press(tab, 'Sign in')
    await shows(tab, 'welcome')
    expect(await pathOf(tab)).toBe(`/${page}.html?tab=2`)
    expect(loginProvider.exchanges).toEqual({ granted: granted + 1, refused })
    // Loaded again, the callback has nothing to do.
    await tab.goto(`${origin}/callback-${page}`)
    await tab.waitFor(() => location.pathname === '/')
    await shows(tab, 'welcome')
    await tab.evaluate(() => auth.signOut())
    await tab.goto(`${origin}/callback-${page}?error=access_denied&state=forged`)
    await press(tab, 'the sign-in has failed: unknown-state: try again')
    await shows(tab, 'welcome')
    expect(loginProvider.exchanges).toEqual({ granted: granted + 2, refused })
    expect(tab.errors).toEqual([])
    await close()
  },
)
