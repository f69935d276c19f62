/** The other tabs: asking them, telling them, and believing a message only if the ledger agrees. */
// Decisions (ARCHITECTURE.md): D31.

import { type Change, type Entry, isNewer, type Mark, tokenMark, write } from '../entry/entry.ts'
import type { Binding, Platform } from '../ports.ts'
import type { Guards } from './guards.ts'
import { ASKING } from './limits.ts'
import { type Message, parseMessage, receivedAt, share } from './messages.ts'
import type { Session } from './session.ts'
import type { Held } from './view.ts'

export interface Siblings {
  open(): void
  close(): void
  /** Asks for the access token; resolves when one was adopted, or after about 100 ms; at once where there is no channel. */
  ask(): Promise<void>
  /** Adopts what this tab has obtained, if anything, then tells the other tabs, and wakes whoever waits in this one. */
  publish(entry?: Entry, held?: Held): void
  /**
   * Resolves after `timeout` (in milliseconds), or at news after which it `isOver`. Asks the pages of these owners, in other
   * tabs, whether they live.
   */
  changed(timeout: number, isOver?: () => boolean, ...owners: readonly string[]): Promise<void>
  /** Wakes whoever waits in this tab. */
  wake(): void
}

export function createSiblings(
  { channel, clock, ledger, degraded }: Pick<Platform, 'channel' | 'clock' | 'ledger' | 'degraded'>,
  session: Session,
  guards: Guards,
  binding: Binding | undefined,
): Siblings {
  const isAlone = degraded.includes('channel')
  const waiters = new Set<(isOver?: boolean) => void>()
  let asked: Mark | undefined
  let askedAt = 0
  let wasShared = true
  let asking = Promise.resolve()

  function post(type: Message['type'], held?: Held, owner?: string): void {
    const { mark, status } = session
    channel.post({
      version: 1,
      type,
      ...mark,
      status,
      owner,
      tokens: held && share(held, clock, binding),
    } satisfies Message)
  }

  const isWanted = (message: Message): boolean =>
    isNewer(message, session.mark) ||
    (message.tokens !== undefined && session.isBehind && !isNewer(session.newest, message))

  async function consider(message: Message): Promise<void> {
    if (!isWanted(message)) return
    // Read after the message came, because the message may be out of date. Only after a first read it is known whether the
    // ledger is shared.
    const found = await ledger.read()
    const entry = ledger.shared ? found : await ledger.update((memory) => believe(memory, message))
    if (!entry || !isWanted(message)) return
    // Newer generations may have brought tokens of other audiences only.
    const isTrue = entry.status === message.status && !isNewer(message, entry) && !isNewer(tokenMark(entry), message)
    // The token that is in use may come again with a newer generation: then it is as old as it was.
    const isNews = !session.held || isNewer(tokenMark(entry), session.heldMark)
    const tokens = isTrue && isNews ? message.tokens : undefined
    binding?.hear(tokens?.proofs)
    session.adopt(entry, 'other-tab', tokens && session.hold(tokens, receivedAt(tokens, clock), false))
    session.flush()
  }

  const wake = (): void => {
    for (const waiter of waiters) waiter()
  }

  function hear(data: unknown): void {
    const message = parseMessage(data)
    if (!message) return
    const { type, owner } = message
    if (owner !== undefined) {
      if (type === 'news') guards.heard.add(owner)
      else if (guards.held.has(owner)) post('news', undefined, owner)
      return
    }
    // A tab that asks may know of a newer session, if the tab of that session froze before it could tell (D31).
    if (type === 'ask' && !isNewer(message, session.mark)) {
      // Only a token of the newest generation is passed on.
      if (session.isReady(0) && !session.isBehind) post('news', session.held)
      return
    }
    // If the ledger cannot be read now, the next look reads it again.
    consider(message).then(wake, wake)
  }

  function wait(timeout: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const waiter = (isClosed = false): void => {
        if (isClosed || isOver()) end()
      }
      const end = (): void => {
        cancel()
        waiters.delete(waiter)
        resolve()
      }
      const cancel = clock.after(timeout, end)
      waiters.add(waiter)
    })
  }

  return {
    open: () => channel.open(hear),
    close() {
      channel.close()
      for (const waiter of waiters) waiter(true)
    },
    ask() {
      if (isAlone) return asking
      const { held, mark } = session
      // The same question was just asked: answers to it are on their way. If storage was refused since, they are only now
      // believed.
      const isRepeated = asked && !isNewer(mark, asked) && clock.elapsed() - askedAt < ASKING * 2
      if (isRepeated && wasShared === ledger.shared) return asking
      wasShared = ledger.shared
      asked = mark
      askedAt = clock.elapsed()
      post('ask')
      asking = wait(ASKING, () => session.held !== held)
      return asking
    },
    publish(entry, held) {
      if (entry) session.adopt(entry, 'this-tab', held)
      post('news', session.isBehind ? undefined : session.held)
      wake()
    },
    changed(timeout, isOver = () => true, ...owners) {
      for (const owner of owners) post('ask', undefined, owner)
      return wait(timeout, isOver)
    },
    wake,
  }
}

/** Without a shared ledger, a newer message is believed. */
function believe(entry: Entry | undefined, message: Message): Change<Entry | undefined> {
  if (entry && !isNewer(message, entry)) return { result: entry }
  return write<Entry>({
    epoch: message.epoch,
    generation: message.generation,
    status: message.status,
    ...(entry?.epoch === message.epoch && { refreshToken: entry.refreshToken, bound: entry.bound }),
  })
}
