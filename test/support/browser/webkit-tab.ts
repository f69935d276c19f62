// One window of a WebKit session. A script never blocks the session: it is started, then asked for its result.

import type { Tab } from './driver.ts'
import { createTab } from './tab.ts'
import type { WebDriverSession } from './webdriver.ts'

export interface WebKitTab extends Tab {
  /** Hides the tab, unless it is frozen. */
  hide(): Promise<void>
}

export interface WebKitTabOptions {
  hideOthers(): Promise<void>
  onGone(): void
}

/** In the page: collects errors from the first run on, starts the expression, keeps its result until the next run. */
const START = `
  const [expression, id, done] = arguments
  const state = (window.__driver ??= (() => {
    const errors = []
    addEventListener('error', (event) => errors.push(String(event.error ?? event.message)))
    addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)))
    const write = console.error
    console.error = (...args) => { errors.push(args.map(String).join(' ')); write.apply(console, args) }
    return { errors, results: {} }
  })())
  state.results[id] = null
  delete state.results[done]
  ;(0, eval)(expression).then((result) => { state.results[id] = result })
  return true`

const FETCH = `
  const state = window.__driver
  const [id] = arguments
  if (!state || !(id in state.results)) return { gone: true }
  const result = state.results[id]
  return { result, errors: state.errors.splice(0) }`

interface Fetched {
  gone?: boolean
  result: string | null
  errors: string[]
}

function retryable(error: unknown): undefined {
  if (!(error instanceof Error && error.name === 'TimeoutError')) throw error
}

export function createWebKitTab(
  session: WebDriverSession,
  handle: string,
  renderer: number | undefined,
  options: WebKitTabOptions,
): WebKitTab {
  const errors: string[] = []
  let runs = 0
  let done = ''
  let isGone = false
  const post = <T>(path: string, body: object = {}, patience?: number) =>
    session.command<T>(handle, 'POST', path, body, patience)

  const run = async (expression: string): Promise<string> => {
    if (isGone) throw new Error('the tab is closed')
    const id = `run-${++runs}`
    await post('/execute/sync', { script: START, args: [expression, id, done] }, 10_000)
    for (;;) {
      // A script that meets a navigation may never be answered; asking again is harmless, starting again is not.
      const fetched = await post<Fetched>('/execute/sync', { script: FETCH, args: [id] }, 1000).catch(retryable)
      if (fetched === undefined) continue
      if (fetched.gone) throw new Error('the page went away before its script had a result')
      errors.push(...fetched.errors)
      if (fetched.result !== null) {
        done = id
        return fetched.result
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  // The lifecycle cannot be set here, so the renderer is suspended as a phone does it. (Killed, it ends the session.)
  const freeze = async (isFrozen: boolean): Promise<void> => {
    if (renderer === undefined) throw new Error('the renderer of this tab is not known')
    if (isFrozen) return await session.suspend(handle, () => process.kill(renderer, 'SIGSTOP'))
    process.kill(renderer, 'SIGCONT')
    session.resume(handle)
  }

  const close = async (): Promise<void> => {
    if (isGone) return
    isGone = true
    options.onGone()
    if (session.isSuspended(handle)) await freeze(false)
    await session.command(handle, 'DELETE', '/window')
  }

  const tab = createTab('webkit', {
    errors,
    run,
    goto: (url) => post('/url', { url }),
    reload: () => post('/refresh'),
    back: () => post('/back'),
    close,
    freeze,
    async bringToFront() {
      // A minimised window is hidden; setting its place brings it back.
      await post('/window/rect', { x: 0, y: 0, width: 1024, height: 768 })
      await options.hideOthers()
    },
  })
  return { ...tab, hide: async () => (session.isSuspended(handle) ? undefined : await post('/window/minimize')) }
}
