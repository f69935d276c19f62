// The virtual world of one schedule: its time, its events, and the one generator that makes every choice.

/** Lets all microtasks of a batch of schedules drain between steps: a tick runs when none is left. */
let waiting: (() => void)[] = []
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) > 1) return
    process.nextTick(() => {
      const due = waiting
      waiting = []
      for (const wake of due) wake()
    })
  })
}

/** Whatever can crash or freeze. */
export interface Actor {
  readonly name: string
  isCrashed: boolean
  isFrozen: boolean
}

export interface SimulatedEvent {
  readonly actor: Actor | undefined
  readonly label: string
  readonly due: number
  readonly run: () => void
  isCancelled: boolean
}

export interface World {
  /** Wall-clock time (in milliseconds); jumps. */
  wall(): number
  /** Time that never jumps and stands still in sleep (in milliseconds). */
  elapsed: number
  wallOffset: number
  jumps: number
  /** Whether the wall clock has ever been set back: then a new epoch proves nothing to who knows no older one. */
  wentBack: boolean
  /** A whole number in [0, limit); 0 is the choice that harms nobody. Shrinking replaces choices by 0. */
  choose(limit: number): number
  /** A number in [0, 1) that shrinking leaves alone. */
  random(): number
  /** Whether faults are still injected. */
  isHostile: boolean
  readonly choices: number[]
  readonly trace: string[]
  note(text: string): void
  after(delay: number, actor: Actor | undefined, label: string, run: () => void): () => void
  steps: number
  /** Runs one event, or moves time to the next; false when nothing is left. */
  step(until: number): boolean
  readonly events: SimulatedEvent[]
}

export function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `script` replays choices; behind its end every choice is 0 when replaying, random otherwise. */
export function createWorld(seed: number, script: readonly number[] | undefined, isTraced: boolean): World {
  const draw = createRandom(seed)
  const random = createRandom(seed ^ 0x5bd1e995)
  const events: SimulatedEvent[] = []
  const choices: number[] = []
  const trace: string[] = []

  const world: World = {
    elapsed: 0,
    wallOffset: 1_800_000_000_000,
    wentBack: false,
    jumps: 0,
    steps: 0,
    isHostile: true,
    choices,
    trace,
    events,
    wall: () => Math.floor(world.wallOffset + world.elapsed),
    random,
    choose(limit) {
      const drawn = Math.floor(draw() * limit)
      const choice = script ? Math.min(script[choices.length] ?? 0, limit - 1) : drawn
      choices.push(choice)
      return choice
    },
    note(text) {
      if (isTraced) trace.push(`${String(Math.round(world.elapsed)).padStart(8)} ${text}`)
    },
    after(delay, actor, label, run) {
      const event: SimulatedEvent = { actor, label, due: world.elapsed + delay, run, isCancelled: false }
      events.push(event)
      return () => {
        event.isCancelled = true
      }
    },
    step(until) {
      let next = Number.POSITIVE_INFINITY
      let ready = 0
      let kept = 0
      for (const event of events) {
        if (event.isCancelled || event.actor?.isCrashed) continue
        events[kept++] = event
        if (event.actor?.isFrozen) continue
        if (event.due <= world.elapsed) ready++
        else if (event.due < next) next = event.due
      }
      events.length = kept
      if (ready === 0) {
        if (next > until) return false
        world.elapsed = next
        return true
      }
      let pick = ready > 1 ? world.choose(ready) : 0
      const index = events.findIndex((event) => !event.actor?.isFrozen && event.due <= world.elapsed && pick-- === 0)
      const [event] = events.splice(index, 1)
      if (isTraced) world.note(`${event?.actor?.name ?? '-'} ${event?.label}`)
      world.steps++
      event?.run()
      return true
    },
  }
  return world
}

/** Goes on until `isThere`, for so many steps at most. */
export async function walk(world: World, most: number, isThere: () => boolean = () => false): Promise<void> {
  for (let steps = 0; steps < most && !isThere(); steps++) {
    world.step(world.elapsed + 90_000)
    await nextTurn()
  }
}

/** Whether nothing is left to happen before time passes. */
export function isQuiet({ events, elapsed }: World): boolean {
  return !events.some(
    ({ actor, due, isCancelled }) => due <= elapsed && !isCancelled && !actor?.isCrashed && !actor?.isFrozen,
  )
}

/** Goes on until so much time is over (in milliseconds). */
export async function pass(world: World, time: number): Promise<void> {
  const end = world.elapsed + time
  for (let steps = 0; steps < 4_000 && world.step(end); steps++) await nextTurn()
  world.elapsed = Math.max(world.elapsed, end)
}
