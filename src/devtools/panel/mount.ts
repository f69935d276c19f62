/** Mounting the panel: in a corner of the page, as an element, or as a plug-in of TanStack Devtools. */

import type { AuthClient } from '../../auth-client.ts'
import { check, checkNames } from '../../core/errors.ts'
import { insides } from '../../insides.ts'
import { ownMembers } from '../../refresh/request.ts'
import { createRecorder } from '../recorder.ts'
import { drawPanel } from './panel.ts'

/** Where and how the panel is shown. */
export interface DevtoolsOptions {
  /**
   * What the panel is appended to.
   *
   * @default document.body, in the corner of the window
   */
  readonly target?: HTMLElement
  /**
   * Whether it is open at first.
   *
   * @default false
   */
  readonly open?: boolean
  /**
   * Whether it stands where it is put, always open, instead of in the corner.
   *
   * @default false
   */
  readonly inline?: boolean
  /**
   * The colours.
   *
   * @default those that the system prefers
   */
  readonly theme?: 'light' | 'dark'
}

/** A plug-in of TanStack Devtools. */
export interface DevtoolsPlugin {
  /** Names the plug-in. */
  readonly id: string
  /** The title of its tab. */
  readonly name: string
  /**
   * Shows the panel in an element of the devtools; called again when the theme changes, and with other properties that
   * are no concern of the panel. Old versions give the theme alone.
   */
  render(element: HTMLElement, props: 'light' | 'dark' | { readonly theme: 'light' | 'dark' }): void
  /** Removes the panel. */
  destroy(): void
}

const TAG = 'authfetch-devtools'
/** The clients that elements in the page may show, by name. */
const named = new Map<string, AuthClient>()

interface PanelElement extends HTMLElement {
  client: AuthClient | undefined
}

/** Defined when it is first needed: on a server there is no HTMLElement. */
function defineElement(): void {
  if (customElements.get(TAG)) return
  customElements.define(
    TAG,
    class extends HTMLElement implements PanelElement {
      client: AuthClient | undefined
      #remove: (() => void) | undefined

      connectedCallback(): void {
        const name = this.getAttribute('name')
        const auth = this.client ?? (name === null ? [...named.values()].at(-1) : named.get(name))
        if (!auth || this.#remove) return
        const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
        const isInline = this.hasAttribute('inline')
        this.#remove = drawPanel(root, { auth, isInline, isOpen: this.hasAttribute('open') })
      }

      disconnectedCallback(): void {
        this.#remove?.()
        this.#remove = undefined
      }
    },
  )
}

/**
 * Shows the panel of a client, for development; returns the function that removes it.
 *
 * @throws TypeError when `auth` is no living client of this copy of the library, or an option is at fault
 */
export function mountDevtools(auth: AuthClient, options: DevtoolsOptions = {}): () => void {
  const element = appendPanel(auth, options)
  return () => element.remove()
}

function appendPanel(auth: AuthClient, options: DevtoolsOptions): HTMLElement {
  const { target = document.body, open = false, inline = false, theme, ...unknown } = ownMembers(options)
  checkNames(unknown)
  check(target instanceof HTMLElement, 'target', 'an element')
  check(theme === undefined || theme === 'light' || theme === 'dark', 'theme', "'light' or 'dark'")
  createRecorder(auth)
  defineElement()
  const element = document.createElement(TAG) as PanelElement
  element.client = auth
  element.toggleAttribute('open', open)
  element.toggleAttribute('inline', inline)
  if (theme) element.setAttribute('theme', theme)
  target.append(element)
  return element
}

/**
 * Makes `<authfetch-devtools>` show a client, and records it from now on. With several clients, the element's attribute
 * `name` chooses; it knows the attributes `open`, `inline` and `theme` too.
 *
 * @throws TypeError when `auth` is no living client of this copy of the library
 */
export function defineDevtools(auth: AuthClient): void {
  createRecorder(auth)
  const name = insides.get(auth)?.checked.name ?? ''
  named.delete(name)
  named.set(name, auth)
  defineElement()
}

/** Makes a plug-in for TanStack Devtools. */
export function devtoolsPlugin(auth: AuthClient): DevtoolsPlugin {
  let panel: HTMLElement | undefined
  const destroy = (): void => {
    panel?.remove()
    panel = undefined
  }
  return {
    id: 'authfetch',
    name: 'authfetch',
    render(element, props) {
      const theme = typeof props === 'string' ? props : props.theme
      // The panel that is there goes on: the devtools call this too when they are opened and closed.
      if (panel?.parentNode === element) panel.setAttribute('theme', theme)
      else {
        destroy()
        panel = appendPanel(auth, { target: element, inline: true, theme })
      }
    },
    destroy,
  }
}
