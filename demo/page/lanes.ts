// The open tabs of this origin: who is there, what each has been seen to do, and commands from one to another. A channel
// of the demo's own; the clients know nothing of it, and no token travels over it.

import type { Custody } from '../session.ts'
import type { Emit, Observation, PageStep, Sight } from './observe/observation.ts'
import { later, now } from './time.ts'

export interface Lane {
  readonly id: string
  /** The lowest that was free when the tab opened. */
  readonly number: number
  /** A frame or a window shares the thread of the page that opened it; a tab has one of its own. */
  readonly kind: 'tab' | 'window' | 'frame'
  readonly visibility: 'visible' | 'hidden' | 'frozen' | 'closed'
  readonly status: string
  readonly user?: string | undefined
  readonly custody?: Custody
  /** Of the access token in use. */
  readonly expiresAt?: number | undefined
  readonly refreshAt?: number | undefined
  /** The newest that this tab has committed or heard of. */
  readonly generation?: number | undefined
}

export interface SeenLane extends Lane {
  readonly heardAt: number
  /** It has not answered for a while: frozen, busy or gone. */
  readonly isSilent: boolean
}

type Parcel =
  | { readonly type: 'who' }
  | { readonly type: 'here'; readonly lane: Lane; readonly seen: readonly Observation[] }
  | {
      readonly type: 'command'
      readonly id: string
      readonly to: string
      readonly name: string
      readonly argument: unknown
    }
  | { readonly type: 'result'; readonly id: string; readonly value?: unknown; readonly error?: string }

export interface Lanes {
  readonly self: Lane
  /** Those that are open, in the order of their numbers. */
  open(): readonly SeenLane[]
  /** With those that have closed a short while ago. */
  all(): readonly SeenLane[]
  historyOf(id: string): readonly Observation[]
  emit: Emit
  update(part: Partial<Lane>): void
  /** Calls back when a lane has changed or something was seen. */
  subscribe(listener: () => void): void
  onSeen(listener: (lane: Lane, seen: Observation) => void): void
  handle(name: string, task: (argument: never) => unknown): void
  /** Rejects when the tab does. */
  command<Result>(to: Lane, name: string, argument?: unknown): Promise<Result>
  /** Resolves when this tab has its number. */
  join(): Promise<void>
}

const CHANNEL = 'demo-lanes'
const NUMBER = 'demo-number'
/** How long the others are given to say who they are (in milliseconds). */
const ANSWERING = 120
const ASKING = 2_000
const SILENT = 6_000
/** How long what was seen is kept (in milliseconds, and in entries a tab). */
const KEPT = 180_000
const MOST = 1_200

function kindOf(): Lane['kind'] {
  if (window.parent !== window) return 'frame'
  return window.opener ? 'window' : 'tab'
}

export function createLanes(): Lanes {
  const Channel = BroadcastChannel
  const kind = kindOf()
  const { visibilityState: visibility } = document
  let self: Lane = { id: crypto.randomUUID(), number: 0, kind, visibility, status: 'unknown' }
  const others = new Map<string, Lane & { heardAt: number }>()
  const history = new Map<string, Observation[]>([[self.id, []]])
  const listeners = new Set<() => void>()
  const watchers = new Set<(lane: Lane, seen: Observation) => void>()
  const handlers = new Map<string, (argument: never) => unknown>()
  const waiting = new Map<string, (result: Parcel & { type: 'result' }) => void>()
  let channel: BroadcastChannel | undefined
  let askedAt = Number.POSITIVE_INFINITY
  let unsent: Observation[] = []
  let isSending = false

  const post = (parcel: Parcel): void => channel?.postMessage(parcel)
  const tell = (): void => {
    for (const listener of listeners) listener()
  }

  function keep(id: string, seen: readonly Observation[]): void {
    const kept = history.get(id) ?? []
    const oldest = now() - KEPT
    history.set(id, [...kept, ...seen].filter(({ at }) => at > oldest).slice(-MOST))
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

  function hear(parcel: Parcel): void {
    switch (parcel.type) {
      case 'who':
        post({ type: 'here', lane: self, seen: history.get(self.id)?.slice(-300) ?? [] })
        break
      case 'here': {
        const { lane } = parcel
        const newest = history.get(lane.id)?.at(-1)?.at ?? 0
        const seen = parcel.seen.filter(({ at }) => at > newest)
        others.set(lane.id, { ...lane, heardAt: now() })
        keep(lane.id, seen)
        for (const observation of seen) for (const watcher of watchers) watcher(lane, observation)
        tell()
        break
      }
      case 'command':
        if (parcel.to === self.id) void obey(parcel)
        break
      case 'result':
        waiting.get(parcel.id)?.(parcel)
        waiting.delete(parcel.id)
    }
  }

  async function obey({ id, name, argument }: Parcel & { type: 'command' }): Promise<void> {
    try {
      post({ type: 'result', id, value: await handlers.get(name)?.(argument as never) })
    } catch (error) {
      post({ type: 'result', id, error: error instanceof Error ? error.message : String(error) })
    }
  }

  function open(): void {
    channel ??= new Channel(CHANNEL)
    channel.onmessage = ({ data }) => hear(data)
  }

  function ask(): void {
    askedAt = now()
    post({ type: 'who' })
  }

  /** A frozen page that answered would look alive, and one in the back/forward cache would be thrown out of it. */
  function close(visibility: 'frozen' | 'closed'): void {
    see(visibility)
    self = { ...self, visibility }
    send()
    channel?.close()
    channel = undefined
    askedAt = Number.POSITIVE_INFINITY
  }

  function update(part: Partial<Lane>): void {
    const isSame = Object.entries(part).every(([name, value]) => self[name as keyof Lane] === value)
    if (isSame) return
    self = { ...self, ...part }
    schedule()
    tell()
  }

  function chooseNumber(): void {
    const taken = new Set(
      [...others.values()].filter(({ visibility }) => visibility !== 'closed').map(({ number }) => number),
    )
    // A frame has the storage of its page.
    const before = kind === 'frame' ? 0 : Number(sessionStorage.getItem(NUMBER) ?? 0)
    let number = before > 0 && !taken.has(before) ? before : 1
    while (taken.has(number)) number++
    if (kind !== 'frame') sessionStorage.setItem(NUMBER, String(number))
    update({ number })
    send()
  }

  function all(): readonly SeenLane[] {
    const time = now()
    const seen = [...others.values()]
      .filter(({ heardAt, visibility }) => time - heardAt < (visibility === 'closed' ? 60_000 : KEPT))
      .map((lane) => ({
        ...lane,
        isSilent: lane.visibility !== 'closed' && askedAt - lane.heardAt > SILENT && time - askedAt < ASKING * 2,
      }))
    const mine: SeenLane = { ...self, heardAt: time, isSilent: false }
    return [mine, ...seen].sort((a, b) => a.number - b.number || a.heardAt - b.heardAt)
  }

  function see(step: PageStep): void {
    emit({ kind: 'page', step })
  }

  function emit(sight: Sight): void {
    const observation: Observation = { ...sight, at: now() }
    keep(self.id, [observation])
    unsent.push(observation)
    for (const watcher of watchers) watcher(self, observation)
    schedule()
    tell()
  }

  function back(): void {
    open()
    see('thawed')
    update({ visibility: document.visibilityState })
  }

  open()
  addEventListener('pagehide', () => close('closed'))
  addEventListener('pageshow', ({ persisted }) => persisted && back())
  document.addEventListener('freeze', () => close('frozen'))
  document.addEventListener('resume', back)
  document.addEventListener('visibilitychange', () => {
    see(document.visibilityState)
    update({ visibility: document.visibilityState })
  })
  setInterval(() => {
    if (document.visibilityState === 'visible' && kind !== 'frame') ask()
    tell()
  }, ASKING)

  return {
    get self() {
      return self
    },
    all,
    open: () => all().filter(({ visibility }) => visibility !== 'closed'),
    historyOf: (id) => history.get(id) ?? [],
    emit,
    update,
    subscribe: (listener) => void listeners.add(listener),
    onSeen: (listener) => void watchers.add(listener),
    handle: (name, task) => void handlers.set(name, task),
    command: (to, name, argument) =>
      new Promise((resolve, reject) => {
        const id = crypto.randomUUID()
        waiting.set(id, ({ value, error }) =>
          error === undefined ? resolve(value as never) : reject(new Error(error)),
        )
        post({ type: 'command', id, to: to.id, name, argument })
      }),
    async join() {
      const choose = async (): Promise<void> => {
        ask()
        await new Promise((resolve) => later(resolve, ANSWERING))
        chooseNumber()
      }
      // One after the other, so that no two choose the same.
      await (navigator.locks ? navigator.locks.request(CHANNEL, choose) : choose())
    },
  }
}
