// What the tests use of Testing Library, whose own module is bound to the Vue at the root.

import { configure, screen } from '@testing-library/dom'
import { type App, type Component, createApp, type Plugin } from 'vue'

export { configure, screen }

const apps: App[] = []

export interface RenderOptions {
  readonly global?: { readonly plugins?: readonly Plugin[] }
}

export function render(component: Component, { global = {} }: RenderOptions = {}): void {
  const app = createApp(component)
  for (const plugin of global.plugins ?? []) app.use(plugin)
  apps.push(app)
  app.mount(document.body.appendChild(document.createElement('div')))
}

export function cleanup(): void {
  for (const app of apps.splice(0)) if (app._instance) app.unmount()
  document.body.replaceChildren()
}
