// A page with TanStack Devtools, whose only plug-in is the panel of a client.

import { TanStackDevtoolsCore } from '@tanstack/devtools'
import { devtoolsPlugin } from 'authfetch/devtools'
import { createTestAuth } from 'authfetch/testing'

const theme = new URL(location.href).searchParams.get('theme') as 'light' | 'dark'
void createTestAuth().then(({ client }) => {
  const devtools = new TanStackDevtoolsCore({
    plugins: [devtoolsPlugin(client)],
    config: { theme, defaultOpen: true },
  })
  devtools.mount(document.body.appendChild(document.createElement('div')))
  Object.assign(window, { devtools })
})
