// Faults of the token endpoint, injected by the server because not every browser's driver can.

import type { KoaContext } from 'oidc-provider'

/** A gate in front of (`before`) or behind (`after`) the commit of a token request. */
export interface Gate {
  /** Resolves when this many token requests have arrived at the gate in all. */
  arrived(count?: number): Promise<void>
  /** Lets everything through, now and from now on. */
  release(): void
}

export interface Outage {
  end(): void
}

export interface Faults {
  /**
   * The next `count` requests are processed in full, and their answers never arrive. `silence` destroys the connection
   * before any byte (a browser may send the POST again on its own, unless the provider was started with
   * `keepAlive: false`); `head` sends a status line first (nobody resends; Chromium sees an empty 200).
   */
  loseNextAnswers(count: number, how?: 'silence' | 'head'): void
  /** The next `count` requests are lost on their way: never processed, never answered. */
  loseNextRequests(count: number): void
  /** The next `count` answers come this many milliseconds after their commit. */
  delayNextAnswers(count: number, milliseconds: number): void
  /** The next `count` requests get this answer and never reach the provider. */
  failNext(count: number, status: number, headers?: Readonly<Record<string, string>>): void
  /** From now on every request gets this answer and never reaches the provider, until the outage is ended. */
  fail(status: number): Outage
  /** Holds all token requests, `after` the commit unless told otherwise, until released. */
  hold(where?: 'before' | 'after'): Gate
}

export interface FaultInjector {
  readonly faults: Faults
  apply(context: KoaContext, commit: () => Promise<void>): Promise<void>
  releaseAll(): void
}

interface HeldGate extends Gate {
  readonly where: 'before' | 'after'
  pass(): Promise<void>
}

export function createFaultInjector(): FaultInjector {
  const losses: ('request' | 'silence' | 'head')[] = []
  const delays: number[] = []
  const failures: { status: number; headers: Readonly<Record<string, string>> }[] = []
  const gates = new Set<HeldGate>()
  const outages = new Set<{ readonly status: number; readonly headers: Readonly<Record<string, string>> }>()
  let commits: Promise<unknown> = Promise.resolve()

  const passGates = async (where: 'before' | 'after'): Promise<void> => {
    for (const gate of gates) if (gate.where === where) await gate.pass()
  }

  const times = <T>(list: T[], count: number, item: T): void => {
    for (let index = 0; index < count; index += 1) list.push(item)
  }

  return {
    faults: {
      loseNextAnswers: (count, how = 'silence') => times(losses, count, how),
      loseNextRequests: (count) => times(losses, count, 'request'),
      delayNextAnswers: (count, milliseconds) => times(delays, count, milliseconds),
      failNext: (count, status, headers = {}) => times(failures, count, { status, headers }),
      fail: (status) => {
        const outage = { status, headers: {} }
        outages.add(outage)
        return { end: () => void outages.delete(outage) }
      },
      hold: (where = 'after') => {
        const gate = createGate(where, () => gates.delete(gate))
        gates.add(gate)
        return gate
      },
    },

    async apply(context, commit) {
      const failure = failures.shift() ?? [...outages][0]
      const loss = failure ? undefined : losses.shift()
      const delay = failure ? undefined : delays.shift()
      await passGates('before')
      if (failure) return answerWith(context, failure.status, failure.headers)
      if (loss === 'request') return lose(context, 'silence')
      // The provider reads, then consumes a refresh token in separate steps: one request at a time makes that atomic.
      const committed = commits.then(commit)
      commits = committed.catch(() => {})
      await committed
      await passGates('after')
      if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay))
      if (loss) lose(context, loss)
    },

    releaseAll() {
      for (const gate of gates) gate.release()
    },
  }
}

function createGate(where: 'before' | 'after', onRelease: () => void): HeldGate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const waiting: { count: number; resolve: () => void }[] = []
  let arrivals = 0
  return {
    where,
    pass() {
      arrivals += 1
      for (const { count, resolve } of waiting) if (arrivals >= count) resolve()
      return opened
    },
    arrived: (count = 1) =>
      new Promise((resolve) => {
        if (arrivals >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    release() {
      onRelease()
      open()
    },
  }
}

function answerWith(context: KoaContext, status: number, headers: Readonly<Record<string, string>>): void {
  const exposed = ['Retry-After', 'Date', ...Object.keys(headers)].join(', ')
  context.set('Access-Control-Allow-Origin', context.get('Origin') || '*')
  context.set('Access-Control-Expose-Headers', exposed)
  for (const [name, value] of Object.entries(headers)) context.set(name, value)
  context.status = status
  context.body = { error: status >= 500 ? 'temporarily_unavailable' : 'invalid_request' }
}

function lose(context: KoaContext, how: 'silence' | 'head'): void {
  context.respond = false
  if (how === 'head') {
    const origin = context.get('Origin') || '*'
    context.req.socket.write(`HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: ${origin}\r\nConnection: close\r\n\r\n`)
    context.req.socket.end()
  } else {
    context.req.socket.destroy()
  }
}
