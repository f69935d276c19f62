// Watches one schedule from the server's side and through the ledger, and names the promise that was broken.

import type { Entry } from '../../src/core/entry/entry.ts'
import { overdueAfter } from '../../src/core/protocol/limits.ts'
import type { Proof } from './proofs.ts'
import { type Ask, audienceOf, type Family, familyOf, indexOf, type Server } from './server.ts'
import type { Actor, World } from './world.ts'

export class Violation extends Error {
  readonly promise: string
  constructor(promise: string, message: string) {
    super(`${promise}: ${message}`)
    this.promise = promise
  }
}

export interface Send {
  readonly actor: Actor
  readonly token: string
  /** For whom, and under which key. */
  readonly asked: Ask
  readonly at: number
  readonly wall: number
  /** How often the wall clock had jumped when it was claimed: by that instant the client counts. */
  readonly jumps: number
  /** The newest epoch of the ledger. */
  readonly epoch: number
  /** Its sender slept before the ledger had the answer, so that others may have taken the attempt for lost. */
  wasAsleep: boolean
  /** The ledger has moved on since. */
  isSettled: boolean
  /** What the ledger knew of its claim, and of the server. */
  readonly claim: Entry | undefined
  /** When its sender left or fell asleep. */
  leftAt: number | undefined
  /** Somebody has taken its attempt over. */
  isTakenOver: boolean
  /** Whether everybody can see that it has left. */
  isGone: boolean
  /** When its answer changes the cookie jar, where it takes the usual time. */
  landsAt: number | undefined
  /** What its sender has heard; `nobody`: there is no session behind a cookie, and each start may ask again. */
  heard: 'nothing' | 'granted' | 'rejected' | 'refused' | 'nobody' | 'failed'
  /** When it has heard that its audience gets no token; NaN if that may be said of its proof. */
  deniedAt: number | undefined
  /** It was for an audience that has failed again: the next request may be for another one. */
  isGivenUp: boolean
}

/** A refresh token on its way through a service worker. */
export interface Kept {
  readonly actor: Actor
  readonly token: string
  /** Whether the worker has nothing more to do. */
  isOver: boolean
  /** Whether the worker has heard of new tokens. */
  isGranted: boolean
  /** Whether nobody else has sent the token. */
  isAlone: boolean
  /** When the ledger knew of it, and how often the wall clock had jumped by then: a jump ends a pause. */
  markedAt: number | undefined
  jumps: number
}

export interface Observer {
  readonly sends: Send[]
  /** What service workers wait for, or have waited for. */
  readonly keeps: Kept[]
  readonly violation: Violation | undefined
  wipes: number
  /**
   * A tab that knew nothing has looked for a session, after the ledger was wiped or the session had ended without a verdict:
   * which one it is nobody can tell.
   */
  isFoundAnew: boolean
  /** The browser has refused a guard, so that a service worker may not see its page go. */
  isGuardRefused: boolean
  /** When the newest epoch began. */
  epochAt: number
  /** Tabs that were stopped in whatever they were doing. */
  interruptions: number
  /** Requests with an empty cookie jar. */
  anonymous: number
  /** Whether somebody asks for refreshes that nobody needs. */
  isForced: boolean
  sent(actor: Actor, token: string | undefined, claim: Entry | undefined, asked?: Ask): Send | undefined
  /** A tab freezes, whatever it has in hand; `isGone` if it has given up its locks. */
  slept(actor: Actor, isGone?: boolean): void
  /** Whether others may have taken its sender for gone, although it is back. */
  wasTakenForGone(send: Send): boolean
  /** A refresh of a bound session is heard with this proof. */
  proven(proof: Proof | undefined, family: Family | undefined): void
  /** A request of a tab goes to the API of this audience with this access token. */
  called(actor: Actor, accessToken: string | undefined, audience?: string): void
  /** A caller was given this access token for this audience. */
  given(actor: Actor, accessToken: string | undefined, audience: string): void
  posted(message: unknown): void
  /** A client revokes a refresh token. */
  revoked(token: string | undefined, entry: Entry | undefined): void
  committed(before: Entry | undefined, after: Entry, isOlder?: boolean): void
  /** Tokens that an answer of a page that was gone has put back into the cookie jar, later than anybody could wait for. */
  readonly restored: Set<string>
  /** When somebody has heard a no that is no verdict, since the session last moved on. */
  readonly refusals: { readonly wall: number; readonly elapsed: number }[]
  fail(promise: string, message: string): void
}

/**
 * How long an owner that may be asleep is left alone at least (in milliseconds). The client waits for four times as long,
 * and cannot tell sleep from messages that were lost before it.
 */
const SILENCE = 2_500

/** How long a worker that waits for an answer is left alone at least (in milliseconds). */
const KEEPING = 5_000

/** How long the ledger may take to hear that an answer is overdue (in milliseconds). */
const MARKING = 700

/** How long before a denial another tab may have been granted a token that is still on its way (in milliseconds). */
const CROSSING = 3_000

/** For how long a tab does not ask again for an audience that gets no token (in milliseconds). */
const DENIAL = 59_000

const OWN: Ask = { audience: '', key: '' }

/** What a message has of an access token. */
interface SharedToken {
  readonly audience?: string
  readonly tokens?: { readonly accessToken?: string }
}

export interface ObserverTerms {
  readonly world: World
  readonly server: Server
  readonly refreshTimeout: number
  readonly resendWithin: number
  readonly isCookie: boolean
  /** A refresh leaves the refresh token as it was. */
  readonly staysSame?: boolean
  readonly hasAudiences?: boolean
}

export function createObserver({
  world,
  server,
  refreshTimeout,
  resendWithin,
  isCookie,
  staysSame,
  hasAudiences = false,
}: ObserverTerms): Observer {
  const sends: Send[] = []
  const byToken = new Map<string, Send[]>()
  /** The newest access token that a tab has used, by audience. */
  const newest = new Map<string, string>()
  /** Since when it has used that. */
  const changedAt = new Map<string, number>()
  /** The first request under each key. */
  const byKey = new Map<string, Send>()
  const lineage = new Map<number, string>()
  /** The newest epoch of each family, and that of the newest family whose tokens a tab has used. */
  const epochs = new Map<string, number>()
  /** When a tab last fell asleep: it may wake to a newer generation of another audience, and drop what it has just been given. */
  const sleptAt = new Map<Actor, number>()
  const usedEpochs = new Map<Actor, number>()
  const durable = new Map<string, number>()
  const jumpsAtClaim = new Map<string, number>()
  /** The sessions that were signed out of. */
  const ended = new Set<string>()
  const proofs = new Set<number>()
  let violation: Violation | undefined
  let highest = 0
  /** A version that knows no audiences has claimed a resend, and forgotten for whom. */
  let isMixed = false

  /** The requests with a token; one that stays the same begins anew with each answer. */
  function sendsOf(token: string): readonly Send[] {
    const all = byToken.get(token) ?? []
    const isGranted = all.map(({ heard }) => heard === 'granted')
    return staysSame ? all.slice(isGranted.lastIndexOf(true) + 1) : all
  }

  const wasTakenForGone = ({ claim, leftAt = world.elapsed, isGone }: Send): boolean =>
    claim?.attempt?.owner.includes('~') === true && (isGone || world.elapsed - leftAt >= SILENCE)

  /** Why the sender of a request without an answer must be taken for living; undefined if it need not. */
  function whyAlive(send: Send): string | undefined {
    if (send.leftAt === undefined) return 'its sender lives'
    return wasTakenForGone(send) ? undefined : 'nobody can see that its sender is gone'
  }

  /** Why its answer may still change the cookie jar. */
  function whyPending(one: Send): string | undefined {
    const alive = whyAlive(one)
    if (alive || one.leftAt === undefined) return alive
    if (one.landsAt !== undefined && one.landsAt > world.elapsed) return 'its answer is on its way'
    const wasOverdue = one.leftAt - one.at > overdueAfter(one.claim?.usualWait) + MARKING
    return wasOverdue ? 'its answer was overdue when its sender left' : undefined
  }

  /** Whether a worker may have found an older claim of the same refresh token in a ledger that was set back. */
  const isMisled = (): boolean => observer.wipes > 0 && observer.keeps.length > 0

  /** A request is repeated as it was, for a server that replays its answers; what was denied is not repeated. */
  function checkKey(
    actor: Actor,
    token: string,
    asked: Ask,
    earlier: readonly Send[],
    attempt: Entry['attempt'],
  ): void {
    const { audience, key } = asked
    const named = (name: string): string => name || 'the own audience'
    const first = byKey.get(key)
    if (first && first.asked.audience !== audience && !first.asked.isUnknown && !asked.isUnknown)
      observer.fail(
        'P11',
        `under the key of a request for ${named(first.asked.audience)} asks one for ${named(audience)}`,
      )
    const last = earlier.at(-1)
    const isDoubtful = earlier.some(({ heard }) => heard === 'nothing' || heard === 'failed')
    if (last && isDoubtful && !isCookie && !staysSame && observer.wipes === 0) {
      const isKnown =
        (last.deniedAt ?? Number.NaN) >= 0 && !last.actor.isCrashed && !last.actor.isFrozen && !last.wasAsleep
      const isSame = last.asked.key === key || last.asked.isUnknown !== asked.isUnknown || isMixed
      if (last.deniedAt === undefined && !last.isGivenUp && !isSame)
        observer.fail('P1', `${token} is sent again under another key`)
      if (isKnown && last.asked.key === key) observer.fail('P11', `${token} is sent again with what was denied`)
    }
    const own = sends.filter((send) => send.actor === actor && send.asked.audience === audience).at(-1)
    const isGranted =
      (changedAt.get(`${actor.name} ${audience}`) ?? -1) >= (own?.at ?? 0) ||
      sends.some(
        (one) =>
          one !== own &&
          one.asked.audience === audience &&
          one.heard === 'granted' &&
          one.at >= (own?.at ?? 0) - CROSSING,
      )
    const isRepeated =
      own?.deniedAt !== undefined &&
      // An answer that comes behind a newer generation is not looked at.
      !own.wasAsleep &&
      !own.isTakenOver &&
      // Not what another tab has claimed.
      attempt?.id === attempt?.owner &&
      !isGranted &&
      world.elapsed - own.deniedAt < DENIAL &&
      own.jumps === world.jumps &&
      own.epoch === highest &&
      familyOf(own.token) === familyOf(token)
    if (isRepeated) observer.fail('P6', `${actor.name} asks again for ${named(audience)}, which was denied`)
  }

  /** The worker that has new tokens for this one, and had the time to write them. */
  const keeperOf = (token: string): Kept | undefined =>
    observer.keeps.find(
      (one) => one.token === token && one.isOver && one.isGranted && one.isAlone && one.markedAt !== undefined,
    )

  const observer: Observer = {
    sends,
    keeps: [],
    get violation() {
      return violation
    },
    wipes: 0,
    isFoundAnew: false,
    isGuardRefused: false,
    epochAt: 0,
    interruptions: 0,
    anonymous: 0,
    isForced: false,
    restored: new Set(),
    refusals: [],
    fail(promise, message) {
      if (violation) return
      violation = new Violation(promise, message)
      world.note(`!!! ${violation.message}`)
    },
    sent(actor, token, claim, asked = OWN) {
      if (token === undefined) {
        observer.anonymous++
        return undefined
      }
      const earlier = sendsOf(token)
      if (keeperOf(token) && observer.wipes === 0)
        observer.fail('P1', `${token} is known to be spent: ${keeperOf(token)?.actor.name} has heard it`)
      for (const one of observer.keeps) if (one.token === token) one.isAlone = false
      const sinceNobody = earlier.slice(earlier.map(({ heard }) => heard).lastIndexOf('nobody') + 1)
      const first = sinceNobody.find((one) => one.heard !== 'refused')
      for (const one of earlier) one.isTakenOver = true
      // Nobody can look into the jar.
      const isRestored = observer.restored.has(token)
      for (const one of earlier) {
        if (one.heard === 'refused' || one.heard === 'nobody' || observer.wipes > 0 || isRestored) continue
        const wait = world.elapsed - one.at
        const isGone = one.actor.isCrashed || one.actor.isFrozen
        if (resendWithin === 0) observer.fail('P1', `${token} sent twice although it counts as spent`)
        if (one.heard === 'nothing' && wait < refreshTimeout - 1) {
          const reason = isCookie ? whyPending(one) : whyAlive(one)
          if (reason) observer.fail('P1', `${token} sent while it is on the wire: ${reason}`)
        }
        if (one.heard === 'granted' && !isGone && !one.wasAsleep) observer.fail('P1', `${token} is known to be spent`)
        if (one.heard === 'rejected' && !isGone && !one.wasAsleep)
          observer.fail('P1', `${token} was refused for good and is sent again`)
      }
      // A clock that has jumped since the first of them was claimed cannot tell.
      // What stays the same has no grace.
      if (
        first &&
        !staysSame &&
        !isRestored &&
        observer.wipes === 0 &&
        first.jumps === world.jumps &&
        world.wall() - first.wall > resendWithin
      )
        observer.fail('P1', `${token} sent past the grace`)
      const send: Send = {
        actor,
        token,
        at: world.elapsed,
        wall: world.wall(),
        jumps: jumpsAtClaim.get(actor.name) ?? world.jumps,
        epoch: highest,
        claim,
        asked,
        deniedAt: undefined,
        isGivenUp: false,
        leftAt: undefined,
        isTakenOver: false,
        isGone: false,
        landsAt: undefined,
        wasAsleep: false,
        isSettled: false,
        heard: 'nothing',
      }
      const isCrossed = sends.some(
        (one) =>
          one.heard === 'nothing' &&
          !one.actor.isCrashed &&
          !one.actor.isFrozen &&
          !one.wasAsleep &&
          familyOf(one.token) === familyOf(token) &&
          indexOf(one.token) < indexOf(token) &&
          world.elapsed - one.at < refreshTimeout - 1,
      )
      if (isCrossed && observer.wipes === 0) observer.fail('P1', `${token} sent while an older one is on the wire`)
      // Nobody uses what was granted instead of a token of an audience that the tab does not know.
      const isOwn = (one: Send): boolean =>
        one.actor === actor && one.asked.audience === asked.audience && !one.asked.isUnknown
      const own = sends.filter(isOwn).at(-1)
      // With several audiences, other requests may lie between, and one in doubt is repeated for whomever it was.
      const isNext = hasAudiences
        ? earlier.length === 0 &&
          !own?.wasAsleep &&
          (sleptAt.get(actor) ?? -1) < (own?.at ?? 0) &&
          indexOf(own?.token ?? '') < indexOf(token)
        : indexOf(own?.token ?? '') + 1 === indexOf(token)
      // Another tab may have refreshed the same since, and lost the answer.
      const isLast = !sends.some((one) => one.asked.audience === asked.audience && one.at > (own?.at ?? 0))
      const isStorm = own?.heard === 'granted' && world.elapsed - own.at < 1_000 && isNext && (isLast || !hasAudiences)
      if (
        isStorm &&
        observer.wipes === 0 &&
        own.jumps === world.jumps &&
        own.epoch === highest &&
        !observer.isForced &&
        familyOf(own.token) === familyOf(token)
      ) {
        observer.fail('P6', `${actor.name} refreshes again what it has just refreshed`)
      }
      if (hasAudiences) checkKey(actor, token, asked, earlier, claim?.attempt)
      if (!byKey.has(asked.key)) byKey.set(asked.key, send)
      byToken.set(token, [...(byToken.get(token) ?? []), send])
      sends.push(send)
      return send
    },
    slept(actor, isGone = false) {
      sleptAt.set(actor, world.elapsed)
      observer.interruptions++
      for (const send of sends) {
        // What the ledger has moved on from may still be on the wire.
        if (send.actor !== actor || (send.isSettled && send.heard !== 'nothing')) continue
        send.wasAsleep = true
        send.leftAt ??= world.elapsed
        send.isGone ||= isGone
      }
    },
    wasTakenForGone,
    proven(proof, family) {
      if (!proof) observer.fail('P3', `${family?.id} is refreshed without its key`)
      else if (proof.key !== family?.key?.id) observer.fail('P3', `${family?.id} is refreshed with the key of another`)
      if (proof && proofs.has(proof.jti)) observer.fail('P1', 'a proof is used twice')
      proofs.add(proof?.jti ?? -1)
    },
    called(actor, accessToken, audience = '') {
      if (accessToken === undefined) return
      observer.given(actor, accessToken, audience)
      const whose = `${actor.name} ${audience}`
      const last = newest.get(whose)
      // With an older ledger, the cookie is ahead, and the answer of a page that was hidden looks newer than it is.
      const isAhead = hasAudiences && isCookie && observer.wipes > 0
      if (last && !isAhead && familyOf(last) === familyOf(accessToken) && indexOf(last) > indexOf(accessToken)) {
        observer.fail('P2', `${actor.name} goes back from ${last} to ${accessToken}`)
      }
      if (last !== accessToken) changedAt.set(whose, world.elapsed)
      newest.set(whose, accessToken)
      // Whoever has used a token of a session uses none of an older one, of whatever audience.
      const epoch = epochs.get(familyOf(accessToken)) ?? 0
      const used = usedEpochs.get(actor) ?? 0
      if (hasAudiences && epoch < used && observer.wipes === 0)
        observer.fail('P3', `${actor.name} uses ${accessToken} of a session that is over`)
      usedEpochs.set(actor, Math.max(epoch, used))
      const known = durable.get(familyOf(accessToken))
      if (known !== undefined && observer.wipes === 0 && indexOf(accessToken) > known) {
        observer.fail('P7', `${accessToken} is in use before the ledger has it`)
      }
    },
    given(actor, accessToken, audience) {
      if (accessToken !== undefined && audienceOf(accessToken) !== audience && !isMisled())
        observer.fail('P11', `${actor.name} has ${accessToken} for ${audience || 'the own audience'}`)
    },
    posted(message) {
      const { tokens, audience = '' } = message as SharedToken
      const accessToken = tokens?.accessToken
      if (accessToken !== undefined && audienceOf(accessToken) !== audience && !isMisled())
        observer.fail('P11', `${accessToken} is passed on as a token for ${audience || 'the own audience'}`)
      if (JSON.stringify(message).includes('rt.')) observer.fail('P8', 'the refresh token travels over the channel')
    },
    revoked(token, entry) {
      // A login that is running and fails goes back to the session before it.
      const isAlive = entry?.status === 'signed-in' || (entry?.status === 'signing-in' && entry.grant !== undefined)
      const isLiving = token && isAlive && entry.refreshToken && !isCookie && observer.wipes === 0
      if (isLiving && familyOf(token) === familyOf(entry.refreshToken as string)) {
        observer.fail('P5', 'a client revokes the grant it lives on')
      }
    },
    committed(before, after, isOlder = false) {
      const isBack =
        before && (after.epoch < before.epoch || (after.epoch === before.epoch && after.generation < before.generation))
      if (isBack) observer.fail('P2', `the ledger goes back from ${before.epoch}/${before.generation}`)
      const isAfterWipe = !before && observer.wipes > 0 && after.grant === undefined
      const isAfterSoftEnd = before?.soft === true && after.status === 'unknown'
      observer.isFoundAnew ||= isAfterWipe || isAfterSoftEnd
      if (!before && after.epoch <= highest) observer.fail('P3', 'a wiped ledger starts an epoch again')
      const { attempt } = after
      const pending = before?.attempt
      // An audience that has failed again gives the others their turn.
      if (attempt?.denied) {
        const tries = sends.filter(({ token }) => token === after.refreshToken)
        if (tries.length === 1 && tries[0]?.deniedAt === undefined && !pending?.resend && !isCookie)
          observer.fail('P1', 'an audience is given up at its first failure')
        for (const send of tries) send.isGivenUp = true
      }
      if (attempt?.keeper && attempt.keeper !== pending?.keeper) {
        const name = attempt.keeper.split('-')[0]
        const kept = observer.keeps.find(({ actor, token }) => actor.name === name && token === after.refreshToken)
        // Whoever waits counts from the first time on, though the page has called it in doubt since.
        if (kept?.markedAt === undefined) Object.assign(kept ?? {}, { markedAt: world.elapsed, jumps: world.jumps })
      }
      if (attempt?.resend && attempt.owner !== pending?.owner) {
        // A page that lives and has waited for its whole time-out may send again.
        const patience = Math.min(KEEPING, refreshTimeout)
        const isWaiting = ({ actor, token, isOver, markedAt = 0, jumps }: Kept): boolean =>
          token === after.refreshToken &&
          !isOver &&
          jumps === world.jumps &&
          !actor.isCrashed &&
          world.elapsed - markedAt < patience
        const kept = observer.keeps.find((one) => one.markedAt !== undefined && isWaiting(one))
        // The page has heard the answer that denies, which is the worker's too.
        if (kept && !pending?.denied && observer.wipes === 0 && !observer.isGuardRefused)
          observer.fail('P1', `${kept.token} is taken over although ${kept.actor.name} waits for its answer`)
      }
      isMixed ||= isOlder && attempt?.resend === true
      if (attempt && pending && attempt.owner !== pending.owner && attempt.resend && !isOlder) {
        const isSame = attempt.id === pending.id && attempt.audience === pending.audience
        if (!pending.denied && !isSame) observer.fail('P1', 'a resend is another request')
        if (pending.denied && attempt.id === pending.id) observer.fail('P11', 'what was denied is asked for again')
      }
      if (attempt && attempt.owner !== before?.attempt?.owner)
        jumpsAtClaim.set(attempt.owner.split('-')[0] as string, world.jumps)
      if (after.epoch > highest) observer.epochAt = world.elapsed
      highest = Math.max(highest, after.epoch)
      if (before?.epoch !== after.epoch || before.generation !== after.generation)
        for (const send of sends) send.isSettled = true
      if (after.soft && !before?.soft && observer.wipes === 0) {
        const [first, ...others] = observer.refusals
        // A machine that slept has paused, and a clock that jumps may hide a pause.
        const isPause = ({ wall, elapsed }: (typeof others)[number]): boolean =>
          first !== undefined && (Math.abs(wall - first.wall) >= 200 || elapsed - first.elapsed >= 200)
        if (!others.some(isPause)) observer.fail('P5', 'one refusal ends a session, or two without a pause')
      }
      if (before?.epoch !== after.epoch || before.generation !== after.generation) observer.refusals.length = 0
      if (after.refreshToken && !isCookie) {
        const family = familyOf(after.refreshToken)
        durable.set(family, Math.max(durable.get(family) ?? 0, indexOf(after.refreshToken)))
      }
      if (after.status === 'signed-in' && after.refreshToken && !isCookie) {
        const family = familyOf(after.refreshToken)
        const known = lineage.get(after.epoch)
        const previous = before?.epoch === after.epoch ? before.refreshToken : undefined
        if (previous && familyOf(previous) === family && indexOf(previous) > indexOf(after.refreshToken))
          observer.fail('P2', `back to ${after.refreshToken}`)
        if (known && known !== family) observer.fail('P3', `epoch ${after.epoch} changes from ${known} to ${family}`)
        if (ended.has(family) && observer.wipes === 0) observer.fail('P3', `${family} comes back after its sign-out`)
        lineage.set(after.epoch, family)
        epochs.set(family, Math.max(epochs.get(family) ?? 0, after.epoch))
        // Generations and refresh tokens advance together: a skipped one was spent by nobody's commit.
        const spent = server.families.get(family)
        if (spent && indexOf(after.refreshToken) > spent.current) observer.fail('P7', 'a token nobody issued')
      }
      if (before?.status === 'signed-out' && before.reason !== 'initial' && after.status === 'signed-in') {
        if (before.epoch === after.epoch) observer.fail('P3', 'a session that was signed out comes back')
      }
      if (before?.soft && after.reason === 'requested' && before.refreshToken && !isCookie)
        ended.add(familyOf(before.refreshToken))
      if (after.status === 'signed-out' && before?.status !== 'signed-out') {
        // What ended softly may be there again at the next start, and never after a sign-out.
        if (before?.refreshToken && !isCookie && !after.soft) ended.add(familyOf(before.refreshToken))
        const isVerdict = after.reason === 'rejected' || after.reason === 'reuse-detected'
        if (isVerdict && !after.soft && server.verdicts === 0 && observer.wipes === 0) {
          observer.fail('P5', `the session ended as ${after.reason} without a verdict`)
        }
        if (
          after.reason === 'in-doubt' &&
          before?.refreshToken &&
          keeperOf(before.refreshToken) &&
          observer.wipes === 0
        )
          observer.fail('P5', 'in doubt although a worker has the answer')
        const wasSent = sends.some(({ heard }) => heard === 'failed' || heard === 'nothing')
        const token = isCookie ? undefined : before?.refreshToken
        if (isVerdict && !after.soft && token && observer.wipes === 0) {
          // An administrator may have revoked it since.
          const isByOthers = server.reuses === 0 && server.families.get(familyOf(token))?.isRevoked
          const wasDenied = sendsOf(token).some(({ deniedAt, heard }) => deniedAt !== undefined && heard === 'failed')
          if (wasDenied && !isByOthers) observer.fail('P5', `a denied audience ends the session as ${after.reason}`)
          // A grant was lost, and not the answer that said no.
          const isSpent = (server.families.get(familyOf(token))?.current ?? 0) > indexOf(token)
          const isLost = isSpent && sendsOf(token).some(({ heard }) => heard === 'failed')
          if (isLost) observer.fail('P5', 'a lost answer is taken for a theft')
          if (!server.families.get(familyOf(token))?.isRevoked)
            observer.fail('P5', 'the server still honours the session')
        }
        if (
          after.reason === 'in-doubt' &&
          !wasSent &&
          observer.interruptions + observer.anonymous + observer.wipes === 0
        ) {
          observer.fail('P5', 'in doubt although nothing was sent in vain')
        }
      }
    },
  }
  return observer
}
