import { auth } from './auth.ts'

/** Opens a socket with a valid token. Opens it again when the token is replaced or the connection lost. */
export function connect(url: string, onMessage: (event: MessageEvent) => void): () => void {
  let socket: WebSocket | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let isClosed = false

  function open(): void {
    auth.getAccessToken({ minValidity: 30_000 }).then((token) => {
      if (isClosed || token === undefined) return
      const opened = new WebSocket(url)
      opened.onopen = () => opened.send(JSON.stringify({ token }))
      opened.onmessage = onMessage
      opened.onclose = later
      socket = opened
    }, later)
  }

  function later(): void {
    if (!isClosed) retry = setTimeout(open, 1_000)
  }

  function renew(): void {
    // A socket that is still connecting will send the new token.
    if (socket?.readyState !== WebSocket.OPEN) return
    socket.onclose = null
    socket.close()
    open()
  }

  function close(): void {
    isClosed = true
    clearTimeout(retry)
    socket?.close()
    for (const unsubscribe of subscriptions) unsubscribe()
  }

  const subscriptions = [auth.on('refreshed', renew), auth.on('signed-in', renew), auth.on('signed-out', close)]
  open()
  return close
}
