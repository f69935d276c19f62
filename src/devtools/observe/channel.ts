/** Sees the messages between tabs: their kind and generation, and whether a token came along. */

import type { Cancel, Channel } from '../../core/ports.ts'
import { parseMessage } from '../../core/protocol/messages.ts'
import type { Emit } from '../observation.ts'
import { patch } from './patch.ts'

/** @param hasAudience whether the client has an audience of this name */
export function watchChannel(channel: Channel, hasAudience: (name: string) => boolean, emit: Emit): Cancel {
  function see(step: 'sent' | 'heard', data: unknown): void {
    const given = { ...(data as { readonly type?: unknown; readonly audience?: string }) }
    const audience = given.type === 'token' && hasAudience(`${given.audience}`) ? given.audience : undefined
    // The token of an audience is shared as that of the session is.
    const message = parseMessage(audience === undefined ? data : { ...given, type: 'news', status: 'signed-in' })
    // With an owner it asks only whether a tab lives.
    if (!message || message.owner !== undefined) return
    const { type, generation, status, tokens } = message
    emit({ kind: 'message', step, type, generation, status, hasToken: tokens?.accessToken !== undefined, audience })
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
