/** The open tabs of this origin: who is there and what each does. They tell each other over a channel of their own. */

import { optional } from '../../core/optional.ts'
import type { Emit, Observation, PageStep } from '../observation.ts'
import { later, now } from '../time.ts'
import { type Commands, createCommands } from './commands.ts'
import { createHistory, KEPT } from './history.ts'
import type { Lane, Parcel, SeenLane } from './lane.ts'
import { holderOf } from './lock-holder.ts'

export type { Lane, SeenLane }

export interface Lanes {
  readonly self: Lane
  /** Those that are open, in the order of their numbers. */
  open(): readonly SeenLane[]
  /** With those that have closed a short while ago. */
  all(): readonly SeenLane[]
  historyOf(id: string): readonly Observation[]
  emit: Emit
  update(part: Partial<Lane>): void
  /** Adds what this tab was seen to do before it joined. */
  recall(seen: readonly Observation[]): void
  /** Calls back when a lane has changed or something was seen; returns the function that ends this. */
  subscribe(listener: () => void): () => void
  /** Returns the function that ends this. */
  onSeen(listener: (lane: Lane, seen: Observation) => void): () => void
  handle: Commands['handle']
  command: Commands['give']
  /** Tells the others that this tab is no longer watched, and ends every timer and listener. */
  leave(): void
  /** Resolves when this tab has its number. */
  join(): Promise<void>
}

/** How long the others are given to say who they are, when a number is chosen (in milliseconds). */
const ANSWERING = 120
/** How often they are asked whether they are there. */
const ASKING = 2_000
/** How long without an answer a tab counts as silent. */
const SILENT = 5_000
/** How long a tab that has closed is shown. */
const SHOWN = 60_000

type Other = Lane & { readonly heardAt: number }

function kindOf(): Lane['kind'] {
  if (window.parent !== window) return 'frame'
  return window.opener ? 'window' : 'tab'
}

const isOpen = ({ visibility }: Lane): boolean => visibility !== 'closed'

export interface LanesOptions {
  /** The name of the channel over which the tabs tell each other. */
  readonly channel: string
  readonly isSmall?: boolean
}

export function createLanes({ channel: name, isSmall = false }: LanesOptions): Lanes {
  const Channel = BroadcastChannel
  const storedNumber = `${name}-number`
  const kind = kindOf()
  const { visibilityState: visibility } = document
  let self: Lane = { id: crypto.randomUUID(), number: 0, kind, isSmall, visibility, status: 'unknown' }
  const others = new Map<string, Other>()
  /** Since when a lane has been asked in vain. */
  const unanswered = new Map<string, number>()
  const history = createHistory()
  const listeners = new Set<() => void>()
  const watchers = new Set<(lane: Lane, seen: Observation) => void>()
  let channel: BroadcastChannel | undefined
  let unsent: Observation[] = []
  let isSending = false
  let seenAt = 0

  const post = (parcel: Parcel): void => channel?.postMessage(parcel)
  const commands = createCommands(post)

  function tell(): void {
    for (const listener of listeners) listener()
  }

  function see(lane: Lane, seen: readonly Observation[]): void {
    for (const observation of history.add(lane.id, seen)) for (const watcher of watchers) watcher(lane, observation)
  }

  function send(): void {
    isSending = false
    post({ type: 'here', lane: self, seen: unsent })
    unsent = []
  }

  /** Many observations of one task go together. */
  function schedule(): void {
    if (isSending) return
    isSending = true
    later(send, 10)
  }

  const emit: Emit = (sight) => {
    // Later than the one before, by which the others tell what is new to them.
    seenAt = Math.max(now(), seenAt + 0.001)
    const observation: Observation = { ...sight, at: seenAt }
    unsent.push(observation)
    see(self, [observation])
    schedule()
    tell()
  }

  function update(part: Partial<Lane>): void {
    const isSame = Object.entries(part).every(([name, value]) => self[name as keyof Lane] === value)
    if (isSame) return
    self = { ...self, ...part }
    schedule()
    tell()
  }

  function hear(parcel: Parcel): void {
    switch (parcel.type) {
      case 'who':
        post({ type: 'here', lane: self, seen: parcel.wantsHistory ? history.of(self.id) : [] })
        break
      case 'here':
        unanswered.delete(parcel.lane.id)
        others.set(parcel.lane.id, { ...parcel.lane, heardAt: now() })
        see(parcel.lane, parcel.seen)
        tell()
        break
      case 'command':
        if (parcel.to === self.id) void commands.obey(parcel)
        break
      case 'result':
        commands.settle(parcel)
    }
  }

  function ask(wantsHistory: boolean): void {
    for (const id of others.keys()) if (!unanswered.has(id)) unanswered.set(id, now())
    post({ type: 'who', wantsHistory })
  }

  function open(): void {
    unanswered.clear()
    channel ??= new Channel(name)
    channel.onmessage = ({ data }) => hear(data)
  }

  function look(step: PageStep, next: Lane['visibility']): void {
    emit({ kind: 'page', step })
    update({ visibility: next })
  }

  /** A frozen page that answered would look alive, and one in the back/forward cache would be thrown out of it. */
  function close(visibility: 'frozen' | 'closed'): void {
    look(visibility, visibility)
    send()
    channel?.close()
    channel = undefined
  }

  function back(): void {
    open()
    look('thawed', document.visibilityState)
  }

  function chooseNumber(): void {
    const taken = new Set([...others.values()].filter(isOpen).map(({ number }) => number))
    // A frame has the storage of its page.
    const before = kind === 'frame' ? 0 : Number(optional(() => sessionStorage.getItem(storedNumber)) ?? 0)
    let number = before > 0 && !taken.has(before) ? before : 1
    while (taken.has(number)) number++
    if (kind !== 'frame') optional(() => sessionStorage.setItem(storedNumber, String(number)))
    update({ number })
    send()
  }

  function all(): readonly SeenLane[] {
    const time = now()
    const isSilent = (lane: Lane): boolean => isOpen(lane) && time - (unanswered.get(lane.id) ?? time) > SILENT
    const seen = [...others.values()]
      .filter((lane) => time - lane.heardAt < (isOpen(lane) ? KEPT : SHOWN))
      .map((lane) => ({ ...lane, isSilent: isSilent(lane) }))
    const mine: SeenLane = { ...self, heardAt: time, isSilent: false }
    return [mine, ...seen].sort((a, b) => a.number - b.number || a.heardAt - b.heardAt)
  }

  const hears: readonly [EventTarget, string, (event: Event) => void][] = [
    [globalThis, 'pagehide', () => close('closed')],
    [globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && back()],
    [document, 'freeze', () => close('frozen')],
    [document, 'resume', back],
    [document, 'visibilitychange', () => look(document.visibilityState, document.visibilityState)],
  ]

  open()
  for (const [target, type, listener] of hears) target.addEventListener(type, listener)
  const asking = setInterval(() => {
    if (document.visibilityState === 'visible' && !isSmall) ask(false)
    tell()
  }, ASKING)

  return {
    get self() {
      return self
    },
    all,
    open: () => all().filter(isOpen),
    historyOf: history.of,
    emit,
    update,
    recall(seen) {
      unsent.push(...seen)
      see(self, seen)
      seenAt = Math.max(seenAt, seen.at(-1)?.at ?? 0)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    leave() {
      clearInterval(asking)
      for (const [target, type, listener] of hears) target.removeEventListener(type, listener)
      listeners.clear()
      close('closed')
    },
    onSeen(listener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
    handle: commands.handle,
    command: commands.give,
    async join() {
      const choose = async (): Promise<void> => {
        ask(true)
        await new Promise((resolve) => later(resolve, ANSWERING))
        // The lock of this name is held by this page now.
        update({ clientId: await holderOf(name) })
        chooseNumber()
      }
      // One after the other, so that no two choose the same.
      await (navigator.locks ? navigator.locks.request(name, choose) : choose())
    },
  }
}
