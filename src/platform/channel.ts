/** The BroadcastChannel of one client; a closed one keeps the page fit for the back/forward cache. */

import type { Channel } from '../core/ports.ts'

/** Without BroadcastChannel, nothing is sent and nothing arrives. */
export function createChannel(Broadcast: typeof BroadcastChannel | undefined, name: string): Channel {
  let channel: BroadcastChannel | undefined
  const close = (): void => {
    channel?.close()
    channel = undefined
  }
  return {
    open(listener) {
      close()
      if (!Broadcast) return
      channel = new Broadcast(name)
      channel.onmessage = (event) => listener(event.data)
    },
    post: (message) => channel?.postMessage(message),
    close,
  }
}
