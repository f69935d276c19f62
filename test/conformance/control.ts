// What a page asks of the server: to wait for what it has seen, and to let a held answer go on.

import type { ServerResponse } from 'node:http'

export interface Control {
  handle(url: URL, response: ServerResponse): void
  /** Notes a request by its `id` parameter. */
  saw(url: URL): void
  /** Notes anything else a page may wait for. */
  note(name: string): void
  /** Holds an answer, to be written to by the page. */
  hold(id: string, response: ServerResponse): void
  /** The token that the API accepts, and how often it was renewed. */
  readonly session: { current: number; refreshes: number; refuses: boolean }
  /** From now on, the first request with a token is to be refused, or none. */
  deny(isDenying: boolean): void
  /** Whether this request is to be refused. */
  denies(authorization: string | undefined): boolean
}

export function createControl(): Control {
  const seen = new Set<string>()
  const waiting = new Map<string, (() => void)[]>()
  const held = new Map<string, ServerResponse>()
  let isDenying = false
  const session = { current: 0, refreshes: 0, refuses: false }

  function note(name: string): void {
    seen.add(name)
    for (const wake of waiting.get(name) ?? []) wake()
    waiting.delete(name)
  }

  return {
    session,
    note,
    saw(url) {
      const id = url.searchParams.get('id')
      if (id) note(id)
    },
    deny(isOn) {
      isDenying = isOn
    },
    denies(authorization) {
      const isDenied = isDenying && authorization?.startsWith('Bearer token-') === true
      if (isDenied) isDenying = false
      return isDenied
    },
    hold: (id, response) => void held.set(id, response),
    handle(url, response) {
      const id = url.searchParams.get('id') ?? ''
      const done = (value: unknown = null): void => {
        response.setHeader('Access-Control-Allow-Origin', '*')
        response.end(JSON.stringify(value))
      }
      const target = held.get(id)
      switch (url.pathname) {
        case '/control/seen':
          if (seen.has(id)) return done()
          waiting.set(id, [...(waiting.get(id) ?? []), done])
          return
        case '/control/write':
          target?.write(Buffer.alloc(Number(url.searchParams.get('size')), 'x'), () => done())
          return
        case '/control/end':
          target?.end()
          return done()
        case '/control/cut':
          target?.socket?.resetAndDestroy()
          return done()
        case '/control/expire':
          session.current++
          return done()
        case '/control/refuse':
          session.refuses = url.searchParams.get('on') === 'true'
          return done()
        default:
          return done(session)
      }
    },
  }
}
