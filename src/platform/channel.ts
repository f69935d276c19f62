/** The BroadcastChannel of one client; a closed one keeps the page fit for the back/forward cache. */

import type { Channel } from '../core/ports.ts'

export function createChannel(Broadcast: typeof BroadcastChannel, name: string): Channel {
  let channel: BroadcastChannel | undefined
  return {
    open(listener) {
      channel?.close()
      channel = new Broadcast(name)
      channel.onmessage = (event) => listener(event.data)
    },
    post: (message) => channel?.postMessage(message),
    close() {
      channel?.close()
      channel = undefined
    },
  }
}

export function createNoChannel(): Channel {
  return { open() {}, post() {}, close() {} }
}
