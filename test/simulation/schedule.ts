// One schedule: tabs with the real client, and a stranger's choices of what happens next.

import { audiences } from '../../src/audiences.ts'
import type { Entry } from '../../src/core/entry/entry.ts'
import {
  type AuthClient,
  createAuthClient,
  formerSession,
  RefreshUnavailableError,
  SessionEndedError,
} from '../../src/index.ts'
import { addressOf, type Count, namesOf, optionsOf } from './audiences.ts'
import { createProfile, type Profile, type Tab, type TabKind } from './browser.ts'
import { anyAudience, askFor, callAtOnce, callDenied, checkAudiences, isAtPeace } from './calls.ts'
import { createNetwork, type Fate, type Network } from './network.ts'
import { createObserver, type Observer, type Violation } from './observer.ts'
import { type Bound, createProofs } from './proofs.ts'
import { createServer, familyOf, type Server } from './server.ts'
import { createWorkers, type Workers } from './worker.ts'
import { type Actor, createRandom, createWorld, isQuiet, nextTurn, type World, walk } from './world.ts'

export interface Terms {
  readonly seed: number
  readonly tabs: number
  readonly policy: 0 | 'grace' | 'Infinity'
  /** The tabs start with a session that another library left in web storage. */
  readonly movesIn?: boolean
  /** The requests of the tabs pass through a service worker that keeps their answers. */
  readonly hasWorker?: boolean
  /** An application that signs in with tokens does so twice, as React's strict mode lets it. */
  readonly signsInTwice?: boolean
  /** The server says no by statuses, and others answer in its place. */
  readonly speaksByStatus?: boolean
  /** The tokens are bound to a key, and what a refresh makes of the refresh token. */
  readonly bound?: Bound | undefined
  /** How many audiences have tokens, the session's own among them. */
  readonly audiences?: Count | undefined
  readonly script?: readonly number[]
  readonly isTraced?: boolean
}

export interface Result {
  readonly violation: Violation | undefined
  readonly choices: readonly number[]
  readonly trace: readonly string[]
  readonly faults: Readonly<Record<string, number>>
  readonly steps: number
  /** How many refresh tokens were sent. */
  readonly requests: number
}

export interface Page {
  readonly actor: Actor
  /** In the back/forward cache, or frozen with notice. */
  isAway: boolean
  readonly tab: Tab
  readonly network: Network
  readonly client: AuthClient
  /** The audiences that its application knows. */
  readonly audiences: readonly string[]
  /** It is of a version that knows none: it forgets which tokens the others have. */
  readonly isOlder: boolean
}

/** The refresh token of another library, in web storage. */
interface Former {
  stored: string | undefined
  /** What a tab reads: it may be stale. */
  read(): string | undefined
  forget(): void
}

export interface Run {
  readonly world: World
  readonly server: Server
  readonly profile: Profile
  readonly observer: Observer
  readonly isCookie: boolean
  readonly former: Former | undefined
  readonly workers: Workers | undefined
  readonly resendWithin: number
  readonly signsInTwice: boolean
  /** The names of the audiences; the session's own has none. */
  readonly audiences: readonly string[]
  readonly pages: Page[]
  pending: number
}

const SHORT_TIMEOUT = 2_000
/** Its lease is longer than an owner may be silent. */
const LONG_TIMEOUT = 15_000
const GRACE = 40_000
const DECISIONS = 40
const MOST_STEPS = 20_000

export async function runSchedule(terms: Terms): Promise<Result> {
  const world = createWorld(terms.seed, terms.script, terms.isTraced === true)
  // The circumstances are no choices: they depend on the seed alone, and what it chooses stays as it is.
  const chance = createRandom(terms.seed ^ 0x2545f491)
  const refreshTimeout = chance() < 0.25 ? LONG_TIMEOUT : SHORT_TIMEOUT
  const isSlowServer = chance() < 0.1
  const pickKind = (): TabKind => (['without guards', 'without locks'] as const)[Math.floor(chance() * 16)] ?? 'new'
  const names = namesOf(terms.audiences ?? 1)
  const hasAudiences = names.length > 1
  const isCookie = world.choose(2) === 1 && !terms.movesIn && !terms.bound
  const isLenient = world.choose(4) === 3
  // A request that is repeated as it was shows nothing of a reuse there.
  const replays = hasAudiences && !isCookie && terms.policy === 'Infinity' && chance() < 0.5
  const server = createServer(terms.policy === 'grace' ? GRACE : 0, isLenient, terms.bound, replays)
  const resendWithin = terms.policy === 'grace' ? GRACE : terms.policy === 0 ? 0 : Number.POSITIVE_INFINITY
  let observer: Observer | undefined
  const profile = createProfile(world, () => observer as Observer)
  observer = createObserver({
    world,
    server,
    refreshTimeout,
    resendWithin,
    isCookie,
    staysSame: terms.bound === 'stays',
    hasAudiences,
  })
  const workers = terms.hasWorker ? createWorkers({ world, profile, observer, seed: terms.seed }) : undefined
  const former = terms.movesIn ? createFormer({ world, server, profile, observer }) : undefined
  const { signsInTwice = false } = terms
  const run: Run = {
    world,
    server,
    profile,
    observer,
    isCookie,
    former,
    workers,
    resendWithin,
    signsInTwice,
    audiences: names,
    pages: [],
    pending: 0,
  }
  observer.isForced = world.choose(2) === 1

  function open(): Page {
    const actor: Actor = { name: `tab${run.pages.length}`, isCrashed: false, isFrozen: false }
    const kind = pickKind()
    const speaksByStatus = terms.speaksByStatus === true
    // A tab of an application that has fewer audiences than the newest one.
    const known = hasAudiences && chance() < 0.1 ? names.slice(0, 1 + Math.floor(chance() * 2)) : names
    const isOlder = known.length === 1 && hasAudiences && chance() < 0.5
    const tab = profile.openTab(actor, kind, isOlder)
    const { bound } = terms
    const network = createNetwork(
      { ...run, speaksByStatus, refreshTimeout, isSlowServer, bound, names: known, isOlder },
      actor,
    )
    const client = createAuthClient({
      refresh: network.refresh,
      onSignOut: network.signOut,
      fetch: network.fetch,
      origins: ['https://api.test'],
      refreshTimeout,
      resendWithin,
      ...(former && { adopt: formerSession({ refreshToken: former.read, forget: former.forget }) }),
      ...(terms.bound && { proofs: createProofs(world, actor) }),
      ...(known.length > 1 && { audiences: audiences(optionsOf(known)) }),
      platform: tab.platform,
    })
    const page: Page = { actor, tab, network, client, audiences: known, isOlder, isAway: false }
    run.pages.push(page)
    return page
  }

  async function settle(until: number, isOver: () => boolean): Promise<void> {
    await nextTurn()
    while (!isOver() && !run.observer.violation) {
      if (!world.step(until)) return
      // Whoever takes so many steps goes round in circles.
      if (world.steps > MOST_STEPS) run.observer.fail('P4', 'the tabs never come to rest')
      await nextTurn()
    }
  }

  /** A caller who waits; whatever comes of it is fine, as long as something does. */
  function call(page: Page, promise: Promise<unknown>): void {
    run.pending++
    let isOpen = true
    const end = (): void => {
      if (isOpen) run.pending--
      isOpen = false
    }
    promise.then(end, end)
    callers.push({ page, end })
  }
  function abandon(page: Page): void {
    for (const caller of callers) if (caller.page === page) caller.end()
  }
  const callers: { readonly page: Page; readonly end: () => void }[] = []

  const first = open()
  if (former) await moveIn(run, terms.tabs, { open, call, abandon })
  else
    call(
      first,
      isCookie ? first.client.signIn(() => first.network.login('alice')) : first.client.signIn(server.signIn('alice')),
    )
  while (run.pages.length < terms.tabs) open()
  const prelude = former ? 0 : world.choose(16)
  if (prelude > 13) await takeOver(run, { open, call, abandon })
  if (prelude === 13) await handOver(run, { open, call, abandon })
  if (prelude === 12) await signInSilently(run, { open, call, abandon })
  // A server that speaks by statuses has no word for a resend that it refuses, so that a caller hears of it.
  if (prelude === 11 && !terms.speaksByStatus) await hiccup(run, { open, call, abandon })
  const isLeft = prelude === 10 || prelude === 9 || (terms.hasWorker && !former && prelude < 6)
  if (isLeft) await leaveAmid(run, { open, call, abandon })
  const scene = hasAudiences ? world.choose(8) : 0
  if (scene > 5 && prelude < 9 && !isLeft && !former) {
    world.isHostile = false
    await walk(world, 200, () => isAtPeace(run))
    if (isAtPeace(run)) await (scene === 7 ? callAtOnce(run, { open, call, abandon }) : callDenied(run))
    world.isHostile = true
  }
  const deal = hasAudiences ? DEAL_OF_AUDIENCES : DEAL
  for (let decision = 0; decision < DECISIONS && !observer.violation; decision++) {
    await act(run, deal[world.choose(deal.length)] as Action, { open, call, abandon })
    await nextTurn()
  }

  // From here on nothing goes wrong any more, and everything must come right.
  world.isHostile = false
  profile.denials.length = 0
  const standing = run.pages.filter(({ actor }) => !actor.isCrashed)
  // Some tabs sleep on, whatever they hold.
  const sleeps = standing.some(({ actor }) => !actor.isFrozen) && world.choose(2) === 1
  for (const page of standing) {
    if (!page.actor.isFrozen) continue
    if (sleeps) {
      abandon(page)
      continue
    }
    thaw(page)
  }
  const alive = standing.filter(({ actor }) => !actor.isFrozen)
  await settle(world.elapsed + 120_000, () => run.pending === 0)
  if (run.pending > 0) observer.fail('P4', `${run.pending} callers still wait`)
  if (!observer.violation) await checkAgreement(run, alive, settle, call)
  if (hasAudiences && !observer.violation) await checkAudiences(run, alive)
  if (former && !observer.violation) {
    const late = open()
    alive.push(late)
    call(late, late.client.restore())
    await settle(world.elapsed + 120_000, () => run.pending === 0)
    if (!profile.entry && observer.wipes === 0)
      observer.fail('P4', 'nobody has taken over the session of the other library')
    if (former.stored && profile.entry) observer.fail('P3', 'the other library still has its session')
  }
  const isMixed = run.pages.some(({ audiences: known }) => known.length < names.length)
  const isDenied = observer.sends.some(
    ({ deniedAt, heard, isGivenUp }) => isGivenUp || (deniedAt !== undefined && heard === 'failed'),
  )
  const isAlone = observer.wipes === 0 && !terms.bound && !former && !isMixed && !isDenied
  if (replays && isAlone && server.reuses > 0)
    observer.fail('P1', 'a server that replays its answers saw a refresh token twice under different keys')
  for (const { client, tab } of alive) {
    client.dispose()
    client.dispose()
    void tab
  }
  await settle(world.elapsed + 60_000, () => alive.every(({ tab }) => tab.leftovers().length === 0))
  for (const { tab, actor } of alive) {
    const left = tab.leftovers()
    if (left.length > 0) observer.fail('P10', `${actor.name} leaves ${left.join(', ')}`)
  }
  return {
    violation: observer.violation,
    choices: world.choices,
    trace: world.trace,
    faults: profile.faults,
    steps: world.steps,
    requests: observer.sends.length,
  }
}

function createFormer({
  world,
  server,
  profile,
  observer,
}: Pick<Run, 'world' | 'server' | 'profile' | 'observer'>): Former {
  const { refresh_token } = server.signIn('alice')
  const former: Former = {
    stored: refresh_token,
    read: () => (world.isHostile && world.choose(3) === 2 ? refresh_token : former.stored),
    forget() {
      former.stored = undefined
      if (!profile.entry && observer.wipes === 0) observer.fail('P7', 'forgotten before the ledger has it')
    },
  }
  return former
}

/** All tabs start at once; the one that was the first to take the session over may crash before it can say so. */
async function moveIn({ world, profile, pages, observer }: Run, count: number, cast: Cast): Promise<void> {
  while (pages.length < Math.max(2, count)) cast.open()
  for (const page of pages) cast.call(page, page.client.restore())
  if (world.choose(3) !== 2) return
  await walk(world, 60, () => profile.entry !== undefined)
  const page = pages.find(({ actor }) => actor === profile.founder)
  if (!page) return
  world.note(`${page.actor.name} crash`)
  page.actor.isCrashed = true
  observer.interruptions++
  profile.releaseAll(page.actor)
  cast.abandon(page)
}

/** One tab falls asleep amid its refresh, another takes over, and the first wakes amid the second's. */
async function takeOver(run: Run, { open, call }: Cast): Promise<void> {
  const { world, profile, pages, observer, audiences } = run
  const ownerNow = (): string | undefined => profile.entry?.attempt?.owner.split('-')[0]
  if (pages.length < 2) open()
  await walk(world, 400, () => profile.entry?.status === 'signed-in')
  if (audiences.length > 1) for (const page of pages) call(page, askFor(run, page))
  await walk(world, 400, () => ownerNow() !== undefined)
  const sleeper = pages.find(({ actor }) => actor.name === ownerNow())
  if (!sleeper) return
  profile.delaysNext = world.choose(2) === 1
  await walk(world, world.choose(4))
  sleeper.actor.isFrozen = true
  world.note(`${sleeper.actor.name} freeze`)
  observer.slept(sleeper.actor)
  await walk(world, 400, () => ownerNow() !== undefined && ownerNow() !== sleeper.actor.name)
  await walk(world, world.choose(24))
  thaw(sleeper)
  world.note(`${sleeper.actor.name} thaw`)
}

/** Somebody signs out in one tab and in again in another, which falls asleep wherever it is. */
async function handOver({ world, server, isCookie, pages, observer }: Run, { open, call }: Cast): Promise<void> {
  if (pages.length < 2) open()
  const [leaver, comer] = pages as [Page, Page]
  const signIn = (page: Page): void =>
    call(page, page.client.signIn(isCookie ? () => page.network.login('bob') : server.signIn('bob')))
  await walk(world, world.choose(8))
  if (world.choose(2) === 0) call(leaver, leaver.client.signOut())
  await walk(world, world.choose(8))
  signIn(comer)
  await walk(world, world.choose(16))
  comer.actor.isFrozen = true
  world.note(`${comer.actor.name} freeze`)
  observer.slept(comer.actor)
  await walk(world, world.choose(8))
  if (world.choose(2) === 0) signIn(leaver)
  else call(leaver, leaver.client.signOut())
  const startedAt = world.elapsed
  const most = world.choose(2) === 0 ? 16 : 60
  await walk(world, most, () => world.elapsed > startedAt + 2_000)
  thaw(comer)
  world.note(`${comer.actor.name} thaw`)
}

/** Somebody signs in in a tab that freezes before it can tell; a new tab that asks for the session tells the others. */
async function signInSilently({ world, profile, server, isCookie, pages, observer }: Run, cast: Cast): Promise<void> {
  // By a login function it would be told of before it runs.
  if (isCookie) return
  world.isHostile = false
  while (pages.length < 2) cast.open()
  const [comer, other] = pages as [Page, Page]
  await walk(world, 60, () => other.client.getState().status === 'signed-in')
  const epoch = profile.entry?.epoch
  cast.call(comer, comer.client.signIn(server.signIn('bob')))
  await walk(world, 20, () => profile.entry?.epoch !== epoch)
  comer.actor.isFrozen = true
  world.note(`${comer.actor.name} freeze`)
  observer.slept(comer.actor)
  const late = cast.open()
  cast.call(late, late.client.restore())
  await nextTurn()
  // Until the others have heard what it asks, and have looked; no timer of theirs may help them.
  await walk(world, 200, () => isQuiet(world))
  let token: string | undefined
  cast.call(
    other,
    other.client.getAccessToken().then((given) => {
      token = given
    }),
  )
  await walk(world, 60, () => token !== undefined)
  const { refreshToken } = profile.entry ?? {}
  if (token && refreshToken && familyOf(token) !== familyOf(refreshToken))
    observer.fail(
      'P2',
      `${other.actor.name} goes on with ${token} although ${late.actor.name} has asked for another session`,
    )
  thaw(comer)
  world.note(`${comer.actor.name} thaw`)
  world.isHostile = true
}

/** The longest that callers wait for the tries after a hiccup, and that a dead wire may keep them (in milliseconds). */
const HICCUP = 6_000
const DEAD_WIRE = 100

/** A refresh fails in a way that may be over in a moment; a caller hears of it only if it is not. */
async function hiccup({ world, profile, pages, observer }: Run, { call }: Cast): Promise<void> {
  world.isHostile = false
  const [{ client, actor }] = pages as [Page]
  await walk(world, 60, () => client.getState().status === 'signed-in')
  const [fate, times] = (
    [
      ['answer lost', 1],
      ['request lost', 1],
      ['429', 1],
      ['answer lost', 9],
      ['request lost', 9],
    ] as const
  )[world.choose(5)] as [Fate, number]
  profile.isDown = times > 1 && world.choose(2) === 1
  profile.fates.push(...Array<Fate>(times).fill(fate))
  const startedAt = world.elapsed
  const requests = observer.sends.length
  let settledAt: number | undefined
  let error: unknown
  world.note(`${actor.name} asks amid ${times} ${fate}${profile.isDown ? ', and the wire is dead' : ''}`)
  const asked = client.getAccessToken({ forceRefresh: true }).catch((reason) => {
    error = reason
  })
  call(pages[0] as Page, asked)
  void asked.then(() => {
    settledAt = world.elapsed
  })
  await nextTurn()
  await walk(world, 200, () => settledAt !== undefined)
  const waited = (settledAt ?? Number.POSITIVE_INFINITY) - startedAt
  if (times === 1 && error instanceof RefreshUnavailableError) observer.fail('P4', `a caller hears of one ${fate}`)
  if (waited > (profile.isDown ? DEAD_WIRE : HICCUP))
    observer.fail('P4', `a caller waits out ${waited} ms of an outage`)
  if (observer.sends.length > requests + 3) observer.fail('P4', 'a hiccup is tried again for ever')
  profile.fates.length = 0
  profile.isDown = false
  world.isHostile = true
}

/** Pages leave, with and without notice, and come back or do not. */
async function leave(
  { world, profile, observer, isCookie, workers }: Run,
  page: Page,
  { open, call, abandon }: Cast,
): Promise<void> {
  const { actor, tab } = page
  const way = WAYS[world.choose(WAYS.length)] as (typeof WAYS)[number]
  profile.faults[way] = (profile.faults[way] ?? 0) + 1
  world.note(`${actor.name} ${way}`)
  const isKept = way === 'hidden, locks kept' || way === 'hidden, locks dropped'
  if (way !== 'crash' && !isCookie && workers?.failsOnLeaving()) {
    page.network.fail()
    await nextTurn()
    await walk(world, 12)
  }
  if (way !== 'crash') tab.fire('hide')
  observer.slept(actor, true)
  if (isKept) {
    page.isAway = true
    actor.isFrozen = true
    if (way === 'hidden, locks dropped') profile.releaseAll(actor)
    return
  }
  actor.isCrashed = true
  profile.releaseAll(actor)
  abandon(page)
  if (way !== 'reload') return
  const successor = open()
  call(successor, successor.client.restore())
  call(successor, successor.client.getAccessToken())
}

const WAYS = ['crash', 'reload', 'close', 'hidden, locks kept', 'hidden, locks dropped'] as const

function thaw({ actor, tab, isAway }: Page): void {
  actor.isFrozen = false
  tab.fire(isAway ? 'show' : 'wake')
}

/** A page leaves amid its refresh or sign-out, perhaps so does its successor; others wait. */
async function leaveAmid(run: Run, cast: Cast): Promise<void> {
  const { world, profile, pages } = run
  const isSignOut = world.choose(4) === 3
  const busy = (): Page | undefined => {
    const { attempt, leaving } = profile.entry ?? {}
    const owner = (attempt && !attempt.doubt ? attempt.owner : leaving?.at(-1))?.split('-')[0]
    return pages.find(({ actor }) => actor.name === owner && !actor.isCrashed && !actor.isFrozen)
  }
  await walk(world, 400, () => profile.entry?.status === 'signed-in')
  if (world.choose(3) === 2) profile.fates.push('slow')
  if (run.audiences.length > 1 && world.choose(3) === 2) profile.denials.push('denied')
  const [first] = pages as [Page]
  cast.call(first, isSignOut ? first.client.signOut() : askFor(run, first, true))
  for (let times = 1 + world.choose(2); times > 0; times--) {
    await walk(world, 200, () => busy() !== undefined)
    const page = busy()
    if (!page) return
    await walk(world, world.choose(10))
    const patience = world.elapsed + 1_000
    if (world.choose(3) === 2) await walk(world, 60, () => world.elapsed >= patience)
    for (const other of pages) {
      if (other !== page && !other.actor.isCrashed && !other.actor.isFrozen && world.choose(2) === 1)
        cast.call(other, askFor(run, other))
    }
    await walk(world, world.choose(6))
    if (page.actor.isCrashed || page.actor.isFrozen) return
    await leave(run, page, cast)
    if (isSignOut || world.choose(4) === 3) {
      const comer = pages.find(({ actor }) => !actor.isCrashed && !actor.isFrozen) ?? cast.open()
      const source = run.isCookie ? () => comer.network.login('bob') : run.server.signIn('bob')
      cast.call(comer, comer.client.signIn(source))
    }
    await walk(world, world.choose(40))
    if (page.isAway && world.choose(2) === 1) thaw(page)
  }
}

/** Users and faults: what may happen between any two steps, and how often, in hundredths. */
const ACTIONS = {
  step: 66,
  call: 5,
  refresh: 4,
  abort: 1,
  'time passes': 6,
  freeze: 3,
  thaw: 3,
  crash: 1,
  'sign-in': 1,
  'sign-out': 1,
  open: 2,
  steal: 1,
  'clock jump': 1,
  sleep: 1,
  wipe: 1,
  hide: 1,
  'end of tokens': 2,
} as const
type Action = keyof typeof ACTIONS | 'burst'
const DEAL = Object.entries(ACTIONS).flatMap(([name, times]) => Array<Action>(times).fill(name as Action))
const DEAL_OF_AUDIENCES = [...DEAL, ...Array<Action>(4).fill('burst')]

export interface Cast {
  open(): Page
  call(page: Page, promise: Promise<unknown>): void
  /** Nobody waits in a tab that is gone. */
  abandon(page: Page): void
}

async function act(run: Run, action: Action, { open, call, abandon }: Cast): Promise<void> {
  const { world, profile, server, isCookie, signsInTwice, pages, observer } = run
  const any = (): Page => pages[world.choose(pages.length)] as Page
  const count = (kind: string, { actor }: Page): void => {
    profile.faults[kind] = (profile.faults[kind] ?? 0) + 1
    world.note(`${actor.name} ${kind}`)
  }
  const isAwake = ({ actor }: Page): boolean => !actor.isCrashed && !actor.isFrozen
  /** One session is nobody else's, whatever becomes of the ledger. */
  const watch = (promise: Promise<unknown>): Promise<unknown> =>
    promise.catch((error) => {
      const isSuperseded = error instanceof SessionEndedError && error.reason === 'superseded'
      if (isSuperseded && server.families.size < 2 && !observer.isFoundAnew)
        observer.fail('P4', 'a call ends for the sake of another session')
      throw error
    })
  const whenAwake = (task: (page: Page) => void): void => {
    const page = any()
    if (isAwake(page)) task(page)
  }
  switch (action) {
    case 'step':
      world.step(world.elapsed + 90_000)
      return
    case 'call':
      return whenAwake((page) => call(page, watch(page.client.authFetch(addressOf(anyAudience(run, page))))))
    case 'refresh':
      return whenAwake((page) => call(page, watch(askFor(run, page))))
    case 'burst':
      for (const page of pages) {
        if (!isAwake(page) || world.choose(3) === 0) continue
        for (const name of page.audiences) call(page, watch(page.client.authFetch(addressOf(name))))
      }
      return
    case 'abort':
      return whenAwake((page) => {
        const controller = new AbortController()
        call(page, watch(page.client.authFetch(addressOf(anyAudience(run, page)), { signal: controller.signal })))
        world.after(1, page.actor, 'aborts', () => controller.abort())
      })
    case 'time passes': {
      // An access token's life goes by, and nobody is kept from anything but a timer that is far away.
      const isQuiet = (): boolean =>
        world.events.every(
          (one) => one.isCancelled || one.actor?.isFrozen || (one.label === 'timer' && one.due > world.elapsed + 5_000),
        )
      await walk(world, 60, isQuiet)
      if (!isQuiet()) return
      world.elapsed += 50_000
      count(action, any())
      return
    }
    case 'freeze': {
      // Most telling is a tab that sleeps with a claim in hand.
      const owner = world.choose(2) === 1 ? profile.entry?.attempt?.owner.split('-')[0] : undefined
      const page = pages.find(({ actor }) => actor.name === owner) ?? any()
      if (!isAwake(page)) return
      count(action, page)
      page.actor.isFrozen = true
      observer.slept(page.actor)
      return
    }
    case 'thaw': {
      const page = pages.find(({ actor }) => actor.isFrozen)
      if (!page) return
      count(action, page)
      thaw(page)
      return
    }
    case 'crash': {
      const page = any()
      if (page.actor.isCrashed || pages.filter((one) => !one.actor.isCrashed).length < 2) return
      if (page.actor.isFrozen) {
        count(action, page)
        page.actor.isCrashed = true
        observer.slept(page.actor, true)
        profile.releaseAll(page.actor)
        return abandon(page)
      }
      return leave(run, page, { open, call, abandon })
    }
    case 'sign-in':
      return whenAwake((page) => {
        count(action, page)
        const user = world.choose(2) === 0 ? 'alice' : 'bob'
        const byHand = !isCookie && world.choose(2) === 0
        if (!byHand)
          return call(
            page,
            page.client.signIn(() => page.network.login(user)),
          )
        const tokens = server.signIn(user)
        if (!signsInTwice) return call(page, page.client.signIn(tokens))
        const { access_token, ...rest } = tokens
        const source = world.choose(2) === 0 ? tokens : rest
        call(page, page.client.signIn(source))
        call(page, page.client.signIn(source))
      })
    case 'sign-out':
      return whenAwake((page) => {
        count(action, page)
        call(page, page.client.signOut())
      })
    case 'open':
      if (pages.length < 5) {
        const page = open()
        call(page, page.client.restore())
      }
      return
    case 'steal':
      return profile.steal()
    case 'clock jump': {
      const jump = [600_000, -600_000, 3_000, -3_000][world.choose(4)] ?? 0
      if (jump < 0 && observer.wipes > 0) return
      count(action, any())
      world.wallOffset += jump
      world.jumps++
      world.wentBack ||= jump < 0
      return
    }
    case 'sleep':
      count(action, any())
      observer.interruptions++
      world.wallOffset += 3_600_000
      world.jumps++
      return
    case 'wipe':
      // With the clock set back as well nobody could tell which session is the newer one.
      if (world.choose(4) === 3 && !world.wentBack) profile.wipe(world.choose(2) === 1)
      return
    case 'hide': {
      const { tab, actor } = any()
      tab.isHidden = !tab.isHidden
      if (!tab.isHidden && !actor.isCrashed && !actor.isFrozen) tab.fire('wake')
      return
    }
    case 'end of tokens': {
      const family = server.families.get(`f${server.families.size - 1}`)
      if (world.choose(4) > 0) {
        count('access tokens refused', any())
        server.refuseAccess(run.audiences.length > 1 && world.choose(3) > 0 ? anyAudience(run, run) : undefined)
      } else if (family) {
        count('revoked by an administrator', any())
        family.isRevoked = true
      }
    }
  }
}

/** P2 and P3 at rest: every live tab shows what the ledger shows, and works. */
async function checkAgreement(
  run: Run,
  alive: readonly Page[],
  settle: (until: number, isOver: () => boolean) => Promise<void>,
  call: (page: Page, promise: Promise<unknown>) => void,
): Promise<void> {
  const { observer, profile, world, server, isCookie } = run
  // A page that is hidden may write after the others have looked, and tells nobody.
  let seen: Entry | undefined
  do {
    seen = profile.entry
    for (const { tab } of alive) tab.fire('wake')
    await settle(world.elapsed + 3_000, () => false)
  } while (profile.entry !== seen && !observer.violation)
  const tokens = new Map<Page, string | undefined>()
  for (const page of alive) {
    call(
      page,
      page.client.getAccessToken().then((token) => {
        tokens.set(page, token)
      }),
    )
  }
  await settle(world.elapsed + 120_000, () => run.pending === 0)
  if (run.pending > 0) observer.fail('P4', 'a caller waits although nothing is wrong')
  // A tab that missed the news shows it at its next look.
  for (const { tab } of alive) tab.fire('wake')
  await settle(world.elapsed + 3_000, () => false)
  const { entry } = profile
  if (!entry || observer.violation) return
  for (const { client, actor } of alive) {
    const { status } = client.getState()
    const wanted = entry.status === 'signed-in' ? 'signed-in' : 'signed-out'
    // A login that nobody ends: the session beside which it began stays shown until its token has expired.
    const isBesideLogin = entry.status === 'signing-in' && status === 'signed-in'
    if (entry.status !== 'unknown' && status !== wanted && !isBesideLogin) {
      observer.fail('P2', `${actor.name} is ${status}, the ledger says ${entry.status}`)
    }
  }
  const families = new Set([...tokens.values()].filter((token) => token !== undefined).map((token) => familyOf(token)))
  // Whose login's cookie came last is in the jar, and nobody is told: each tab learns it at its next refresh.
  const hasOtherJar = isCookie && profile.hasCrossedLogins
  if (observer.wipes === 0 && !hasOtherJar && entry.status === 'signed-in' && families.size > 1)
    observer.fail('P2', `tabs disagree: ${[...families].join(', ')}`)
  const isReuse = server.reuses > 0 && observer.wipes === 0
  const wasInDoubt =
    observer.interruptions > 0 ||
    observer.sends.some(({ heard, actor }) => /failed|nothing/.test(heard) || actor.isCrashed)
  if (isReuse && !wasInDoubt) observer.fail('P1', 'the server saw a reuse although every answer arrived')
}
