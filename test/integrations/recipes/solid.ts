import { createSignal, onCleanup } from 'solid-js'
import { auth } from './auth.ts'

/** In a component: `<Show when={state().status === 'signed-in'}>`. */
export function useAuthState() {
  const [state, setState] = createSignal(auth.getState())
  onCleanup(auth.subscribe(() => setState(auth.getState())))
  return state
}

void auth.restore()
