// A page with a client and its panel, before the demo's server.

import { cookieRefresh, cookieSignOut, createAuthClient } from 'authfetch'
import { createRecorder, defineDevtools, devtoolsPlugin, mountDevtools } from 'authfetch/devtools'
import { logIn } from '../../../demo/session.ts'

const auth = createAuthClient({ refresh: cookieRefresh('/auth/refresh'), onSignOut: cookieSignOut('/auth/sign-out') })
const recorder = createRecorder(auth, { survivesReload: true })
const log = (): Promise<void> => auth.signIn(() => logIn('alice', 'cookie'))
Object.assign(window, { auth, recorder, logIn: log, mountDevtools, defineDevtools, devtoolsPlugin })

void auth.restore().then(() => {
  const { searchParams } = new URL(location.href)
  const theme = (searchParams.get('theme') ?? undefined) as 'light' | 'dark' | undefined
  if (searchParams.has('element')) {
    defineDevtools(auth)
    document.body.append(document.createElement('authfetch-devtools'))
  } else if (searchParams.has('plugin')) {
    const place = document.body.appendChild(document.createElement('section'))
    devtoolsPlugin(auth).render(place, theme ?? 'light')
  } else if (!searchParams.has('bare')) {
    const unmount = mountDevtools(auth, { open: searchParams.has('open'), ...(theme && { theme }) })
    Object.assign(window, { unmount })
  }
  document.body.dataset.ready = 'true'
})
