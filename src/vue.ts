/** Vue 3: a plugin that holds the state of the client in refs, one for all components of an app. */

import type { JwtPayload } from 'jwt-decode'
import {
  type ComponentPublicInstance,
  type ComputedRef,
  computed,
  defineComponent,
  getCurrentInstance,
  type InjectionKey,
  inject,
  onMounted,
  onUnmounted,
  type Plugin,
  type ShallowRef,
  shallowRef,
  type VNode,
  watchEffect,
} from 'vue'
import type { AuthClient, GetClaimsOptions } from './auth-client.ts'
import type { AuthFetch } from './auth-fetch.ts'
import type { AuthState } from './core/protocol/view.ts'
import { type AuthDevtoolsProps, loadDevtools } from './devtools/load.ts'
import type { Login } from './login.ts'

export type { AuthDevtoolsProps } from './devtools/load.ts'

/** The state of the session as refs, and what changes it. */
export interface Auth extends Pick<AuthClient, 'signIn' | 'signOut'> {
  /** The state; `unknown` on a server, and until what it rendered is hydrated. */
  readonly state: ComputedRef<AuthState>
  /** The status in it. */
  readonly status: ComputedRef<AuthState['status']>
}

/** What a component needs to sign in by redirect. */
export interface LoginControls extends Pick<Login, 'start'> {
  /** Why the last sign-in has failed, or could not be started. */
  readonly error: Readonly<ShallowRef<Error | undefined>>
}

interface Store {
  readonly client: AuthClient
  readonly state: ShallowRef<AuthState>
  readonly status: ShallowRef<AuthState['status']>
  readonly isReady: ShallowRef<boolean>
  /** One ref for each audience, which all components share. */
  claimsOf(options: GetClaimsOptions | undefined): ShallowRef<object | undefined>
}

const STORE: InjectionKey<Store> = Symbol('authfetch')

// A page is hydrated as it was rendered, and a server knows of no session.
const UNKNOWN: AuthState = Object.freeze<AuthState>({
  status: 'unknown',
  refreshing: false,
  failure: undefined,
  degraded: [],
})

/** Makes the plugin, `app.use(createAuth(client))`: it finds the session again, and never disposes of the client. */
export function createAuth(client: AuthClient): Plugin {
  return {
    install(app) {
      const state = shallowRef(UNKNOWN)
      // Before Vue 3.4, a computed status would render again with each change of the state.
      const status = shallowRef(UNKNOWN.status)
      const isReady = shallowRef(false)
      const claims = new Map<string | undefined, ShallowRef<object | undefined>>()
      const isServer = typeof document === 'undefined'
      const claimsOf: Store['claimsOf'] = (options) => {
        const given = client.getClaims(options)
        const known = claims.get(options?.audience)
        if (known) return known
        const made = shallowRef(isServer ? undefined : given)
        claims.set(options?.audience, made)
        return made
      }
      app.provide(STORE, { client, state, status, isReady, claimsOf })
      // An app on a server is never unmounted, so it must not subscribe.
      if (isServer) return
      const update = (): void => {
        state.value = client.getState()
        status.value = state.value.status
        isReady.value = state.value.status === 'signed-in' && state.value.ready
        for (const [audience, one] of claims) one.value = client.getClaims(audience === undefined ? {} : { audience })
      }
      // New claims need not change the state: a server may hand out another token with the same expiry.
      const restore = (): void =>
        void client.restore().catch(() => {
          // Disposed of meanwhile, by a hot update.
        })
      const subscriptions = [
        client.subscribe(update),
        client.on('signed-in', () => {
          update()
          // The token of a session that began in another tab, should that tab be gone.
          restore()
        }),
        client.on('refreshed', update),
      ]
      const { unmount } = app
      app.unmount = () => {
        for (const unsubscribe of subscriptions) unsubscribe()
        unmount()
      }
      update()
      restore()
    },
  }
}

function useStore(): Store {
  const store = inject(STORE, undefined)
  if (!store) throw new Error('no auth client: call app.use(createAuth(client))')
  return store
}

/** What the server rendered, until a component that is being hydrated is mounted; then what `read` gives. */
function hydrated<Value, Rendered>(read: () => Value, rendered: Rendered): ComputedRef<Value | Rendered> {
  const instance = getCurrentInstance()
  const isMounted = shallowRef(!instance?.vnode.el)
  if (!isMounted.value) {
    onMounted(() => {
      isMounted.value = true
    })
  }
  return computed(() => (isMounted.value ? read() : rendered))
}

/**
 * The client of the app.
 *
 * @throws Error when the plugin is missing
 */
export function useAuthClient(): AuthClient {
  return useStore().client
}

/** The state of the session with `signIn` and `signOut`. */
export function useAuth(): Auth {
  const { client, state, status } = useStore()
  return {
    state: hydrated(() => state.value, UNKNOWN),
    status: hydrated(() => status.value, UNKNOWN.status),
    signIn: client.signIn,
    signOut: client.signOut,
  }
}

/** `fetch` with the access token. */
export function useAuthFetch(): AuthFetch {
  return useAuthClient().authFetch
}

/**
 * The claim set of the access token, unverified; undefined for opaque tokens, and for an audience until its first token
 * has come.
 *
 * @throws TypeError when there is no such audience
 */
export function useClaims<Claims extends object = JwtPayload>(
  options?: GetClaimsOptions,
): ComputedRef<Claims | undefined> {
  const claims = useStore().claimsOf(options)
  return hydrated(() => claims.value as Claims | undefined, undefined)
}

/**
 * Finishes a sign-in by redirect when the component is mounted, and calls back with where the user wants to go:
 * undefined when this page is no answer to a sign-in. Its `start` never rejects: `error` tells.
 */
export function useLogin(login: Login, onFinish: (returnTo: string | undefined) => unknown): LoginControls {
  const error = shallowRef<Error>()
  let isMounted = true
  const fail = (reason: Error): void => {
    error.value = reason
  }
  onMounted(() => void login.finish().then((returnTo) => isMounted && onFinish(returnTo), fail))
  onUnmounted(() => {
    isMounted = false
  })
  return { error, start: (options) => login.start(options).catch(fail) }
}

/** What `AuthGate` shows. */
export type AuthGateSlots = {
  readonly default?: () => VNode[]
  /** Shown while nobody can tell whether somebody is signed in, until the token has come, and on the server. */
  readonly unknown?: () => VNode[]
  readonly 'signed-out'?: () => VNode[]
}

/**
 * Shows its default slot to whoever is signed in, once the token is here, and the slots `unknown` and `signed-out`
 * otherwise.
 */
export const AuthGate: new () => Omit<ComponentPublicInstance, '$slots'> & { readonly $slots: AuthGateSlots } =
  /* @__PURE__ */ defineComponent((_, { slots }) => {
    const { status, isReady } = useStore()
    const shown = hydrated(
      () => (isReady.value ? 'default' : status.value === 'signed-out' ? status.value : 'unknown'),
      'unknown' as const,
    )
    return () => slots[shown.value]?.({})
  }) as never

/**
 * Shows the panel of `authfetch/devtools` while it is mounted, and loads it only then:
 * `const Devtools = import.meta.env.DEV ? AuthDevtools : undefined` with `<component :is="Devtools" />` leaves nothing of
 * it in a production build.
 */
export const AuthDevtools: new () => Omit<ComponentPublicInstance, '$props'> & { readonly $props: AuthDevtoolsProps } =
  /* @__PURE__ */ defineComponent(
    (props: AuthDevtoolsProps) => {
      const { client } = useStore()
      // The effect ends with the component, and begins on no server.
      onMounted(() => watchEffect((onCleanup) => onCleanup(loadDevtools(client, props))))
      return () => null
    },
    { props: { open: Boolean, theme: String } as never },
  ) as never
