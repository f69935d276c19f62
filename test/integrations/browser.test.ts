// React and Vue in Chromium: pages that were rendered on a server, before the demo's server with its cookies.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { renderToString as renderVue } from '@vue/server-renderer'
import { type AuthClient, cookieRefresh, createAuthClient } from 'authfetch'
import { createAuth } from 'authfetch/vue'
import { createElement } from 'react'
import { renderToString as renderReact } from 'react-dom/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSSRApp } from 'vue'
import { createDemoServer, type DemoServer } from '../../demo/server/server.ts'
import type { Browser, Profile, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { bundle } from '../support/bundle.ts'
import { App } from './pages/react-app.tsx'
import { createPage } from './pages/vue-app.ts'

const path = (name: string): string => fileURLToPath(new URL(`./pages/${name}`, import.meta.url))

const logIn = (): Promise<never> => Promise.reject(new Error('a server signs nobody in'))

const FRAMEWORKS: Readonly<Record<string, readonly [string, (client: AuthClient) => string | Promise<string>]>> = {
  React: [path('react.tsx'), (client) => renderReact(createElement(App, { client, logIn }))],
  Vue: [path('vue.ts'), (client) => renderVue(createSSRApp(createPage(logIn)).use(createAuth(client)))],
}

let demo: DemoServer
let server: Server
let browser: Browser
let html = ''

beforeAll(async () => {
  // Long, so that no timer refreshes amid a test.
  demo = await createDemoServer({ accessLifetime: 3600 })
  server = createServer((request, response) =>
    demo.handle(request, response, () => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html)
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  browser = await launch('chromium')
})

afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
  await demo?.close()
})

describe.each(Object.entries(FRAMEWORKS))('%s', (_, [page, render]) => {
  let profile: Profile
  let tab: Tab

  const click = (selector: string): Promise<void> =>
    tab.evaluate((query: string) => document.querySelector<HTMLElement>(query)?.click(), selector)
  const shows = (text: string): Promise<void> =>
    tab.waitFor((wanted: string) => document.querySelector('#root')?.textContent === wanted, text)
  const address = (): string => `http://localhost:${(server.address() as AddressInfo).port}/`

  beforeAll(async () => {
    // What a server does for each visitor.
    const client = createAuthClient({ refresh: cookieRefresh('https://app.example/auth/refresh') })
    const rendered = await render(client)
    client.dispose()
    expect(rendered).toContain('<p>wait</p>')
    const script = (await bundle(page)).replaceAll('</script', '<\\/script')
    html = `<!doctype html><title>page</title><div id="root">${rendered}</div><script>${script}</script>`
  })

  beforeEach(async () => {
    demo.reset()
    profile = await browser.newProfile()
    tab = await profile.open(address())
  })

  afterEach(async () => {
    // Mismatches of the hydration would be here.
    expect(tab.errors.filter((error) => !error.includes('401'))).toEqual([])
    await profile.close()
  })

  test('a visitor is asked to log in, calls the API, and logs out', async () => {
    await shows('log in')
    await click('button')
    await shows('alicecalllog out')
    await click('#call')
    await shows('alice200calllog out')
    await click('#sign-out')
    await shows('log in')
  })

  test('a reload finds the session again, with one refresh', async () => {
    await shows('log in')
    await click('button')
    await shows('alicecalllog out')
    expect(demo.stats.refreshesGranted).toBe(0)
    await tab.reload()
    await shows('alicecalllog out')
    expect(demo.stats.refreshesGranted).toBe(1)
  })

  test('a login and a logout in one tab are shown in another', async () => {
    const other = await profile.open(address())
    await shows('log in')
    await click('button')
    await other.waitFor(() => document.querySelector('p')?.textContent === 'alice')
    await other.evaluate(() => document.querySelector<HTMLElement>('#sign-out')?.click())
    await shows('log in')
  })
})

test('authfetch/testing works in a browser too, though it has slower tasks', async () => {
  const profile = await browser.newProfile()
  const tab = await profile.open('about:blank')
  const result = await tab.evaluate(
    await bundle(`
      import { createTestAuth } from 'authfetch/testing'
      globalThis.story = async () => {
        const test = await createTestAuth({ claims: { sub: 'alice' } })
        const other = test.openTab()
        await other.restore()
        await test.advance(59 * 60_000)
        const refreshes = test.refreshes
        test.expireNow()
        test.failNextRefresh()
        const { code } = await other.getAccessToken().catch((error) => error)
        await test.advance(1_000)
        const isShared = (await other.getAccessToken()) === (await test.client.getAccessToken())
        await other.signOut()
        await test.advance(0)
        return [refreshes, code, isShared, test.client.getState().status]
      }
    `).then((script) => `${script}; story()`),
  )
  expect(result).toEqual([1, 'refresh-unavailable', true, 'signed-out'])
  await profile.close()
})
