// A new tab asks the others while its database opens, and believes them as far as the ledger then shows the same.

import { expect, test } from 'vitest'
import type { Ledger } from '../../src/core/ports.ts'
import { createVirtualBrowser, type VirtualBrowser } from '../../src/testing/virtual-platform.ts'
import { createGate, createScene, createSignedInScene, drain, outcome, tokens } from './harness.ts'

/** The browser in which the next tab waits for its database. */
function opening(browser: VirtualBrowser) {
  const gate = createGate<void>()
  const openTab = (): ReturnType<VirtualBrowser['openTab']> => {
    const tab = browser.openTab()
    const { read, update } = tab.platform.ledger
    Object.assign(tab.platform.ledger, {
      read: () => gate.promise.then(read),
      update: (...terms: Parameters<Ledger['update']>) => gate.promise.then(() => update(...terms)),
    })
    return tab
  }
  return { gate, browser: Object.assign(Object.create(browser) as VirtualBrowser, { openTab }) }
}

test('its token is here as soon as the database is open', async () => {
  const browser = createVirtualBrowser()
  const { server } = await createSignedInScene({ browser })
  const { gate, browser: slow } = opening(browser)
  const late = createScene({ browser: slow, server })
  const token = late.auth.getAccessToken()
  await browser.advance(40)
  expect(late.tab.posted).toHaveLength(1)
  expect(late.auth.getState().status).toBe('unknown')
  gate.open()
  expect(await outcome(token)).toBe('access-0')
  expect(server.refreshes).toHaveLength(0)
})

test('what it was told is not believed of a session that is over by then', async () => {
  const browser = createVirtualBrowser()
  const { auth, server } = await createSignedInScene({ browser })
  const { gate, browser: slow } = opening(browser)
  const late = createScene({ browser: slow, server })
  const token = late.auth.getAccessToken()
  await drain()
  await auth.signOut()
  gate.open()
  expect(await outcome(token)).toBeUndefined()
  expect(late.auth.getState().status).toBe('signed-out')
})

test('what it was told is not believed of a generation that has passed by then', async () => {
  const browser = createVirtualBrowser()
  const { auth, server } = await createSignedInScene({ browser })
  const { gate, browser: slow } = opening(browser)
  const late = createScene({ browser: slow, server })
  const token = late.auth.getAccessToken()
  await drain()
  await auth.getAccessToken({ forceRefresh: true })
  gate.open()
  expect(await outcome(token)).toBe('access-1')
})

test('alone it spends no longer on the question than on opening the database', async () => {
  const browser = createVirtualBrowser()
  const { auth, server } = await createSignedInScene({ browser })
  auth.dispose()
  const { gate, browser: slow } = opening(browser)
  const late = createScene({ browser: slow, server })
  const token = late.auth.getAccessToken()
  await browser.advance(100)
  gate.open()
  expect(await outcome(token)).toBe(tokens(1).access_token)
})
