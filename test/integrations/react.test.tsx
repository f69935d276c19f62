// @vitest-environment happy-dom
// `authfetch/react`, in React 19 and again in React 18.

import { act, cleanup, configure, render, screen } from '@testing-library/react'
import { type AuthClient, type AuthState, responseTokens } from 'authfetch'
import { audiences } from 'authfetch/audiences'
import { type Login, LoginError } from 'authfetch/login'
import {
  AuthDevtools,
  AuthGate,
  AuthProvider,
  useAuth,
  useAuthClient,
  useAuthFetch,
  useClaims,
  useLogin,
} from 'authfetch/react'
import { createTestAuth, type TestAuth, type TestAuthOptions } from 'authfetch/testing'
import {
  Component,
  Profiler,
  type ReactElement,
  type ReactNode,
  StrictMode,
  startTransition,
  useState,
  version,
} from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, type Mock, type MockInstance, test, vi } from 'vitest'

// For machines that are slow.
configure({ asyncUtilTimeout: 50_000 })

const opened: TestAuth[] = []
let errors: MockInstance

async function open(options?: TestAuthOptions): Promise<TestAuth> {
  const auth = await createTestAuth(options)
  opened.push(auth)
  return auth
}

beforeEach(() => {
  errors = vi.spyOn(console, 'error')
})

afterEach(() => {
  cleanup()
  for (const auth of opened.splice(0)) auth.dispose()
  // React reports here what it thinks of hydration, hooks and updates outside `act`.
  expect(errors.mock.calls).toEqual([])
  vi.restoreAllMocks()
})

/** The same client, whose subscriptions are counted. */
function watched(client: AuthClient): { readonly client: AuthClient; live(): number; made(): number } {
  let live = 0
  let made = 0
  const count = (unsubscribe: () => void): (() => void) => {
    live++
    made++
    return () => {
      live--
      unsubscribe()
    }
  }
  const subscribe: AuthClient['subscribe'] = (listener) => count(client.subscribe(listener))
  const on: AuthClient['on'] = (name, listener) => count(client.on(name, listener))
  return { client: { ...client, subscribe, on }, live: () => live, made: () => made }
}

function Page(): ReactElement {
  return (
    <AuthGate unknown={<p>wait</p>} signedOut={<p>log in</p>}>
      <p>welcome</p>
    </AuthGate>
  )
}

function Status(): ReactElement {
  return <p>{useAuth().status}</p>
}

const text = (): string => document.body.textContent ?? ''

test('this is the React that is meant', () => {
  expect(version).toMatch(new RegExp(`^${process.env.REACT ?? '19'}\\.`))
})

describe('the gate', () => {
  test('shows a spinner, then the page, then the login', async () => {
    const { client } = await open({ status: 'unknown' })
    render(<Page />, { wrapper: ({ children }) => <AuthProvider client={client}>{children}</AuthProvider> })
    expect(text()).toBe('wait')
    await screen.findByText('welcome')
    await act(() => client.signOut())
    expect(text()).toBe('log in')
  })

  test('shows nothing unless told, until somebody is signed in', async () => {
    const { client } = await open({ status: 'signed-out' })
    const { container } = render(
      <AuthProvider client={client}>
        <AuthGate>welcome</AuthGate>
      </AuthProvider>,
    )
    expect(container.innerHTML).toBe('')
    await act(() => client.signIn({ access_token: 'token', expires_in: 60 }))
    expect(container.innerHTML).toBe('welcome')
  })

  test('waits for the token of whoever is signed in, so that what it shows can go by the claims', async () => {
    const { client, advance } = await open({ ready: false, latency: 1_000 })
    expect(client.getState().status).toBe('signed-in')
    render(<Page />, { wrapper: ({ children }) => <AuthProvider client={client}>{children}</AuthProvider> })
    expect(text()).toBe('wait')
    await act(() => advance(2_000))
    expect(text()).toBe('welcome')
    expect(client.getClaims()).toMatchObject({ sub: 'test-user' })
  })

  test('goes on showing the spinner while nobody can tell', async () => {
    const { client, failNextRefresh, advance } = await open({ status: 'unknown' })
    failNextRefresh(new TypeError('Failed to fetch'))
    render(<Page />, { wrapper: ({ children }) => <AuthProvider client={client}>{children}</AuthProvider> })
    await act(() => advance(0))
    expect(text()).toBe('wait')
    await act(() => advance(60_000))
    expect(text()).toBe('welcome')
  })
})

describe('hooks', () => {
  test('give the state, what changes it, and a fetch that needs no this', async () => {
    const { client } = await open({ status: 'signed-out', reason: 'rejected', fetch: async () => new Response('ok') })
    let auth: ReturnType<typeof useAuth> | undefined
    let authFetch: ReturnType<typeof useAuthFetch> | undefined
    function Child(): null {
      auth = useAuth()
      authFetch = useAuthFetch()
      expect(useAuthClient()).toBe(client)
      return null
    }
    render(
      <AuthProvider client={client}>
        <Child />
      </AuthProvider>,
    )
    expect(auth).toMatchObject({ status: 'signed-out', reason: 'rejected' })
    await act(() => auth?.signIn({ access_token: 'token', expires_in: 60 }))
    expect(auth).toMatchObject({ status: 'signed-in', refreshing: false })
    expect(await (await authFetch?.('https://api.example'))?.text()).toBe('ok')
    await act(() => auth?.signOut())
    expect(auth).toMatchObject({ status: 'signed-out', reason: 'requested' })
  })

  test('give the claims, and those of each new token', async () => {
    interface Claims {
      readonly sub: string
      readonly jti: string
    }
    const { client } = await open({ claims: { sub: 'alice' } })
    function Child(): ReactElement {
      const claims = useClaims<Claims>()
      return <p>{claims ? `${claims.sub} ${claims.jti}` : 'nobody'}</p>
    }
    render(
      <AuthProvider client={client}>
        <Child />
      </AuthProvider>,
    )
    expect(text()).toBe('alice token-1')
    await act(() => client.getAccessToken({ forceRefresh: true }))
    expect(text()).toBe('alice token-2')
    await act(() => client.signOut())
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
      function Child(): ReactElement {
        return <p>{useClaims<{ readonly name: string }>()?.name}</p>
      }
      await client.signIn({ access_token: token('alice') })
      render(
        <AuthProvider client={client}>
          <Child />
        </AuthProvider>,
      )
      const state = client.getState()
      await act<unknown>(() =>
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
    function Graph(): ReactElement {
      // A new object at each render, as everybody writes it.
      const claims = useClaims({ audience: 'graph' })
      return <b>{claims ? `${claims.sub} ${claims.jti}` : 'none'}</b>
    }

    test('give its claims, and those of each new token', async () => {
      const { client } = await open(options())
      let renders = 0
      render(
        <AuthProvider client={client}>
          <Profiler id="graph" onRender={() => renders++}>
            <Graph />
          </Profiler>
        </AuthProvider>,
      )
      expect(text()).toBe('none')
      const state = client.getState()
      await act(() => client.getAccessToken({ audience: 'graph' }))
      expect(text()).toBe('for graph token-2')
      await act(() => client.getAccessToken({ audience: 'graph', forceRefresh: true }))
      expect(text()).toBe('for graph token-3')
      expect(client.getState()).toBe(state)
      expect(renders).toBe(3)
      await act(() => client.getAccessToken({ audience: 'billing' }))
      await act(() => client.getAccessToken({ forceRefresh: true }))
      expect(renders).toBe(3)
      await act(() => client.signOut())
      expect(text()).toBe('none')
    })

    test('that another tab has got are given too', async () => {
      const auth = await open(options())
      const other = auth.openTab()
      await other.restore()
      render(
        <AuthProvider client={auth.client}>
          <Graph />
        </AuthProvider>,
      )
      await act(() => other.getAccessToken({ audience: 'graph' }))
      await act(() => auth.advance(0))
      expect(text()).toBe('for graph token-2')
    })

    test('change with the name, over the same subscriptions', async () => {
      const { client: real } = await open(options())
      const { client, made, live } = watched(real)
      await client.getAccessToken({ audience: 'graph' })
      function Claims({ audience }: { readonly audience: string | undefined }): ReactElement {
        return <b>{useClaims(audience === undefined ? undefined : { audience })?.sub ?? 'none'}</b>
      }
      const tree = (audience?: string): ReactElement => (
        <AuthProvider client={client}>
          <Claims audience={audience} />
        </AuthProvider>
      )
      const { rerender } = render(tree('graph'))
      const before = made()
      expect(text()).toBe('for graph')
      rerender(tree('billing'))
      expect(text()).toBe('none')
      rerender(tree())
      expect(text()).toBe('for the session')
      rerender(tree('graph'))
      expect(text()).toBe('for graph')
      expect(made()).toBe(before)
      cleanup()
      expect(live()).toBe(0)
    })

    test('that there is not are an error of the component, which a boundary can show', async () => {
      errors.mockImplementation(() => {})
      class Boundary extends Component<{ readonly children: ReactNode }> {
        override readonly state: { readonly error?: Error } = {}
        static getDerivedStateFromError = (error: Error) => ({ error })
        override render(): ReactNode {
          const { error } = this.state
          return error ? `${error.name}: ${error.message}` : this.props.children
        }
      }
      function Wrong(): ReactElement {
        return <b>{useClaims({ audience: 'grpah' })?.sub}</b>
      }
      for (const one of [options(), {}]) {
        const { client } = await open(one)
        render(
          <AuthProvider client={client}>
            <Boundary>
              <Wrong />
            </Boundary>
          </AuthProvider>,
        )
        expect(text()).toBe('TypeError: "audience" must be one of "audiences"')
        cleanup()
      }
      errors.mockClear()
    })

    test('are none on a server', async () => {
      const { client } = await open(options())
      await client.getAccessToken({ audience: 'graph' })
      const html = renderToString(
        <AuthProvider client={client}>
          <Graph />
        </AuthProvider>,
      )
      expect(html).toBe('<b>none</b>')
    })
  })

  test('name what is missing when there is no provider', () => {
    errors.mockImplementation(() => {})
    expect(() => render(<Status />)).toThrow('wrap the app in <AuthProvider client={client}>')
    errors.mockClear()
  })
})

describe('renders', () => {
  /** Counts the renders of three components with a hook each. */
  function Counted({ counts }: { readonly counts: Record<string, number> }): ReactElement {
    const count = (name: string) => () => {
      counts[name] = (counts[name] ?? 0) + 1
    }
    return (
      <>
        <Profiler id="auth" onRender={count('auth')}>
          <Status />
        </Profiler>
        <Profiler id="claims" onRender={count('claims')}>
          <Claims />
        </Profiler>
        <Profiler id="fetch" onRender={count('fetch')}>
          <Fetch />
        </Profiler>
        <Profiler id="page" onRender={count('page')}>
          <AuthGate>
            <Profiler id="inside" onRender={count('inside')}>
              <Fetch />
            </Profiler>
          </AuthGate>
        </Profiler>
      </>
    )
  }
  function Claims(): ReactElement {
    return <p>{useClaims()?.jti}</p>
  }
  function Fetch(): ReactElement {
    return <p>{typeof useAuthFetch()}</p>
  }

  test('come only with a change of what the hook gives', async () => {
    const { client, advance, failNextRefresh } = await open()
    const counts: Record<string, number> = {}
    render(
      <AuthProvider client={client}>
        <Counted counts={counts} />
      </AuthProvider>,
    )
    const before = { ...counts }
    expect(before).toEqual({ auth: 1, claims: 1, fetch: 1, page: 1, inside: 1 })
    await act(() => client.getAccessToken())
    await act(() => client.restore())
    await act(() => advance(60_000))
    expect(counts).toEqual(before)

    failNextRefresh()
    await act(() => client.getAccessToken({ forceRefresh: true }).catch(() => {}))
    expect(counts.claims).toBe(1)
    await act(() => advance(60_000))
    expect(client.getClaims()?.jti).toBe('token-2')
    expect(counts).toMatchObject({ claims: 2, fetch: 1, inside: 1 })
  })

  test('of a parent leave the object of useAuth and the subscriptions the same', async () => {
    const { client, made } = watched((await open()).client)
    const seen = new Set<unknown>()
    function Child(): null {
      seen.add(useAuth())
      useClaims()
      return null
    }
    const tree = (key: string): ReactElement => (
      <AuthProvider client={client}>
        <p>{key}</p>
        <Child />
      </AuthProvider>
    )
    const { rerender } = render(tree('one'))
    rerender(tree('two'))
    rerender(tree('three'))
    expect(seen.size).toBe(1)
    expect(made()).toBe(5)
  })

  test('that are interrupted show one state throughout', async () => {
    const { client: real } = await open()
    const listeners = new Set<() => void>()
    let state = real.getState()
    const client: AuthClient = {
      ...real,
      getState: () => state,
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    const change = (next: AuthState): void => {
      state = next
      for (const listener of listeners) listener()
    }
    let isChanged = false
    const committed: string[] = []
    function Late(): ReactElement {
      const { status } = useAuth()
      // While the tree is rendered, the session ends.
      if (!isChanged) {
        isChanged = true
        state = { status: 'signed-out', reason: 'rejected', wasSignedIn: true, degraded: [] }
      }
      return <i>{status}</i>
    }
    let show = (_: boolean): void => {}
    function App(): ReactElement {
      const [isShown, setShown] = useState(false)
      show = setShown
      return (
        <Profiler id="app" onRender={() => committed.push(document.querySelector('main')?.textContent ?? '')}>
          <main>{isShown && [<Late key="1" />, <Late key="2" />, <Late key="3" />]}</main>
        </Profiler>
      )
    }
    render(
      <AuthProvider client={client}>
        <App />
      </AuthProvider>,
    )
    await act(async () => startTransition(() => show(true)))
    expect(text()).toBe('signed-outsigned-outsigned-out')
    await act(async () => change(real.getState()))
    expect(text()).toBe('signed-insigned-insigned-in')
    expect(committed).not.toContain('signed-insigned-outsigned-out')
  })
})

describe('mounting', () => {
  test('twice, as StrictMode does, asks the server once and leaves one subscription for each hook', async () => {
    const auth = await open({ status: 'unknown' })
    const { client, live } = watched(auth.client)
    const { unmount } = render(
      <StrictMode>
        <AuthProvider client={client}>
          <Page />
          <Status />
        </AuthProvider>
      </StrictMode>,
    )
    await screen.findByText('welcome')
    expect(auth.refreshes).toBe(1)
    expect(live()).toBe(3)
    unmount()
    expect(live()).toBe(0)
  })

  test('and unmounting a hundred times leaves nothing behind, and the client alive', async () => {
    const auth = await open()
    const { client, live } = watched(auth.client)
    function Child(): ReactElement {
      useAuthFetch()
      return (
        <p>
          {useAuth().status} {useClaims()?.sub}
        </p>
      )
    }
    for (let time = 0; time < 100; time++) {
      const { unmount } = render(
        <AuthProvider client={client}>
          <Child />
        </AuthProvider>,
      )
      expect(live()).toBe(5)
      unmount()
      expect(live()).toBe(0)
    }
    expect(await client.getAccessToken()).toBeDefined()
    expect(auth.refreshes).toBe(0)
  })

  test('a component alone ends its own subscription only', async () => {
    const auth = await open()
    const { client, live } = watched(auth.client)
    const tree = (hasStatus: boolean): ReactElement => (
      <AuthProvider client={client}>
        {hasStatus && <Status />}
        <Page />
      </AuthProvider>
    )
    const { rerender } = render(tree(true))
    expect(live()).toBe(3)
    rerender(tree(false))
    expect(live()).toBe(2)
  })

  test('again with the client of before, as a hot update does, shows its state at once', async () => {
    const { client } = await open()
    const tree = (key: string): ReactElement => (
      <AuthProvider key={key} client={client}>
        <Page />
      </AuthProvider>
    )
    const { rerender } = render(tree('one'))
    expect(text()).toBe('welcome')
    rerender(tree('two'))
    expect(text()).toBe('welcome')
  })

  test('another client, as an update of its module makes, is followed, and the first is left', async () => {
    const one = await open()
    const first = watched(one.client)
    const second = watched((await open({ status: 'unknown' })).client)
    const tree = (client: AuthClient): ReactElement => (
      <AuthProvider client={client}>
        <Page />
      </AuthProvider>
    )
    const { rerender } = render(tree(first.client))
    one.dispose()
    rerender(tree(second.client))
    expect(text()).toBe('wait')
    await screen.findByText('welcome')
    expect([first.live(), second.live()]).toEqual([0, 2])
  })

  test('a client that has been disposed of breaks nothing', async () => {
    const { client, dispose } = await open({ status: 'unknown' })
    dispose()
    render(
      <AuthProvider client={client}>
        <Page />
      </AuthProvider>,
    )
    await act(async () => {})
    expect(text()).toBe('wait')
  })
})

describe('on a server', () => {
  const tree = (client: AuthClient): ReactElement => (
    <AuthProvider client={client}>
      <Page />
      <Profile />
    </AuthProvider>
  )
  function Profile(): ReactElement {
    return <b>{useClaims()?.sub ?? 'nobody'}</b>
  }

  test('the page is rendered as unknown, without a request, a subscription or a warning', async () => {
    const auth = await open({ status: 'unknown' })
    const { client, live } = watched(auth.client)
    expect(renderToString(tree(client))).toBe('<p>wait</p><b>nobody</b>')
    expect(auth.refreshes).toBe(0)
    expect(live()).toBe(0)
  })

  test('what was rendered is hydrated without a mismatch, even by a client that knows more', async () => {
    const { client } = await open({ claims: { sub: 'alice' } })
    const container = document.createElement('div')
    document.body.append(container)
    container.innerHTML = renderToString(tree(client))
    expect(container.textContent).toBe('waitnobody')
    const paragraph = container.querySelector('p')
    const recovered = vi.fn()
    const root = await act(async () => hydrateRoot(container, tree(client), { onRecoverableError: recovered }))
    expect(recovered).not.toHaveBeenCalled()
    expect(container.textContent).toBe('welcomealice')
    expect(container.querySelector('p')).toBe(paragraph)
    await act(async () => root.unmount())
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

  function Callback({ login, onFinish }: { login: Login; onFinish: (returnTo?: string) => unknown }): ReactElement {
    const { error, start } = useLogin(login, onFinish)
    return (
      <button type="button" onClick={() => void start({ returnTo: '/again' })}>
        {error?.message ?? 'wait'}
      </button>
    )
  }

  test.each([['/orders'], [undefined]])('calls back once, in StrictMode too, with %s', async (returnTo) => {
    const { login, finish } = createFakeLogin()
    finish.mockResolvedValue(returnTo)
    const onFinish = vi.fn()
    const tree = <Callback login={login} onFinish={onFinish} />
    await act(async () => void render(tree, { wrapper: StrictMode }))
    expect(onFinish.mock.calls).toEqual([[returnTo]])
  })

  test('calls back the newest function, and asks once for all of them', async () => {
    const { login, finish } = createFakeLogin()
    let resolve = (_: string): void => {}
    finish.mockReturnValue(
      new Promise((settle) => {
        resolve = settle
      }),
    )
    const [first, second] = [vi.fn(), vi.fn()]
    const { rerender } = render(<Callback login={login} onFinish={first} />)
    rerender(<Callback login={login} onFinish={second} />)
    await act(async () => resolve('/orders'))
    expect([first.mock.calls, second.mock.calls]).toEqual([[], [['/orders']]])
    expect(finish).toHaveBeenCalledTimes(1)
  })

  test('calls nobody back who is gone', async () => {
    const { login, finish } = createFakeLogin()
    finish.mockResolvedValue('/orders')
    const onFinish = vi.fn()
    const { unmount } = render(<Callback login={login} onFinish={onFinish} />)
    await act(async () => unmount())
    expect(onFinish).not.toHaveBeenCalled()
  })

  test('shows why it failed, and why it cannot start', async () => {
    const { login, finish, start } = createFakeLogin()
    finish.mockRejectedValue(new LoginError('access_denied'))
    await act(async () => void render(<Callback login={login} onFinish={() => {}} />))
    expect(text()).toBe('the sign-in has failed: access_denied')
    start.mockRejectedValue(new LoginError('network'))
    await act(async () => screen.getByRole('button').click())
    expect(text()).toBe('the sign-in has failed: network')
    expect(start.mock.calls).toEqual([[{ returnTo: '/again' }]])
  })

  test('does nothing on a server', () => {
    const { login, finish } = createFakeLogin()
    expect(renderToString(<Callback login={login} onFinish={() => {}} />)).toContain('wait')
    expect(finish).not.toHaveBeenCalled()
  })
})

describe('the panel for development', () => {
  const panels = (): Element[] => [...document.querySelectorAll('authfetch-devtools')]
  const appear = (): Promise<void> => vi.waitFor(() => expect(panels()).not.toEqual([]), 50_000)
  /** The panel would be there by now: its module has been loaded, and whoever waits for it has been told. */
  async function loaded(): Promise<void> {
    await import('authfetch/devtools')
    await act(async () => {})
  }
  const tree = (client: AuthClient, panel: ReactNode): ReactElement => (
    <StrictMode>
      <AuthProvider client={client}>{panel}</AuthProvider>
    </StrictMode>
  )

  test('comes once, in StrictMode too, shows the client of the provider, and goes', async () => {
    const { client } = await open()
    const { rerender, unmount } = render(tree(client, <AuthDevtools open />))
    await appear()
    await loaded()
    expect(panels()).toHaveLength(1)
    const shown = panels()[0]?.shadowRoot?.textContent
    expect(shown).toContain('signed in')
    rerender(tree(client, false))
    expect(panels()).toEqual([])
    rerender(tree(client, <AuthDevtools />))
    await appear()
    unmount()
    expect(panels()).toEqual([])
  })

  test('never comes to whoever is gone before it is loaded', async () => {
    const { client } = await open()
    const { unmount } = render(tree(client, <AuthDevtools />))
    unmount()
    await loaded()
    expect(panels()).toEqual([])
  })

  test('has the colours that are asked for, and those of another render', async () => {
    const { client } = await open()
    const { rerender } = render(tree(client, <AuthDevtools theme="dark" />))
    await appear()
    expect(panels()[0]?.getAttribute('theme')).toBe('dark')
    rerender(tree(client, <AuthDevtools theme="light" />))
    await appear()
    expect(panels().map((panel) => panel.getAttribute('theme'))).toEqual(['light'])
  })

  test('shows another client, as an update of its module makes it', async () => {
    const one = await open()
    const two = await open({ status: 'signed-out' })
    const { rerender } = render(tree(one.client, <AuthDevtools open />))
    await appear()
    one.dispose()
    rerender(tree(two.client, <AuthDevtools open />))
    await appear()
    expect(panels()).toHaveLength(1)
    expect(panels()[0]?.shadowRoot?.textContent).toContain('signed out')
  })

  test('says on the console why it cannot be shown, and harms no page', async () => {
    errors.mockImplementation(() => {})
    const { client, dispose } = await open()
    dispose()
    render(tree(client, <AuthDevtools />))
    await vi.waitFor(() => expect(errors).toHaveBeenCalled(), 50_000)
    expect(errors.mock.calls).toEqual([[expect.stringContaining('cannot be shown'), expect.any(TypeError)]])
    expect(panels()).toEqual([])
    errors.mockClear()
  })

  test('is nothing on a server', async () => {
    const { client } = await open()
    expect(renderToString(tree(client, <AuthDevtools open />))).toBe('')
    await loaded()
    expect(panels()).toEqual([])
  })
})
