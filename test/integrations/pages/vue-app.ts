// The Vue application of the pages, on the server and in the browser.

import type { TokenResponse } from 'authfetch'
import { AuthGate, useAuth, useAuthFetch, useClaims } from 'authfetch/vue'
import { type Component, defineComponent, h, KeepAlive, ref } from 'vue'

const Account = defineComponent(() => {
  const { signOut } = useAuth()
  const authFetch = useAuthFetch()
  const claims = useClaims()
  const status = ref<number>()
  const call = async (): Promise<void> => {
    status.value = (await authFetch('/api/me')).status
  }
  return () =>
    h('main', [
      h('p', claims.value?.sub),
      h('output', status.value),
      h('button', { id: 'call', onClick: call }, 'call'),
      h('button', { id: 'sign-out', onClick: signOut }, 'log out'),
    ])
})

export const createPage = (logIn: () => Promise<TokenResponse>): Component =>
  defineComponent(() => {
    const { signIn } = useAuth()
    return () =>
      h(AuthGate, null, {
        default: () => h(KeepAlive, () => h(Account)),
        unknown: () => h('p', 'wait'),
        'signed-out': () => h('button', { onClick: () => signIn(logIn) }, 'log in'),
      })
  })
