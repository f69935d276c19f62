import { EventSource } from 'eventsource'
import { auth } from './auth.ts'

/** Connects again, from the last event on, when the connection is lost or the token replaced. Sign-out closes it. */
export function listen(url: string, onMessage: (event: MessageEvent) => void): () => void {
  let connection = new AbortController()

  const source = new EventSource(url, {
    fetch(input, init) {
      connection = new AbortController()
      return auth.authFetch(input, { ...init, signal: AbortSignal.any([init.signal, connection.signal]) })
    },
  })
  source.onmessage = onMessage

  function renew(): void {
    // EventSource connects again after any error other than an AbortError.
    if (source.readyState === source.OPEN) connection.abort(new Error('the access token has been replaced'))
  }

  function close(): void {
    source.close()
    for (const unsubscribe of subscriptions) unsubscribe()
  }

  const subscriptions = [auth.on('refreshed', renew), auth.on('signed-in', renew), auth.on('signed-out', close)]
  return close
}
