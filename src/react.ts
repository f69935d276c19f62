/** React 18 and 19: the client in a context, its state as an external store. It holds no state of its own. */
'use client'

import type { JwtPayload } from 'jwt-decode'
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import type { AuthClient, GetClaimsOptions } from './auth-client.ts'
import type { AuthFetch } from './auth-fetch.ts'
import type { AuthState } from './core/protocol/view.ts'
import { type AuthDevtoolsProps, loadDevtools } from './devtools/load.ts'
import type { Login } from './login.ts'

export type { AuthDevtoolsProps } from './devtools/load.ts'

/** The properties of `AuthProvider`. */
export interface AuthProviderProps {
  /** The client, made outside of any component. */
  readonly client: AuthClient
  /** The components that may use it. */
  readonly children?: ReactNode
}

/** The properties of `AuthGate`. */
export interface AuthGateProps {
  /**
   * Shown while nobody can tell whether somebody is signed in, until the token of whoever is has come, and on the server.
   *
   * @default nothing
   */
  readonly unknown?: ReactNode
  /**
   * Shown while nobody is signed in.
   *
   * @default nothing
   */
  readonly signedOut?: ReactNode
  /** Shown to whoever is signed in, with the claims at hand. */
  readonly children?: ReactNode
}

/** The state of the session, and what changes it. */
export type Auth = AuthState & Pick<AuthClient, 'signIn' | 'signOut'>

/** What a component needs to sign in by redirect. */
export interface LoginControls extends Pick<Login, 'start'> {
  /** Why the last sign-in has failed, or could not be started. */
  readonly error: Error | undefined
}

const ClientContext = createContext<AuthClient | undefined>(undefined)

// A page is hydrated as it was rendered, and a server knows of no session.
const UNKNOWN: AuthState = Object.freeze<AuthState>({
  status: 'unknown',
  refreshing: false,
  failure: undefined,
  degraded: [],
})
const serverState = (): AuthState => UNKNOWN
const serverClaims = (): undefined => undefined

/** Gives the client to all components below, and finds the session again. It never disposes of the client. */
export function AuthProvider({ client, children }: AuthProviderProps): ReactElement {
  useEffect(() => {
    const restore = (): void =>
      void client.restore().catch(() => {
        // Disposed of meanwhile, by a hot update.
      })
    restore()
    // The token of a session that began in another tab, should that tab be gone.
    return client.on('signed-in', restore)
  }, [client])
  return createElement(ClientContext.Provider, { value: client }, children)
}

/**
 * The client of the provider above.
 *
 * @throws Error when there is no provider
 */
export function useAuthClient(): AuthClient {
  const client = useContext(ClientContext)
  if (!client) throw new Error('no auth client: wrap the app in <AuthProvider client={client}>')
  return client
}

/** The state of the session with `signIn` and `signOut`; renders again when the state has changed. */
export function useAuth(): Auth {
  const { subscribe, getState, signIn, signOut } = useAuthClient()
  const state = useSyncExternalStore(subscribe, getState, serverState)
  return useMemo(() => ({ ...state, signIn, signOut }), [state, signIn, signOut])
}

/** `fetch` with the access token. */
export function useAuthFetch(): AuthFetch {
  return useAuthClient().authFetch
}

/**
 * The claim set of the access token, unverified; undefined for opaque tokens, and for an audience until its first token
 * has come. Renders again with each new token.
 *
 * @throws TypeError when there is no such audience
 */
export function useClaims<Claims extends object = JwtPayload>(options?: GetClaimsOptions): Claims | undefined {
  const client = useAuthClient()
  const subscribe = useCallback(
    (listener: () => void) => {
      // New claims need not change the state: a server may hand out another token with the same expiry.
      const subscriptions = [
        client.subscribe(listener),
        client.on('signed-in', listener),
        client.on('refreshed', listener),
      ]
      return () => {
        for (const unsubscribe of subscriptions) unsubscribe()
      }
    },
    [client],
  )
  return useSyncExternalStore(subscribe, () => client.getClaims<Claims>(options), serverClaims)
}

/**
 * Finishes a sign-in by redirect when the component is mounted, once in StrictMode too, and calls back with where the
 * user wants to go: undefined when this page is no answer to a sign-in. Its `start` never rejects: `error` tells.
 */
export function useLogin(login: Login, onFinish: (returnTo: string | undefined) => unknown): LoginControls {
  const [error, setError] = useState<Error>()
  const latest = useRef(onFinish)
  useEffect(() => {
    latest.current = onFinish
  })
  useEffect(() => {
    let isMounted = true
    void login.finish().then(
      (returnTo) => isMounted && latest.current(returnTo),
      (reason) => isMounted && setError(reason),
    )
    return () => {
      isMounted = false
    }
  }, [login])
  const start = useCallback<Login['start']>((options) => login.start(options).catch(setError), [login])
  return { error, start }
}

/** Shows its children to whoever is signed in, once the token is here: what they show may go by its claims. */
export function AuthGate({ unknown, signedOut, children }: AuthGateProps): ReactNode {
  const state = useAuth()
  if (state.status === 'signed-out') return signedOut
  return state.status === 'signed-in' && state.ready ? children : unknown
}

/**
 * Shows the panel of `authfetch/devtools` while it is mounted, and loads it only then:
 * `{import.meta.env.DEV && <AuthDevtools />}` leaves nothing of it in a production build.
 */
export function AuthDevtools({ open, theme }: AuthDevtoolsProps): null {
  const client = useAuthClient()
  useEffect(() => loadDevtools(client, { open, theme }), [client, open, theme])
  return null
}
