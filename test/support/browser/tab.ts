// What is the same for a tab of any engine: functions as source text, results as JSON, conditions instead of sleeps.

import type { Engine, PageFunction, Tab, TabAdapter } from './driver.ts'

/** Longer than any scenario takes on a busy machine (in milliseconds). */
const PATIENCE = 150_000
const POLL_INTERVAL = 20

type Answer = { value?: unknown; error?: { name: string; message: string; stack?: string } }

/** An expression that is a promise of the JSON of an `Answer`, and never rejects. */
function expressionOf(page: string | PageFunction<unknown>, args: readonly unknown[]): string {
  const call =
    typeof page === 'string' ? `(0, eval)(${JSON.stringify(page)})` : `(${String(page)})(...${JSON.stringify(args)})`
  return `(async () => {
    try {
      return JSON.stringify({ value: await ${call} })
    } catch (error) {
      const { name = 'Error', message = String(error), stack } = error ?? {}
      return JSON.stringify({ error: { name, message, stack } })
    }
  })()`
}

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL))

export function createTab(engine: Engine, adapter: TabAdapter): Tab {
  const { freeze, offline, screenshot, back = goBack } = adapter
  let marks = 0

  const evaluate = async <T>(page: string | PageFunction<unknown>, ...args: unknown[]): Promise<T> => {
    const { value, error } = JSON.parse(await adapter.run(expressionOf(page, args))) as Answer
    if (error) throw Object.assign(new Error(error.message), { name: error.name, pageStack: error.stack })
    return value as T
  }

  const waitFor = async (predicate: string | PageFunction<unknown>, ...args: unknown[]): Promise<void> => {
    const deadline = Date.now() + PATIENCE
    let last: unknown = 'false'
    // An error is "not yet": the page may be navigating, or the object asked about not be there.
    const holds = () =>
      evaluate<unknown>(predicate, ...args).catch((error: unknown) => {
        last = error
        return false
      })
    while (!(await holds())) {
      if (Date.now() > deadline) {
        const text = `${String(predicate)} with ${JSON.stringify(args)}`
        throw new Error(`${engine}: waited ${PATIENCE / 1000} s for ${text}; last answer: ${last}`, { cause: last })
      }
      await pause()
    }
  }

  // Playwright's own "back" never returns when the page comes from the back/forward cache.
  async function goBack(): Promise<void> {
    const leave = () => {
      setTimeout(() => history.back())
    }
    // The page may be gone before it has answered.
    await evaluate(leave).catch(() => {})
  }

  const cannot = (what: string) => async (): Promise<void> => {
    throw new Error(`${engine}, as launched, cannot ${what}`)
  }

  return {
    errors: adapter.errors,
    evaluate,
    waitFor,
    goto: adapter.goto,
    reload: adapter.reload,
    async back() {
      const mark = `departed-${++marks}`
      await evaluate((name: string) => {
        Object.assign(window, { [name]: true })
      }, mark)
      await back()
      await waitFor((name: string) => !(name in window) && document.readyState === 'complete', mark)
    },
    close: adapter.close,
    crash: adapter.crash ?? adapter.close,
    bringToFront: adapter.bringToFront,
    freeze: freeze ? () => freeze(true) : cannot('freeze a tab'),
    thaw: freeze ? () => freeze(false) : cannot('thaw a tab'),
    offline: offline ?? cannot('go offline'),
    screenshot: screenshot ?? cannot('take a screenshot'),
  }
}
