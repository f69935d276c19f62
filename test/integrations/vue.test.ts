// @vitest-environment happy-dom
// `authfetch/vue`, in the newest Vue and again in the oldest.

import { cleanup, configure, render, screen } from '@testing-library/vue'
import { renderToString } from '@vue/server-renderer'
import { type AuthClient, responseTokens } from 'authfetch'
import { audiences } from 'authfetch/audiences'
import { type Login, LoginError } from 'authfetch/login'
import { createTestAuth, type TestAuth, type TestAuthOptions } from 'authfetch/testing'
import {
  AuthDevtools,
  AuthGate,
  createAuth,
  useAuth,
  useAuthClient,
  useAuthFetch,
  useClaims,
  useLogin,
} from 'authfetch/vue'
import { afterEach, beforeEach, describe, expect, type Mock, type MockInstance, test, vi } from 'vitest'
import {
  type App,
  type Component,
  createApp,
  createSSRApp,
  defineComponent,
  h,
  KeepAlive,
  nextTick,
  onUpdated,
  ref,
  type VNodeChild,
  version,
  watchEffect,
} from 'vue'
import { drain } from '../../src/testing/virtual-platform.ts'

// For machines that are slow.
configure({ asyncUtilTimeout: 50_000 })

const opened: TestAuth[] = []
let warnings: MockInstance

async function open(options?: TestAuthOptions): Promise<TestAuth> {
  const auth = await createTestAuth(options)
  opened.push(auth)
  return auth
}

beforeEach(() => {
  warnings = vi.spyOn(console, 'warn')
})

afterEach(() => {
  cleanup()
  for (const auth of opened.splice(0)) auth.dispose()
  vi.unstubAllGlobals()
  // Vue reports here what it thinks of hydration, injection and lifecycles.
  expect(warnings.mock.calls).toEqual([])
  vi.restoreAllMocks()
})

/** The same client, whose subscriptions are counted. */
function watched(client: AuthClient): { readonly client: AuthClient; live(): number } {
  let live = 0
  const count = (unsubscribe: () => void): (() => void) => {
    live++
    return () => {
      live--
      unsubscribe()
    }
  }
  const subscribe: AuthClient['subscribe'] = (listener) => count(client.subscribe(listener))
  const on: AuthClient['on'] = (name, listener) => count(client.on(name, listener))
  return { client: { ...client, subscribe, on }, live: () => live }
}

const Page = defineComponent(() => () => [
  h(AuthGate, null, {
    default: () => h('p', 'welcome'),
    unknown: () => h('p', 'wait'),
    'signed-out': () => h('p', 'log in'),
  }),
])

const Status = defineComponent(() => {
  const { status } = useAuth()
  return () => h('p', status.value)
})

const Subject = defineComponent(() => {
  const claims = useClaims()
  return () => h('b', claims.value?.sub ?? 'nobody')
})

function show(component: Component, client: AuthClient): void {
  render(component, { global: { plugins: [createAuth(client)] } })
}

/** Mounts an app of its own, as Testing Library unmounts components rather than apps. */
function mount(component: Component, client: AuthClient): { readonly app: App; readonly element: Element } {
  const element = document.body.appendChild(document.createElement('div'))
  const app = createApp(component)
  app.use(createAuth(client)).mount(element)
  return { app, element }
}

const text = (): string => document.body.textContent ?? ''

async function change(action: () => unknown): Promise<void> {
  await action()
  // Listeners hear after callers.
  await drain()
  await nextTick()
}

test('this is the Vue that is meant', () => {
  expect(version.startsWith(`${process.env.VUE ?? '3.5'}.`)).toBe(true)
})

describe('the gate', () => {
  test('shows a spinner, then the page, then the login', async () => {
    const { client } = await open({ status: 'unknown' })
    show(Page, client)
    expect(text()).toBe('wait')
    await screen.findByText('welcome')
    await change(client.signOut)
    expect(text()).toBe('log in')
  })

  test('waits for the token of whoever is signed in, so that what it shows can go by the claims', async () => {
    const { client, advance } = await open({ ready: false, latency: 1_000 })
    expect(client.getState().status).toBe('signed-in')
    show(Page, client)
    expect(text()).toBe('wait')
    await change(() => advance(2_000))
    expect(text()).toBe('welcome')
    expect(client.getClaims()).toMatchObject({ sub: 'test-user' })
  })

  test('shows nothing unless told, until somebody is signed in', async () => {
    const { client } = await open({ status: 'signed-out' })
    show(() => h(AuthGate, () => 'welcome'), client)
    expect(text()).toBe('')
    await change(() => client.signIn({ access_token: 'token', expires_in: 60 }))
    expect(text()).toBe('welcome')
  })

  test('goes on showing the spinner while nobody can tell', async () => {
    const { client, failNextRefresh, advance } = await open({ status: 'unknown' })
    failNextRefresh(new TypeError('Failed to fetch'))
    show(Page, client)
    await change(() => advance(0))
    expect(text()).toBe('wait')
    await change(() => advance(60_000))
    expect(text()).toBe('welcome')
  })
})

describe('composables', () => {
  test('give the state in refs, what changes it, and a fetch that needs no this', async () => {
    const { client } = await open({ status: 'signed-out', reason: 'rejected', fetch: async () => new Response('ok') })
    let auth: ReturnType<typeof useAuth> | undefined
    let authFetch: ReturnType<typeof useAuthFetch> | undefined
    show(
      defineComponent(() => {
        auth = useAuth()
        authFetch = useAuthFetch()
        expect(useAuthClient()).toBe(client)
        return () => null
      }),
      client,
    )
    expect(auth?.state.value).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    expect(auth?.status.value).toBe('signed-out')
    await change(() => auth?.signIn({ access_token: 'token', expires_in: 60 }))
    expect(auth?.state.value).toBe(client.getState())
    expect(auth?.status.value).toBe('signed-in')
    expect(await (await authFetch?.('https://api.example'))?.text()).toBe('ok')
    await change(() => auth?.signOut())
    expect(auth?.state.value).toMatchObject({ status: 'signed-out', reason: 'requested' })
  })

  test('give the claims, and those of each new token', async () => {
    const { client } = await open({ claims: { sub: 'alice' } })
    show(
      defineComponent(() => {
        const claims = useClaims<{ readonly sub: string; readonly jti: string }>()
        return () => h('p', claims.value ? `${claims.value.sub} ${claims.value.jti}` : 'nobody')
      }),
      client,
    )
    expect(text()).toBe('alice token-1')
    await change(() => client.getAccessToken({ forceRefresh: true }))
    expect(text()).toBe('alice token-2')
    await change(client.signOut)
    expect(text()).toBe('nobody')
  })

  test.each(['a sign-in', 'an ordinary response'] as const)(
    'give the claims of a token that changes nothing else, by %s',
    async (way) => {
      const token = (name: string): string => `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub: '1', name }))}.`
      const { client } = await open({
        status: 'signed-out',
        origins: ['https://api.example'],
        fetch: async () => new Response('ok'),
        readTokens: responseTokens(() => ({ access_token: token('bob') })),
      })
      await client.signIn({ access_token: token('alice') })
      show(
        defineComponent(() => {
          const claims = useClaims<{ readonly name: string }>()
          return () => h('p', claims.value?.name)
        }),
        client,
      )
      const state = client.getState()
      await change(() =>
        way === 'a sign-in' ? client.signIn({ access_token: token('bob') }) : client.authFetch('https://api.example'),
      )
      expect(client.getState()).toBe(state)
      expect(text()).toBe('bob')
    },
  )

  describe('of an audience', () => {
    const options = (): TestAuthOptions => ({
      audiences: audiences({
        graph: { urls: ['https://graph.example/'] },
        billing: { urls: ['https://billing.example/'] },
      }),
      claims: (audience: string | undefined) => ({ sub: `for ${audience ?? 'the session'}` }),
    })
    const updates: string[] = []
    const claimsOf = (audience: string): Component =>
      defineComponent(() => {
        const claims = useClaims<{ readonly sub: string; readonly jti: string }>({ audience })
        onUpdated(() => updates.push(audience))
        return () => h('b', claims.value ? `${claims.value.sub} ${claims.value.jti}` : 'none')
      })
    const Graph = claimsOf('graph')

    beforeEach(() => {
      updates.length = 0
    })

    test('give its claims, and those of each new token', async () => {
      const { client } = await open(options())
      show(() => [h(Graph), h(Subject)], client)
      expect(text()).toBe('nonefor the session')
      const state = client.getState()
      await change(() => client.getAccessToken({ audience: 'graph' }))
      expect(text()).toBe('for graph token-2for the session')
      await change(() => client.getAccessToken({ audience: 'graph', forceRefresh: true }))
      expect(text()).toBe('for graph token-3for the session')
      expect(client.getState()).toBe(state)
      await change(() => client.getAccessToken({ audience: 'billing' }))
      await change(() => client.getAccessToken({ forceRefresh: true }))
      expect(updates).toEqual(['graph', 'graph'])
      await change(client.signOut)
      expect(text()).toBe('nonenobody')
    })

    test('that another tab has got are given too', async () => {
      const auth = await open(options())
      const other = auth.openTab()
      await other.restore()
      show(Graph, auth.client)
      await change(() => other.getAccessToken({ audience: 'graph' }))
      await change(() => auth.advance(0))
      expect(text()).toBe('for graph token-2')
    })

    test('that came before the component are there at once, and components share the subscriptions of their app', async () => {
      const { client, live } = watched((await open(options())).client)
      await client.getAccessToken({ audience: 'graph' })
      const Billing = claimsOf('billing')
      const { app, element } = mount(() => [h(Graph), h(Graph), h(Billing)], client)
      expect(element.textContent).toBe('for graph token-2for graph token-2none')
      expect(live()).toBe(3)
      await change(() => client.getAccessToken({ audience: 'billing' }))
      expect(element.textContent).toBe('for graph token-2for graph token-2for billing token-3')
      expect(updates).toEqual(['billing'])
      app.unmount()
      expect(live()).toBe(0)
    })

    test('that there is not are an error of the component', async () => {
      warnings.mockImplementation(() => {})
      for (const one of [options(), {}]) {
        const { client } = await open(one)
        expect(() => show(claimsOf('grpah'), client)).toThrow('"audience" must be one of "audiences"')
      }
      warnings.mockClear()
    })

    test('are none on a server', async () => {
      const { client } = await open(options())
      await client.getAccessToken({ audience: 'graph' })
      vi.stubGlobal('document', undefined)
      const html = await renderToString(createSSRApp(Graph).use(createAuth(client)))
      vi.unstubAllGlobals()
      expect(html).toBe('<b>none</b>')
    })
  })

  test('work outside a component, where the app gives them a context', async () => {
    const { client } = await open()
    const { app } = mount(Page, client)
    const { status } = app.runWithContext(useAuth)
    expect(status.value).toBe('signed-in')
    await client.signOut()
    expect(status.value).toBe('signed-out')
    app.unmount()
  })

  test('name what is missing when there is no plugin', () => {
    warnings.mockImplementation(() => {})
    expect(() => render(Status)).toThrow('call app.use(createAuth(client))')
    warnings.mockClear()
  })
})

describe('renders', () => {
  test('come only with a change of what is shown', async () => {
    const { client, advance, failNextRefresh } = await open()
    const updates: string[] = []
    const counted = (name: string, component: () => () => VNodeChild): Component =>
      defineComponent(() => {
        onUpdated(() => updates.push(name))
        return component()
      })
    const Counted = [
      counted('status', () => {
        const { status } = useAuth()
        return () => status.value
      }),
      counted('claims', () => {
        const claims = useClaims()
        return () => claims.value?.jti
      }),
      counted('fetch', () => {
        const authFetch = useAuthFetch()
        return () => typeof authFetch
      }),
      counted('page', () => () => h(Page)),
    ]
    show(() => Counted.map((component) => h(component)), client)
    await change(() => client.getAccessToken())
    await change(() => client.restore())
    await change(() => advance(60_000))
    failNextRefresh()
    await change(() => client.getAccessToken({ forceRefresh: true }).catch(() => {}))
    expect(updates).toEqual([])
    await change(() => advance(60_000))
    expect(client.getClaims()?.jti).toBe('token-2')
    expect(updates).toEqual(['claims'])
  })
})

describe('mounting', () => {
  test('asks the server once, for all components and apps', async () => {
    const auth = await open({ status: 'unknown' })
    const { client, live } = watched(auth.client)
    const apps = [mount(Page, client), mount(Page, client)]
    await vi.waitFor(() => expect(text()).toBe('welcomewelcome'), 50_000)
    expect(auth.refreshes).toBe(1)
    for (const { app } of apps) app.unmount()
    expect(live()).toBe(0)
  })

  test('and unmounting a hundred times leaves nothing behind, and the client alive', async () => {
    const auth = await open()
    const { client, live } = watched(auth.client)
    const All = (): unknown => [h(Status), h(Subject), h(Page)]
    let most = 0
    for (let time = 0; time < 100; time++) {
      const { app, element } = mount(All, client)
      expect(element.textContent).toBe('signed-intest-userwelcome')
      most = Math.max(most, live())
      app.unmount()
      element.remove()
      expect(live()).toBe(0)
    }
    expect(most).toBe(3)
    expect(await client.getAccessToken()).toBeDefined()
    expect(auth.refreshes).toBe(0)
  })

  test('a hundred components share the subscriptions of their app', async () => {
    const { client, live } = watched((await open()).client)
    const { app } = mount(() => Array.from({ length: 100 }, () => h(Status)), client)
    expect(live()).toBe(3)
    app.unmount()
  })

  test('an effect of a component that is gone is never run again', async () => {
    const { client } = await open()
    const isShown = ref(true)
    const seen: string[] = []
    const Child = defineComponent(() => {
      const { status } = useAuth()
      watchEffect(() => seen.push(status.value))
      return () => null
    })
    show(() => (isShown.value ? h(Child) : null), client)
    await change(() => {
      isShown.value = false
    })
    await change(client.signOut)
    expect(seen).toEqual(['signed-in'])
  })

  test('an app of before with the client of before, as a hot update makes it, shows its state at once', async () => {
    const auth = await open()
    const { client, live } = watched(auth.client)
    const first = mount(Page, client)
    first.app.unmount()
    const second = mount(Page, client)
    expect(second.element.textContent).toBe('welcome')
    expect(live()).toBe(3)
    second.app.unmount()
  })

  test('a client that has been disposed of breaks nothing', async () => {
    const { client, dispose } = await open({ status: 'unknown' })
    dispose()
    show(Page, client)
    await nextTick()
    expect(text()).toBe('wait')
  })
})

describe('KeepAlive', () => {
  test('a component that comes back shows the state of now, with the subscriptions of before', async () => {
    const auth = await open({ claims: { sub: 'alice' } })
    const { client, live } = watched(auth.client)
    const isShown = ref(true)
    let setups = 0
    const Kept = defineComponent(() => {
      setups++
      const { status } = useAuth()
      const claims = useClaims()
      return () => h('p', `${status.value} ${claims.value?.sub}`)
    })
    const { app, element } = mount(() => h(KeepAlive, () => (isShown.value ? h(Kept) : h('i', 'away'))), client)
    expect(element.textContent).toBe('signed-in alice')
    await change(() => {
      isShown.value = false
    })
    expect(element.textContent).toBe('away')
    await change(client.signOut)
    await change(() => {
      isShown.value = true
    })
    expect(element.textContent).toBe('signed-out undefined')
    await change(() => client.signIn({ access_token: 'token', expires_in: 60 }))
    expect(element.textContent).toBe('signed-in undefined')
    expect(setups).toBe(1)
    expect(live()).toBe(3)
    app.unmount()
    expect(live()).toBe(0)
  })
})

describe('on a server', () => {
  const Everything = (): unknown => h('main', [h(Page), h(Status), h(Subject)])
  const RENDERED = '<main><!--[--><!--[--><p>wait</p><!--]--><!--]--><p>unknown</p><b>nobody</b></main>'

  async function renderOnServer(client: AuthClient): Promise<string> {
    vi.stubGlobal('document', undefined)
    const html = await renderToString(createSSRApp(Everything).use(createAuth(client)))
    vi.unstubAllGlobals()
    return html
  }

  test('the page is rendered as unknown, without a request, a subscription or a warning', async () => {
    const auth = await open({ status: 'unknown' })
    const { client, live } = watched(auth.client)
    expect(await renderOnServer(client)).toBe(RENDERED)
    expect(auth.refreshes).toBe(0)
    expect(live()).toBe(0)
  })

  test('what was rendered is hydrated without a mismatch, even by a client that knows more', async () => {
    const { client } = await open({ claims: { sub: 'alice' } })
    const container = document.body.appendChild(document.createElement('div'))
    container.innerHTML = await renderOnServer(client)
    const bold = container.querySelector('b')
    const app = createSSRApp(Everything).use(createAuth(client))
    app.mount(container)
    await nextTick()
    expect(container.textContent).toBe('welcomesigned-inalice')
    expect(container.querySelector('b')).toBe(bold)
    app.unmount()
    container.remove()
  })

  test('a component that comes after the hydration never shows itself as unknown', async () => {
    const { client } = await open()
    const isShown = ref(false)
    const seen: string[] = []
    const Late = defineComponent(() => {
      const { status } = useAuth()
      return () => {
        seen.push(status.value)
        return status.value
      }
    })
    const container = document.body.appendChild(document.createElement('div'))
    container.innerHTML = '<main></main>'
    const app = createSSRApp(() => h('main', isShown.value ? h(Late) : undefined)).use(createAuth(client))
    app.mount(container)
    await change(() => {
      isShown.value = true
    })
    expect(seen).toEqual(['signed-in'])
    app.unmount()
    container.remove()
  })
})

describe('the login by redirect', () => {
  /** A sign-in by redirect that a test holds in its hand. */
  function createFakeLogin(): {
    readonly login: Login
    readonly finish: Mock<Login['finish']>
    readonly start: Mock<Login['start']>
  } {
    const finish = vi.fn<Login['finish']>(async () => undefined)
    const start = vi.fn<Login['start']>(async () => {})
    return { login: { finish, start, endSessionUrl: async () => '' }, finish, start }
  }

  const createCallback = (login: Login, onFinish: (returnTo?: string) => unknown): Component =>
    defineComponent(() => {
      const { error, start } = useLogin(login, onFinish)
      return () => h('button', { onClick: () => start({ returnTo: '/again' }) }, error.value?.message ?? 'wait')
    })

  test.each([['/orders'], [undefined]])('calls back once with %s', async (returnTo) => {
    const { login, finish } = createFakeLogin()
    finish.mockResolvedValue(returnTo)
    const onFinish = vi.fn()
    render(createCallback(login, onFinish))
    await drain()
    expect(onFinish.mock.calls).toEqual([[returnTo]])
    expect(finish).toHaveBeenCalledTimes(1)
  })

  test('calls nobody back who is gone', async () => {
    const { login, finish } = createFakeLogin()
    finish.mockResolvedValue('/orders')
    const onFinish = vi.fn()
    render(createCallback(login, onFinish))
    cleanup()
    await drain()
    expect(onFinish).not.toHaveBeenCalled()
  })

  test('shows why it failed, and why it cannot start', async () => {
    const { login, finish, start } = createFakeLogin()
    finish.mockRejectedValue(new LoginError('access_denied'))
    render(createCallback(login, () => {}))
    await screen.findByText('the sign-in has failed: access_denied')
    start.mockRejectedValue(new LoginError('network'))
    screen.getByRole('button').click()
    await screen.findByText('the sign-in has failed: network')
    expect(start.mock.calls).toEqual([[{ returnTo: '/again' }]])
  })

  test('does nothing on a server', async () => {
    const { login, finish } = createFakeLogin()
    expect(await renderToString(createSSRApp(createCallback(login, () => {})))).toContain('wait')
    expect(finish).not.toHaveBeenCalled()
  })
})

describe('the panel for development', () => {
  const panels = (): Element[] => [...document.querySelectorAll('authfetch-devtools')]
  const appear = (): Promise<void> => vi.waitFor(() => expect(panels()).not.toEqual([]), 50_000)
  /** The panel would be there by now: its module has been loaded, and whoever waits for it has been told. */
  async function loaded(): Promise<void> {
    await import('authfetch/devtools')
    await drain()
  }

  test('comes once, shows the client of the app, goes, and comes again', async () => {
    const { client } = await open()
    const isShown = ref(true)
    const { app } = mount(() => (isShown.value ? h(AuthDevtools, { open: true }) : null), client)
    await appear()
    await loaded()
    expect(panels()).toHaveLength(1)
    expect(panels()[0]?.shadowRoot?.textContent).toContain('signed in')
    await change(() => {
      isShown.value = false
    })
    expect(panels()).toEqual([])
    await change(() => {
      isShown.value = true
    })
    await appear()
    app.unmount()
    expect(panels()).toEqual([])
  })

  test('never comes to whoever is gone before it is loaded', async () => {
    const { client } = await open()
    mount(AuthDevtools, client).app.unmount()
    await loaded()
    expect(panels()).toEqual([])
  })

  test('has the colours that are asked for, and those of another render', async () => {
    const { client } = await open()
    const theme = ref<'light' | 'dark'>('dark')
    const { app } = mount(() => h(AuthDevtools, { theme: theme.value }), client)
    await appear()
    expect(panels()[0]?.getAttribute('theme')).toBe('dark')
    await change(() => {
      theme.value = 'light'
    })
    await appear()
    expect(panels().map((panel) => panel.getAttribute('theme'))).toEqual(['light'])
    app.unmount()
  })

  test('says on the console why it cannot be shown, and harms no page', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { client, dispose } = await open()
    dispose()
    const { app, element } = mount(() => [h('p', 'page'), h(AuthDevtools)], client)
    await vi.waitFor(() => expect(errors).toHaveBeenCalled(), 50_000)
    expect(errors.mock.calls).toEqual([[expect.stringContaining('cannot be shown'), expect.any(TypeError)]])
    expect(element.textContent).toBe('page')
    expect(panels()).toEqual([])
    app.unmount()
  })

  test('is nothing on a server', async () => {
    const { client } = await open()
    vi.stubGlobal('document', undefined)
    const html = await renderToString(createSSRApp(() => h('main', h(AuthDevtools))).use(createAuth(client)))
    vi.unstubAllGlobals()
    expect(html).toBe('<main><!----></main>')
    await loaded()
    expect(panels()).toEqual([])
  })
})
