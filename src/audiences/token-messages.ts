/** The tokens of one audience on their way to other tabs, beside the messages of the session. */
// Decisions (ARCHITECTURE.md): D57.

import { isNewer, type Mark } from '../core/entry/entry.ts'
import type { Context } from '../core/protocol/context.ts'
import { type Message, parseMessage, receivedAt, type Shared, share } from '../core/protocol/messages.ts'
import type { Session } from '../core/protocol/session.ts'
import type { Held } from '../core/protocol/view.ts'

/** The generation is that of the token. */
interface TokenMessage extends Mark {
  readonly version: 1
  readonly type: 'token'
  readonly audience: string
  readonly tokens: Shared
}

export interface TokenMessages {
  /** Tells the other tabs of a token. */
  post(held: Held): void
  /** Answers a tab that asks, and takes over what another one tells. */
  hear(data: unknown): void
}

/** @param hold makes tokens of another tab fit to be adopted */
export function createTokenMessages(
  audience: string,
  session: Session,
  hold: Session['hold'],
  { channel, clock, ledger, session: own, siblings, transport }: Context,
): TokenMessages {
  const { binding } = transport

  function post(held: Held): void {
    const { heldMark } = session
    const tokens = share(held, clock, binding)
    channel.post({ version: 1, type: 'token', audience, ...heldMark, tokens } satisfies TokenMessage)
  }

  const isWanted = (message: Mark): boolean => !session.held || isNewer(message, session.heldMark)

  /** Believes a message only if the ledger, read after it came, names its generation for this audience. */
  async function consider(message: TokenMessage): Promise<void> {
    if (!isWanted(message)) return
    const entry = await ledger.read()
    if (!entry || !isWanted(message)) return
    const { epoch, generation, tokens } = message
    const isTrue = ledger.shared
      ? entry.obtained?.[audience] === generation && entry.epoch === epoch
      : own.mark.epoch === epoch
    if (!isTrue || entry.status !== 'signed-in') return
    binding?.hear(tokens.proofs)
    session.adopt(entry, 'other-tab', hold(tokens, receivedAt(tokens, clock), false))
    session.flush()
    siblings.wake()
  }

  return {
    post,
    hear(data) {
      const asked = parseMessage(data)
      if (asked?.type === 'ask' && asked.owner === undefined && !isNewer(asked, session.mark)) {
        if (session.held && session.isReady(0) && !session.isBehind) post(session.held)
        return
      }
      const message = parseToken(data, audience)
      // If the ledger cannot be read now, the next look reads it again.
      if (message) consider(message).catch(() => undefined)
    },
  }
}

/** Reads a message with a token of this audience; undefined if it is none. */
function parseToken(data: unknown, audience: string): TokenMessage | undefined {
  const message = { ...(data as TokenMessage) }
  if (message.type !== ('token' as string) || message.audience !== audience || !message.tokens) return undefined
  // The rest of it is checked as that of any message.
  return parseMessage({ ...message, type: 'news', status: 'signed-in' } satisfies Message) ? message : undefined
}
