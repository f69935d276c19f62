// What is asked of several audiences: for whom a token is wanted, and what must hold when nothing goes wrong.

import { addressOf, type Denial, SPEAKING } from './audiences.ts'
import type { Cast, Page, Run } from './schedule.ts'
import { familyOf, LIFETIME } from './server.ts'
import { isQuiet, nextTurn, pass, type World, walk } from './world.ts'

/** For whom a token is wanted next. */
export const anyAudience = ({ world }: Run, { audiences }: Pick<Page, 'audiences'>): string =>
  audiences.length > 1 ? (audiences[world.choose(audiences.length)] as string) : ''

/** Somebody asks for the token of an audience. */
export async function askFor(run: Run, page: Page, forceRefresh = run.observer.isForced): Promise<unknown> {
  const { client, actor } = page
  const { observer, profile, isCookie } = run
  const audience = anyAudience(run, page)
  const familyNow = (): string | undefined => {
    const { refreshToken } = profile.entry ?? {}
    return refreshToken && familyOf(refreshToken)
  }
  const family = familyNow()
  // Others may not have heard of it yet.
  const isKnown = observer.sends.some((send) => send.actor === actor && familyOf(send.token) === family)
  const token = await client.getAccessToken({ forceRefresh, ...(audience && { audience }) }).catch((error) => {
    if ((error as Denied).code === 'audience-denied' && (error as Denied).audience !== audience)
      observer.fail('P11', `a caller for ${audience} hears that ${(error as Denied).audience} is denied`)
    const isOurs = observer.sends.some(
      ({ asked, deniedAt, heard, token }) =>
        asked.audience === audience && (deniedAt !== undefined || heard === 'refused') && familyOf(token) === family,
    )
    if (isDenied(error) && isKnown && !isCookie && family === familyNow() && !isOurs && observer.wipes === 0)
      observer.fail('P3', `a caller for ${audience} hears of a denial of another session`)
    throw error
  })
  observer.given(actor, token, audience)
  return token
}

interface Denied {
  readonly code?: string
  readonly audience?: string
}

const isDenied = (error: unknown): boolean => (error as Denied | undefined)?.code === 'audience-denied'

/** Goes on until each promise has settled or nothing more happens; resolves with what they were rejected with. */
async function gather(world: World, promises: readonly Promise<unknown>[], most = 4_000): Promise<readonly unknown[]> {
  const errors: unknown[] = Array(promises.length).fill('pending')
  for (const [index, promise] of promises.entries()) {
    promise.then(
      () => {
        errors[index] = undefined
      },
      (error) => {
        errors[index] = error
      },
    )
  }
  await nextTurn()
  await walk(world, most, () => !errors.includes('pending'))
  return errors
}

/** How many requests were sent for each audience since there were `before`. */
function countSince({ observer, audiences }: Run, before: number): readonly number[] {
  const sent = observer.sends.slice(before).map(({ asked }) => asked.audience)
  return audiences.map((name) => sent.filter((audience) => audience === name).length)
}

/** Whoever calls, and however many at once: one request for each audience, and none for a tab that comes later. */
async function checkCalls(run: Run, pages: readonly Page[], times: number): Promise<void> {
  const { world, profile, server, observer, audiences } = run
  const { refreshToken } = profile.entry ?? {}
  const before = observer.sends.length
  // An older version takes its own token for a newer one, where another audience has been given one.
  const newer = pages.filter(({ isOlder }) => !isOlder)
  const calls = newer.flatMap(({ client, audiences: known }) =>
    known.flatMap((name) => Array.from({ length: times }, () => client.authFetch(addressOf(name)))),
  )
  const answers = await gather(
    world,
    calls.map((call) => call.then(({ status }) => status !== 200 && Promise.reject(status))),
  )
  const error = answers.find((one) => one !== undefined)
  // A request that was late shows the server a reuse.
  const token = refreshToken ?? profile.jar
  const isRevoked = token !== undefined && server.families.get(familyOf(token))?.isRevoked
  if (error !== undefined && !isRevoked) observer.fail('P4', `a call fails although nothing is wrong: ${error}`)
  for (const [index, count] of countSince(run, before).entries())
    if (count > 1 && !isRevoked && !run.pages.some(({ isOlder }) => isOlder))
      observer.fail('P6', `${count} requests at once for ${audiences[index] || 'the own audience'}`)
}

/** Whether everybody is signed in, and nothing is under way. */
export function isAtPeace({ world, profile, pages }: Run): boolean {
  const { status, attempt, retry } = profile.entry ?? {}
  const isReady = ({ client, actor }: Page): boolean => {
    const state = client.getState()
    return state.status === 'signed-in' && state.ready && !actor.isCrashed && !actor.isFrozen
  }
  return status === 'signed-in' && !attempt && !retry && pages.every(isReady) && isQuiet(world)
}

/** Many calls to all audiences at once, in all tabs. */
export async function callAtOnce(run: Run, { open, call }: Cast): Promise<void> {
  const { world, server, pages, observer } = run
  await checkCalls(run, pages, 3)
  await pass(world, 1_000)
  if (world.choose(2) === 1) {
    // Older than what a 401 leaves alone.
    await pass(world, 6_000)
    server.refuseAccess()
    await checkCalls(run, pages, 2)
    await pass(world, 1_000)
  }
  if (pages.length > 4) return
  const late = open()
  const isNew =
    pages.some(({ isOlder }) => isOlder) ||
    late.audiences.some((name) => !pages.some((page) => page !== late && page.audiences.includes(name)))
  const before = observer.sends.length
  call(late, late.client.restore())
  await checkCalls(run, [late], 2)
  if (observer.sends.length > before && !isNew)
    observer.fail('P6', 'a new tab asks the server for what the others have')
}

/** An audience is denied: its callers hear of it, those of the others wait for nothing, and the session goes on. */
export async function callDenied(run: Run): Promise<void> {
  const { world, profile, server, pages, observer } = run
  const page = pages.find(({ audiences }) => audiences.length > 1)
  if (!page) return
  const { client, actor, audiences } = page
  const denied = audiences.at(-1) as string
  const denials: readonly Denial[] = ['denied', 'target denied', 'target denied, spent', 'ignored']
  const denial = denials[world.choose(denied === SPEAKING ? 4 : 3)] as Denial
  const { reuses } = server
  const startedAt = world.elapsed
  profile.denials.push(denial)
  world.note(`${actor.name} asks for ${denied}, which is ${denial}`)
  const others = audiences.slice(0, -1)
  const [error, ...errors] = await gather(world, [
    client.getAccessToken({ audience: denied }),
    ...others.map((audience) => client.getAccessToken({ forceRefresh: true, ...(audience && { audience }) })),
  ])
  profile.denials.length = 0
  const waited = world.elapsed - startedAt
  const state = client.getState()
  if (state.status === 'signed-out') {
    const mayEnd = denial.startsWith('target') && (run.resendWithin === 0 || server.reuses > reuses)
    if (!mayEnd) observer.fail('P5', `an audience that was ${denial} ends the session as ${state.reason}`)
    if (state.reason !== 'in-doubt') observer.fail('P5', `the session ends as ${state.reason} after ${denial}`)
    return
  }
  if (!isDenied(error)) observer.fail('P4', `a caller does not hear that its audience was ${denial}: ${error}`)
  const hindered = errors.find((one) => one !== undefined)
  if (hindered && server.reuses === reuses)
    observer.fail('P4', `another audience is hindered by one that was ${denial}: ${hindered}`)
  if (waited > 3_000) observer.fail('P4', `other audiences wait ${waited} ms for one that was ${denial}`)
  const before = observer.sends.length
  const [again] = await gather(world, [client.authFetch(addressOf(denied))])
  if (!isDenied(again)) observer.fail('P4', `a call to an audience that was ${denial} is not told so: ${again}`)
  if (countSince(run, before)[audiences.length - 1])
    observer.fail('P6', `what was ${denial} is asked for again at once`)
  await pass(world, 61_000)
  const [last] = await gather(world, [client.authFetch(addressOf(denied))])
  if (isDenied(last)) observer.fail('P4', 'a denial lasts for ever')
}

/** For how long a denial stands (in milliseconds). */
const DENIAL = 60_000

/** When all tokens have expired: one request for each audience; and then none for those that nobody uses. */
export async function checkAudiences(run: Run, alive: readonly Page[]): Promise<void> {
  const { world, profile, observer } = run
  // A denial is over by then.
  await pass(world, LIFETIME * 1_000 + 1_000)
  const isSignedIn = alive.every(({ client }) => client.getState().status === 'signed-in')
  const { status, retry, attempt } = profile.entry ?? {}
  // A server that replays its answers may have denied an audience just now.
  const isBarred = observer.sends.some(
    ({ deniedAt = Number.NEGATIVE_INFINITY }) => !(world.elapsed - deniedAt >= DENIAL),
  )
  const isPaused = retry && retry.setAt <= world.wall() && retry.at > world.wall()
  if (
    !isSignedIn ||
    status !== 'signed-in' ||
    attempt ||
    isPaused ||
    isBarred ||
    alive.length === 0 ||
    observer.violation
  )
    return
  world.note('all calls at once')
  await checkCalls(run, alive, 2)
  const families = new Set<string>()
  const asked = alive.flatMap(({ client, actor, audiences }) =>
    audiences.map(async (audience) => {
      const token = await client.getAccessToken(audience ? { audience } : {})
      observer.given(actor, token, audience)
      if (token !== undefined) families.add(familyOf(token))
    }),
  )
  await gather(world, asked)
  if (families.size > 1 && observer.wipes === 0 && !profile.hasCrossedLogins && !profile.isJarMixed)
    observer.fail('P2', `audiences disagree: ${[...families].join(', ')}`)
  if (world.choose(4) !== 3) return
  await pass(world, LIFETIME * 3_000)
  const before = observer.sends.length
  await pass(world, LIFETIME * 2_000)
  const [, ...others] = countSince(run, before)
  if (others.some((count) => count > 0)) observer.fail('P6', 'a token that nobody uses is renewed for ever')
}
