/** What a service worker does beside a page: it waits for the answer to a refresh too, and writes it if the page is gone. */
// Decisions (ARCHITECTURE.md): D45, D46, D47.

import { type Change, type Claim, type Entry, isMine, write } from '../entry/entry.ts'
import { commit, postpone, reject } from '../entry/outcome-transitions.ts'
import type { Cancel, Platform } from '../ports.ts'
import type { Outcome } from '../responses/outcome.ts'
import { keep, type Tokens } from '../responses/tokens.ts'
import { createPersist } from './context.ts'
import { createGuards } from './guards.ts'
import { instantOf, since } from './instant.ts'
import { ASKING, PAGE_PATIENCE, POLLING } from './limits.ts'
import { type Message, parseMessage } from './messages.ts'

export interface AnswerKeeper {
  /**
   * Keeps the answer to a request that a page has just sent, if the refresh token in it is the one that the ledger shows
   * as being spent. Rejects if the ledger cannot be written: then the next tab finds the worker's guard free.
   */
  keep(isSent: (refreshToken: string) => boolean, answer: Promise<Outcome>): Promise<void>
}

/** How often an answer is offered to the ledger while another attempt is fresh. */
const TRIES = 60

export function createAnswerKeeper(
  platform: Pick<Platform, 'channel' | 'clock' | 'createId' | 'ledger' | 'locks'>,
): AnswerKeeper {
  const { channel, clock, locks } = platform
  const guards = createGuards(platform)
  const persist = createPersist(platform)

  const pause = (length: number): Promise<void> => new Promise((resolve) => clock.after(length, resolve))

  const post = (message: Message): void => channel.post(message)

  /** Says that it lives, to whoever waits for it. */
  function hear(data: unknown): void {
    const message = parseMessage(data)
    const { type, owner } = message ?? {}
    if (message && type === 'ask' && owner !== undefined && guards.held.has(owner)) post({ ...message, type: 'news' })
  }

  /**
   * Removes the mark of doubt that a leaving page has set: WebKit makes the requests of such a page fail. A denial it has
   * heard.
   */
  const remark = (claim: Claim): Promise<void> =>
    persist((entry) => {
      if (!isMine(entry, claim) || !entry.attempt.doubt || entry.attempt.denied) return { result: undefined }
      return { entry: { ...entry, attempt: claim.attempt }, result: undefined }
    })

  /** Writes new tokens or a verdict; resolves with the entry that was written, if one was. */
  async function settle(claim: Claim, outcome: Outcome, wait: number): Promise<Entry | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const result = await persist<Entry | 'wait' | undefined>((entry) => {
        const { result, ...change } = settled(entry, claim, outcome, wait, clock.now())
        return { ...change, result: result === 'wait' ? result : change.entry }
      })
      if (result !== 'wait') return result
      await pause(POLLING)
    }
    return undefined
  }

  return {
    async keep(isSent, answer) {
      const sentAt = instantOf(clock)
      const keeper = await guards.begin(0)
      if (guards.held.size === 1) channel.open(hear)
      let release: Cancel | undefined
      try {
        // Without a guard, others could not see that this worker was stopped.
        const isGuarded = keeper.includes('~')
        const claim = await persist<Claim | undefined>((entry) => {
          const { attempt, refreshToken } = entry ?? {}
          // A page that leaves may have marked it as in doubt by now. Nobody can tell whose request a resend is, or, without
          // a guard, whether the page lives.
          const isOwn = isGuarded && attempt && !attempt.resend && attempt.owner.includes('~')
          if (!entry || !isOwn || !refreshToken || !isSent(refreshToken)) return { result: undefined }
          return write<Claim>({ ...entry, attempt: { ...attempt, doubt: false, keeper } })
        })
        if (!claim) return
        const page = locks.request(claim.attempt.owner)
        let isAnswered = false
        /** The last write of the page may come after its guard is free, so the mark of doubt is looked for again and again. */
        async function watch(): Promise<void> {
          while (!isAnswered) {
            await remark(claim as Claim)
            await pause(ASKING)
          }
        }
        const ended = page.granted.then((given) => {
          release = given
          // Also if the guard was refused. If the ledger cannot be written, the attempt stays in doubt.
          watch().catch(() => undefined)
        })
        const outcome = await answer
        isAnswered = true
        const wait = since(clock, sentAt)
        const stop = clock.after(PAGE_PATIENCE, page.cancel)
        await ended
        stop()
        const entry = await settle(claim, outcome, wait)
        if (!entry) return
        const { epoch, generation, status } = entry
        const isOwn = claim.attempt.audience === undefined
        const tokens = outcome.kind === 'granted' && status === 'signed-in' && isOwn ? outcome.tokens : undefined
        post({
          version: 1,
          type: 'news',
          epoch,
          generation,
          status,
          // As old as the request, because the worker may have been asleep since.
          tokens: tokens && {
            accessToken: tokens.accessToken,
            lifetime: tokens.lifetime,
            age: since(clock, sentAt),
            sentAt: clock.now(),
          },
        })
      } finally {
        release?.()
        guards.end(keeper)
        if (guards.held.size === 0) channel.close()
      }
    },
  }
}

/** Writes only new tokens and verdicts (D47): after another answer, the page may have sent again under its claim. */
function settled(entry: Entry | undefined, claim: Claim, outcome: Outcome, wait: number, now: number): Change<unknown> {
  if (outcome.kind === 'rejected') return reject(entry, claim, outcome.reason, now)
  if (outcome.kind !== 'granted') {
    return outcome.rotated?.refreshToken
      ? postpone(entry, claim, claim.retry, outcome, Number.POSITIVE_INFINITY)
      : { result: undefined }
  }
  const tokens = keep(outcome.tokens as Tokens, { needsAccessToken: claim.kept !== undefined })
  return commit(entry, claim, { ...tokens, wait }, now, true)
}
