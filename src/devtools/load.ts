/** Loading the panel when it is wanted: the part of the framework wrappers that knows no framework. */

import type { AuthClient } from '../auth-client.ts'
import { insides } from '../insides.ts'

/** The properties of `AuthDevtools`. */
export interface AuthDevtoolsProps {
  /**
   * Whether the panel is open at first.
   *
   * @default false
   */
  readonly open?: boolean | undefined
  /**
   * The colours.
   *
   * @default those that the system prefers
   */
  readonly theme?: 'light' | 'dark' | undefined
}

/** Loads the panel and shows it; returns the function that removes it, or has it never come. */
export function loadDevtools(auth: AuthClient, { open = false, theme }: AuthDevtoolsProps): () => void {
  let isWanted = true
  const wasLiving = insides.has(auth)
  let remove: (() => void) | undefined
  import('../devtools.ts')
    .then(({ mountDevtools }) => {
      // A test, or a hot update, may have disposed of the client meanwhile: then there is nothing to show.
      if (wasLiving && !insides.has(auth)) return
      if (isWanted) remove = mountDevtools(auth, { open, ...(theme && { theme }) })
    })
    // What helps a developer must not harm the page.
    .catch((reason) => console.error('authfetch: the panel for development cannot be shown', reason))
  return () => {
    isWanted = false
    remove?.()
  }
}
