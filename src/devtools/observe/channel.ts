/** Sees the messages between tabs: their kind and generation, and whether a token came along. */

import type { Cancel, Channel } from '../../core/ports.ts'
import { parseMessage } from '../../core/protocol/messages.ts'
import type { Emit } from '../observation.ts'
import { patch } from './patch.ts'

export function watchChannel(channel: Channel, emit: Emit): Cancel {
  function see(step: 'sent' | 'heard', data: unknown): void {
    const message = parseMessage(data)
    // With an owner it asks only whether a tab lives.
    if (!message || message.owner !== undefined) return
    const { type, generation, status, tokens } = message
    emit({ kind: 'message', step, type, generation, status, hasToken: tokens?.accessToken !== undefined })
  }

  const undo = [
    patch(
      channel,
      'open',
      (open) => (listener) =>
        open((data) => {
          see('heard', data)
          listener(data)
        }),
    ),
    patch(channel, 'post', (post) => (data) => {
      see('sent', data)
      post(data)
    }),
  ]
  return () => {
    for (const step of undo) step()
  }
}
