/** The flight recorder of a client: what it did, what others told it, and why its last session ended. */
// Decisions (ARCHITECTURE.md): D49.

import type { AuthClient } from '../auth-client.ts'
import { check, checkNames } from '../core/errors.ts'
import type { MissingPart } from '../core/ports.ts'
import type { AuthState } from '../core/protocol/view.ts'
import { insides } from '../insides.ts'
import { ownMembers } from '../refresh/request.ts'
import { explain } from './explain.ts'
import type { Observation, Sight } from './observation.ts'
import { watchChannel } from './observe/channel.ts'
import { watchJumps, watchTimers } from './observe/clock.ts'
import { watchLedger } from './observe/ledger.ts'
import { watchLocks } from './observe/locks.ts'
import { watchSession } from './observe/session.ts'
import { type Wire, watchWire } from './observe/wire.ts'
import { createRecord } from './record.ts'

/** How much a recorder keeps, and for how long. */
export interface RecorderOptions {
  /**
   * How many observations are kept; the oldest go first.
   *
   * @default 500
   */
  readonly limit?: number
  /**
   * Keeps the last 200 observations in `sessionStorage`, so that a reload of this tab does not lose them.
   *
   * @default false
   */
  readonly survivesReload?: boolean
}

/** What goes into a bug report. */
export interface FlightRecord {
  /** Of the shape of the record. */
  readonly version: 1
  /** When it was made (in milliseconds since the epoch). */
  readonly at: number
  /** What {@link Recorder.explain} says. */
  readonly explanation: string
  /** What the client knows of the session now. */
  readonly status: AuthState['status']
  /** Whether the client holds the refresh token; otherwise the cookie jar does. */
  readonly holdsRefreshToken: boolean
  /** The parts of the platform that are missing. */
  readonly degraded: readonly MissingPart[]
  /** What was seen, the oldest first. */
  readonly entries: readonly Observation[]
}

/** What was seen of one client in this tab. It holds no token, no key, no subject, and of URLs only origin and path. */
export interface Recorder {
  /** What was seen, the oldest first: the same array until something is added. */
  entries(): readonly Observation[]
  /** Why the last session ended, or that none has, and why the last sign-in of this tab failed, in a few sentences. */
  explain(): string
  /** For a bug report, and for `JSON.stringify`. */
  toJSON(): FlightRecord
  /** Calls back with each observation; returns the function that ends this. */
  subscribe(listener: (observation: Observation) => void): () => void
  /** Ends the recording, as the client's `dispose()` does; what was seen can still be read. */
  dispose(): void
}

const recorders = new WeakMap<object, Recorder>()
const wires = new WeakMap<Recorder, Wire>()

/** The way to the next refresh of a recorder's client. */
export const wireOf = (recorder: Recorder): Wire | undefined => wires.get(recorder)

/**
 * Begins to record what a client does, or returns the recorder that it has; then the options of the first call count.
 *
 * @throws TypeError when `auth` is no living client of this copy of the library, or an option is at fault
 */
export function createRecorder(auth: AuthClient, options: RecorderOptions = {}): Recorder {
  const existing = recorders.get(auth)
  if (existing) return existing
  const { limit = 500, survivesReload = false, ...unknown } = ownMembers(options)
  checkNames(unknown)
  check(Number.isInteger(limit) && limit > 0, 'limit', 'a whole number above 0')
  check(typeof survivesReload === 'boolean', 'survivesReload', 'true or false')
  const parts = insides.get(auth)
  check(parts, 'auth', 'a living client, made by createAuthClient() of the same copy of authfetch')
  const { checked, context } = parts
  const { clock, session, transport } = context
  const record = createRecord(limit, survivesReload ? `authfetch-recorder:${checked.name}` : undefined)
  const listeners = new Set<(observation: Observation) => void>()
  const jumped = watchJumps(clock)
  const missing = new Set<MissingPart>()
  let isStopped = false

  function add(sight: Sight): void {
    const observation = Object.freeze({ ...sight, at: clock.now() })
    record.add(observation)
    for (const listener of listeners) {
      try {
        listener(observation)
      } catch (error) {
        context.report(error)
      }
    }
    if (sight.kind === 'session') record.save()
  }

  function emit(sight: Sight): void {
    if (isStopped) return
    const by = jumped()
    if (by !== undefined) add({ kind: 'clock', step: 'jumped', by })
    add(sight)
    for (const part of auth.getState().degraded) {
      if (missing.has(part)) continue
      missing.add(part)
      add({ kind: 'degraded', step: 'missing', part })
    }
  }

  const save = (): void => record.save()
  const page: Partial<EventTarget> = globalThis

  function stop(): void {
    if (isStopped) return
    isStopped = true
    for (const undo of watchers) undo()
    page.removeEventListener?.('pagehide', save)
    record.save()
    listeners.clear()
    if (recorders.get(auth) === recorder) recorders.delete(auth)
  }

  const recorder: Recorder = Object.freeze<Recorder>({
    entries: record.entries,
    explain: () => explain(record.entries(), transport.holdsRefreshToken),
    toJSON: () => ({
      version: 1,
      at: clock.now(),
      explanation: recorder.explain(),
      status: auth.getState().status,
      holdsRefreshToken: transport.holdsRefreshToken,
      degraded: auth.getState().degraded,
      entries: record.entries(),
    }),
    subscribe(listener) {
      check(typeof listener === 'function', 'listener', 'a function')
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispose: stop,
  })

  const wire = watchWire(checked, transport, (delay, callback) => clock.after(delay, callback), emit)
  const watchers = [
    wire.stop,
    watchLedger(context.ledger, () => wire.loginStatus, emit),
    watchLocks(context.locks, emit),
    watchChannel(context.channel, (name) => parts.faces?.has(name) === true, emit),
    watchTimers(clock, checked.refreshTimeout, emit),
    watchSession(parts, emit),
  ]
  // `dispose()` of the client clears its session.
  const { clear } = session
  session.clear = () => {
    clear()
    stop()
  }
  watchers.push(() => {
    session.clear = clear
  })
  recorders.set(auth, recorder)
  wires.set(recorder, wire)
  page.addEventListener?.('pagehide', save)
  emit({ kind: 'record', step: 'begun', status: auth.getState().status })
  // The channel was opened before anybody watched.
  context.siblings.open()
  return recorder
}
