// @vitest-environment happy-dom
// What the panel of one tab shows of another: the tab that holds the lock; and of a client with several audiences.

import { AudienceDeniedError, audiences } from 'authfetch/audiences'
import { createTestAuth } from 'authfetch/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { loadDevtools } from '../../src/devtools/load.ts'
import { mountDevtools } from '../../src/devtools.ts'
import { cookieRefresh } from '../../src/index.ts'
import { createSignedInScene, type Scene } from './harness.ts'

const undo: (() => void)[] = []

/** Who holds the lock, or another fact, as a panel says. */
const fact = (panel: ShadowRoot | undefined, name = 'Lock held by'): string | null | undefined =>
  [...(panel?.querySelectorAll('.facts div') ?? [])].find(({ textContent }) => textContent?.includes(name))?.lastChild
    ?.textContent

afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

test('the panel of one tab names the tab that holds the lock, and says when nobody does', async () => {
  const auth = await createTestAuth()
  undo.push(auth.dispose)
  const other = auth.openTab()
  const [here, there] = [auth.client, other].map((client) => {
    undo.push(mountDevtools(client, { open: true }))
    const panel = [...document.querySelectorAll('authfetch-devtools')].at(-1)?.shadowRoot
    if (!panel) throw new Error('no panel')
    return panel
  })
  await vi.waitFor(() => expect(here?.querySelectorAll('.labels li')).toHaveLength(2), 20_000)
  expect(fact(here)).toBe('nobody')
  const slow = [...(there?.querySelectorAll('button') ?? [])].find(({ textContent }) => textContent?.includes('Slow'))
  slow?.click()
  const refreshed = other.getAccessToken({ forceRefresh: true })
  await auth.advance(100)
  await vi.waitFor(() => expect(fact(there)).toBe('this tab'), 20_000)
  await vi.waitFor(() => expect(fact(here)).toMatch(/^tab \d$/), 20_000)
  await auth.advance(60_000)
  await refreshed
  await vi.waitFor(() => expect([fact(here), fact(there)]).toEqual(['nobody', 'nobody']), 20_000)
})

test('the panel names the audience of a refresh, and shows a denial as one', async () => {
  const auth = await createTestAuth({
    audiences: audiences({ graph: { urls: ['https://graph.example/'] }, billing: { urls: ['https://b.example/'] } }),
  })
  undo.push(auth.dispose, mountDevtools(auth.client, { open: true }))
  const panel = document.querySelector('authfetch-devtools')?.shadowRoot
  const bad = (): (string | null | undefined)[] =>
    [...(panel?.querySelectorAll('.record .bad span') ?? [])].map(({ textContent }) => textContent)
  await auth.client.getAccessToken({ audience: 'billing' })
  auth.failNextRefresh(new AudienceDeniedError('graph', 'invalid_scope'))
  await auth.client.getAccessToken({ audience: 'graph' }).catch(() => undefined)
  await vi.waitFor(
    () =>
      expect(bad()).toEqual([
        'the server gives no token for "graph" (invalid_scope)',
        'outcome for "graph": the server gives no token (invalid_scope)',
      ]),
    20_000,
  )
  expect(panel?.querySelector('.record')?.textContent).toContain('commits generation 1 for "billing"')
  expect(panel?.querySelector('.explanation')?.textContent).toMatch(
    /no session has ended in this record\. Since \S+ the server gives no token for "graph" \(invalid_scope\)\.$/,
  )
})

test('a tab that crashed while it held the lock does not hold it any more', async () => {
  const auth = await createTestAuth()
  undo.push(auth.dispose, mountDevtools(auth.client, { open: true }))
  const panel = document.querySelector('authfetch-devtools')?.shadowRoot ?? undefined
  const channel = new BroadcastChannel('authfetch-devtools:authfetch')
  undo.push(() => channel.close())
  const lane = { id: 'crashed', number: 7, kind: 'tab', isSmall: false, visibility: 'visible', status: 'signed in' }
  const seen = [{ kind: 'lock', step: 'held', id: '1', at: Date.now() }]
  channel.postMessage({ type: 'here', lane, seen })
  await vi.waitFor(() => expect(fact(panel)).toBe('tab 7'), 20_000)
  // Nobody answers in its name.
  await vi.waitFor(() => expect(fact(panel)).toBe('nobody'), 40_000)
})

test('the browser tells of a lock that no tab with a panel was seen to take', async () => {
  let holder: string | undefined
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: {
      request: (_: string, task: () => unknown) => task(),
      query: async () => ({
        held: [
          { name: 'authfetch-devtools:authfetch', clientId: 'this page' },
          // The guard of a claim, which every tab has.
          { name: 'authfetch:owner', clientId: 'that page' },
          ...(holder ? [{ name: 'authfetch', clientId: holder }] : []),
        ],
      }),
    },
  })
  undo.push(() => Reflect.deleteProperty(navigator, 'locks'))
  const auth = await createTestAuth()
  undo.push(auth.dispose, mountDevtools(auth.client, { open: true }))
  const panel = document.querySelector('authfetch-devtools')?.shadowRoot ?? undefined
  const channel = new BroadcastChannel('authfetch-devtools:authfetch')
  undo.push(() => channel.close())
  const lane = { id: 'quiet', number: 7, kind: 'tab', isSmall: false, visibility: 'visible', status: 'signed in' }
  channel.postMessage({ type: 'here', lane: { ...lane, clientId: 'tab with a panel' }, seen: [] })
  await vi.waitFor(() => expect(panel?.querySelectorAll('.labels li')).toHaveLength(2), 20_000)
  expect(fact(panel)).toBe('nobody')
  for (const [clientId, words] of [
    ['tab without a panel', 'a tab or worker without a panel'],
    ['tab with a panel', 'tab 7'],
    ['this page', 'this tab'],
    [undefined, 'nobody'],
  ] as const) {
    holder = clientId
    await vi.waitFor(() => expect(fact(panel)).toBe(words), 20_000)
  }
})

test.each([
  ['with the client', (): Promise<Scene> => createSignedInScene()],
  ['in a cookie', () => createSignedInScene({ refresh: cookieRefresh('https://app.example/auth/refresh') })],
] as const)('a refresh token %s is there as long as somebody is signed in', async (custody, sign) => {
  const { auth } = await sign()
  undo.push(mountDevtools(auth, { open: true }))
  const panel = document.querySelector('authfetch-devtools')?.shadowRoot ?? undefined
  expect(fact(panel, 'Refresh token')).toBe(custody)
  await auth.signOut()
  await vi.waitFor(() => expect(fact(panel, 'Refresh token')).toBe('none'), 20_000)
})

test('a client that is disposed of before the panel has come needs none, and nothing is said', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
  undo.push(() => errors.mockRestore())
  const auth = await createTestAuth()
  undo.push(loadDevtools(auth.client, {}))
  auth.dispose()
  await import('../../src/devtools.ts')
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve))
  expect(errors.mock.calls).toEqual([])
  expect(document.querySelector('authfetch-devtools')).toBeNull()
})
