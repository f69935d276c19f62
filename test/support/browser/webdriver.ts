// Plain WebDriver over fetch: one session, one command at a time, each in the window that it is for.
// @see https://www.w3.org/TR/webdriver2/

export interface WebDriverSession {
  readonly version: string
  /** Opens a window and returns its handle; the first call returns the one that the session began with. */
  newWindow(): Promise<string>
  /** Rejects with a `TimeoutError` after `patience` milliseconds, so that a lost answer does not hang the session. */
  command<T>(handle: string, method: 'POST' | 'DELETE', path: string, body?: object, patience?: number): Promise<T>
  /** Runs `stop` between two commands; until `resume`, commands to that window wait, and the others go on. */
  suspend(handle: string, stop: () => void): Promise<void>
  resume(handle: string): void
  isSuspended(handle: string): boolean
}

type Answer = { value: unknown }

async function send<T>(method: string, url: string, body?: object, patience = 60_000): Promise<T> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(patience),
    ...(body && { body: JSON.stringify(body) }),
  })
  const { value } = (await response.json()) as Answer
  if (!response.ok) {
    const { error, message } = value as { error: string; message: string }
    throw new Error(`${error}: ${message || `${method} ${url}`}`)
  }
  return value as T
}

async function untilReady(origin: string, isAlive: () => boolean): Promise<void> {
  for (;;) {
    const isReady = await send<{ ready: boolean }>('GET', `${origin}/status`).then(
      () => true,
      () => false,
    )
    if (isReady) return
    if (!isAlive()) throw new Error('the WebDriver server ended instead of starting')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export async function openSession(
  origin: string,
  capabilities: object,
  isAlive: () => boolean,
): Promise<WebDriverSession> {
  await untilReady(origin, isAlive)
  const session = await send<{ sessionId: string; capabilities: { browserVersion: string } }>(
    'POST',
    `${origin}/session`,
    { capabilities: { alwaysMatch: capabilities } },
  )
  const root = `${origin}/session/${session.sessionId}`
  let unused: string | undefined = await send<string>('GET', `${root}/window`)
  let current = unused
  let queue: Promise<unknown> = Promise.resolve()

  const suspended = new Map<string, { readonly over: Promise<void>; readonly end: () => void }>()

  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = queue.then(task)
    queue = result.catch(() => {})
    return result
  }

  return {
    version: session.capabilities.browserVersion,
    newWindow: () =>
      inTurn(async () => {
        const first = unused
        unused = undefined
        // A window, not a tab: a new tab stays in the background, hidden.
        return first ?? (await send<{ handle: string }>('POST', `${root}/window/new`, { type: 'window' })).handle
      }),
    async command<T>(handle: string, method: string, path: string, body?: object, patience?: number): Promise<T> {
      for (;;) {
        await suspended.get(handle)?.over
        const answer = await inTurn(async () => {
          if (suspended.has(handle)) return undefined
          if (current !== handle) await send('POST', `${root}/window`, { handle })
          current = handle
          return { value: await send<T>(method, root + path, body, patience) }
        })
        if (answer) return answer.value
      }
    },
    suspend: (handle, stop) =>
      inTurn(async () => {
        if (suspended.has(handle)) return
        let end = (): void => {}
        const over = new Promise<void>((resolve) => {
          end = resolve
        })
        suspended.set(handle, { over, end })
        stop()
      }),
    resume(handle) {
      suspended.get(handle)?.end()
      suspended.delete(handle)
    },
    isSuspended: (handle) => suspended.has(handle),
  }
}
