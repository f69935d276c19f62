// Sees the messages between tabs: their kind and generation, and whether a token came along.

import type { Emit } from './observation.ts'

interface Message {
  readonly type: 'ask' | 'news'
  readonly generation: number
  readonly status: string
  readonly tokens?: { readonly accessToken?: string }
}

export function observeChannel(isOurs: (name: string) => boolean, emit: Emit): void {
  const Native = globalThis.BroadcastChannel
  if (!Native) return
  const see = (step: 'sent' | 'heard', { type, generation, status, tokens }: Message): void =>
    emit({ kind: 'message', step, type, generation, status, hasToken: tokens?.accessToken !== undefined })

  globalThis.BroadcastChannel = class extends Native {
    constructor(name: string) {
      super(name)
      if (isOurs(name)) this.addEventListener('message', ({ data }) => see('heard', data))
    }

    override postMessage(message: unknown): void {
      if (isOurs(this.name)) see('sent', message as Message)
      super.postMessage(message)
    }
  }
}
