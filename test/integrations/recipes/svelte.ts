import type { AuthState } from 'authfetch'
import { readable } from 'svelte/store'
import { auth } from './auth.ts'

/** `$authState.status` in a component. */
export const authState = readable<AuthState>(auth.getState(), (set) => {
  set(auth.getState())
  return auth.subscribe(() => set(auth.getState()))
})

void auth.restore()
