// One schedule: tabs with the real client, and a stranger's choices of what happens next.

import { type AuthClient, createAuthClient } from '../../src/index.ts'
import { createProfile, type Profile, type Tab } from './browser.ts'
import { createNetwork, type Network } from './network.ts'
import { createObserver, type Observer, type Violation } from './observer.ts'
import { createServer, familyOf, type Server } from './server.ts'
import { type Actor, createWorld, nextTurn, type World } from './world.ts'

export interface Terms {
  readonly seed: number
  readonly tabs: number
  readonly policy: 0 | 'grace' | 'Infinity'
  readonly script?: readonly number[]
  readonly isTraced?: boolean
}

export interface Result {
  readonly violation: Violation | undefined
  readonly choices: readonly number[]
  readonly trace: readonly string[]
  readonly faults: Readonly<Record<string, number>>
  readonly steps: number
}

interface Page {
  readonly actor: Actor
  readonly tab: Tab
  readonly network: Network
  readonly client: AuthClient
}

export interface Run {
  readonly world: World
  readonly server: Server
  readonly profile: Profile
  readonly observer: Observer
  readonly isCookie: boolean
  readonly pages: Page[]
  pending: number
}

const REFRESH_TIMEOUT = 2_000
const GRACE = 40_000
const API = 'https://api.test/things'
const DECISIONS = 40
const MOST_STEPS = 20_000

export async function runSchedule(terms: Terms): Promise<Result> {
  const world = createWorld(terms.seed, terms.script, terms.isTraced === true)
  const isCookie = world.choose(2) === 1
  const server = createServer(terms.policy === 'grace' ? GRACE : 0, world.choose(4) === 3)
  const resendWithin = terms.policy === 'grace' ? GRACE : terms.policy === 0 ? 0 : Number.POSITIVE_INFINITY
  let observer: Observer | undefined
  const profile = createProfile(world, () => observer as Observer)
  observer = createObserver({ world, server, refreshTimeout: REFRESH_TIMEOUT, resendWithin, isCookie })
  const run: Run = { world, server, profile, observer, isCookie, pages: [], pending: 0 }
  observer.isForced = world.choose(2) === 1
  let steps = 0

  function open(): Page {
    const actor: Actor = { name: `tab${run.pages.length}`, isCrashed: false, isFrozen: false }
    const tab = profile.openTab(actor)
    const network = createNetwork({ ...run, refreshTimeout: REFRESH_TIMEOUT }, actor)
    const client = createAuthClient({
      refresh: network.refresh,
      onSignOut: network.signOut,
      fetch: network.fetch,
      origins: ['https://api.test'],
      refreshTimeout: REFRESH_TIMEOUT,
      resendWithin,
      platform: tab.platform,
    })
    const page = { actor, tab, network, client }
    run.pages.push(page)
    return page
  }

  async function settle(until: number, isOver: () => boolean): Promise<void> {
    await nextTurn()
    while (!isOver() && !run.observer.violation) {
      if (!world.step(until)) return
      steps++
      // Whoever takes so many steps goes round in circles.
      if (steps > MOST_STEPS) run.observer.fail('P4', 'the tabs never come to rest')
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
  /** Nobody waits in a tab that is gone. */
  function abandon(page: Page): void {
    for (const caller of callers) if (caller.page === page) caller.end()
  }
  const callers: { readonly page: Page; readonly end: () => void }[] = []

  const first = open()
  call(
    first,
    isCookie ? first.client.signIn(() => first.network.login('alice')) : first.client.signIn(server.signIn('alice')),
  )
  while (run.pages.length < terms.tabs) open()
  if (world.choose(8) === 7) await takeOver(run, open)
  for (let decision = 0; decision < DECISIONS && !observer.violation; decision++) {
    const action = world.choose(100)
    if (action < 70) {
      if (world.step(world.elapsed + 90_000)) steps++
    } else {
      act(run, action, world.choose(run.pages.length), open, call, abandon)
    }
    await nextTurn()
  }

  // From here on nothing goes wrong any more, and everything must come right.
  world.isHostile = false
  const standing = run.pages.filter(({ actor }) => !actor.isCrashed)
  // Some tabs sleep on, whatever they hold.
  const sleeps = standing.some(({ actor }) => !actor.isFrozen) && world.choose(2) === 1
  for (const page of standing) {
    const { actor, tab } = page
    if (!actor.isFrozen) continue
    if (sleeps) {
      abandon(page)
      continue
    }
    actor.isFrozen = false
    tab.fire('wake')
  }
  const alive = standing.filter(({ actor }) => !actor.isFrozen)
  await settle(world.elapsed + 120_000, () => run.pending === 0)
  if (run.pending > 0) observer.fail('P4', `${run.pending} callers still wait`)
  if (!observer.violation) await checkAgreement(run, alive, settle, call)
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
  return { violation: observer.violation, choices: world.choices, trace: world.trace, faults: profile.faults, steps }
}

/** One tab falls asleep amid its refresh, another takes over, and the first wakes amid the second's. */
async function takeOver({ world, profile, pages, observer }: Run, open: () => Page): Promise<void> {
  const ownerNow = (): string | undefined => profile.entry?.attempt?.owner.split('-')[0]
  const walk = async (isThere: () => boolean): Promise<void> => {
    for (let steps = 0; steps < 400 && !isThere(); steps++) {
      world.step(world.elapsed + 90_000)
      await nextTurn()
    }
  }
  if (pages.length < 2) open()
  await walk(() => profile.entry?.status === 'signed-in')
  await walk(() => ownerNow() !== undefined)
  const sleeper = pages.find(({ actor }) => actor.name === ownerNow())
  if (!sleeper) return
  for (let steps = world.choose(4); steps > 0; steps--) {
    world.step(world.elapsed + 1_000)
    await nextTurn()
  }
  sleeper.actor.isFrozen = true
  world.note(`${sleeper.actor.name} freeze`)
  observer.interruptions++
  await walk(() => ownerNow() !== undefined && ownerNow() !== sleeper.actor.name)
  for (let steps = world.choose(6); steps > 0; steps--) {
    world.step(world.elapsed + 1_000)
    await nextTurn()
  }
  sleeper.actor.isFrozen = false
  sleeper.tab.fire('wake')
  world.note(`${sleeper.actor.name} thaw`)
}

/** Users and faults: what may happen between any two steps. */
function act(
  run: Run,
  action: number,
  which: number,
  open: () => Page,
  call: (page: Page, promise: Promise<unknown>) => void,
  abandon: (page: Page) => void,
): void {
  const { world, profile, server, isCookie, pages } = run
  const isFreeze = action >= 81 && action < 84
  const isThaw = action >= 84 && action < 87
  const owner = isFreeze && world.choose(2) === 1 ? profile.entry?.attempt?.owner.split('-')[0] : undefined
  // Most telling is a tab that sleeps with a claim in hand, and one that wakes amid another's.
  const page = (pages.find(({ actor }) => (isThaw ? actor.isFrozen : actor.name === owner)) ?? pages[which]) as Page
  const { actor, tab, client, network } = page
  const count = (kind: string): void => {
    profile.faults[kind] = (profile.faults[kind] ?? 0) + 1
    world.note(`${actor.name} ${kind}`)
  }
  const isAwake = !actor.isCrashed && !actor.isFrozen
  if (action < 75) {
    if (isAwake) call(page, client.authFetch(API))
  } else if (action < 78) {
    if (isAwake) call(page, client.getAccessToken({ forceRefresh: run.observer.isForced }))
  } else if (action < 79) {
    const controller = new AbortController()
    if (isAwake) call(page, client.authFetch(API, { signal: controller.signal }))
    world.after(1, actor, 'aborts', () => controller.abort())
  } else if (action < 81) {
    // An access token's life goes by, and nobody is kept from anything but a timer.
    if (world.events.some(({ actor, label, isCancelled }) => !isCancelled && !actor?.isFrozen && label !== 'timer'))
      return
    world.elapsed += 50_000
    count('time passes')
  } else if (action < 84) {
    if (isAwake) count('freeze')
    if (isAwake) actor.isFrozen = true
    run.observer.interruptions++
  } else if (action < 87) {
    if (!actor.isFrozen) return
    count('thaw')
    actor.isFrozen = false
    tab.fire('wake')
  } else if (action < 89) {
    if (actor.isCrashed || pages.filter((one) => !one.actor.isCrashed).length < 2) return
    count('crash')
    actor.isCrashed = true
    run.observer.interruptions++
    profile.releaseAll(actor)
    abandon(page)
  } else if (action < 90) {
    count('sign-in')
    const user = world.choose(2) === 0 ? 'alice' : 'bob'
    if (!isAwake) return
    const byHand = !isCookie && world.choose(2) === 0
    call(page, byHand ? client.signIn(server.signIn(user)) : client.signIn(() => network.login(user)))
  } else if (action < 92) {
    if (isAwake) count('sign-out')
    if (isAwake) call(page, client.signOut())
  } else if (action < 94) {
    if (pages.length < 5) call(open(), (pages.at(-1) as Page).client.restore())
  } else if (action < 95) {
    profile.steal()
  } else if (action < 96) {
    count('clock jump')
    const jump = [600_000, -600_000, 3_000, -3_000][world.choose(4)] ?? 0
    if (jump < 0 && run.observer.wipes > 0) return
    world.wallOffset += jump
    world.jumps++
    world.wentBack ||= jump < 0
  } else if (action < 97) {
    count('sleep')
    run.observer.interruptions++
    world.wallOffset += 3_600_000
    world.jumps++
  } else if (action < 98) {
    // With the clock set back as well nobody could tell which session is the newer one.
    if (world.choose(4) === 3 && !world.wentBack) profile.wipe()
  } else if (action < 99) {
    tab.isHidden = !tab.isHidden
    if (!tab.isHidden && isAwake) tab.fire('wake')
  } else {
    const family = server.families.get(`f${server.families.size - 1}`)
    if (world.choose(2) === 0) {
      count('access tokens refused')
      server.refuseAccess()
    } else if (family) {
      count('revoked by an administrator')
      family.isRevoked = true
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
  const { observer, profile, world, server } = run
  for (const { tab } of alive) tab.fire('wake')
  await settle(world.elapsed + 3_000, () => false)
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
    if (entry.status !== 'unknown' && status !== wanted) {
      observer.fail('P2', `${actor.name} is ${status}, the ledger says ${entry.status}`)
    }
  }
  const families = new Set([...tokens.values()].filter((token) => token !== undefined).map((token) => familyOf(token)))
  if (observer.wipes === 0 && entry.status === 'signed-in' && families.size > 1)
    observer.fail('P2', `tabs disagree: ${[...families].join(', ')}`)
  const isReuse = server.reuses > 0 && observer.wipes === 0
  const wasInDoubt =
    observer.interruptions > 0 ||
    observer.sends.some(({ heard, actor }) => /failed|nothing/.test(heard) || actor.isCrashed)
  if (isReuse && !wasInDoubt) observer.fail('P1', 'the server saw a reuse although every answer arrived')
}
