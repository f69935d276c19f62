// The network between a tab and the servers: requests and answers are events, and each may be lost or late.

import { AudienceDeniedError } from '../../src/audiences/denied-error.ts'
import { RefreshUnavailableError, SessionEndedError } from '../../src/core/errors.ts'
import type { Refresh, RefreshRequest, SignOut } from '../../src/refresh/transport.ts'
import { audienceAt, DENIALS, type Denial, REFUSALS, SPEAKING } from './audiences.ts'
import type { Profile } from './browser.ts'
import type { Observer, Send } from './observer.ts'
import { type Bound, type Proof, readProof } from './proofs.ts'
import { type Ask, audienceOf, familyOf, type Server, type Tokens } from './server.ts'
import type { Settle, Workers } from './worker.ts'
import type { Actor, World } from './world.ts'

export interface Network {
  /** The page leaves, and its requests fail. */
  fail(): void
  readonly fetch: typeof fetch
  readonly refresh: Refresh
  readonly signOut: SignOut
  login(user: string): Promise<Tokens>
}

export interface NetworkTerms {
  readonly world: World
  readonly server: Server
  readonly profile: Profile
  readonly observer: Observer
  readonly isCookie: boolean
  readonly refreshTimeout: number
  readonly speaksByStatus: boolean
  readonly isSlowServer: boolean
  /** What the requests pass through, where the application has a service worker. */
  readonly workers: Workers | undefined
  readonly bound: Bound | undefined
  /** The audiences that its application knows. */
  readonly names: readonly string[]
  /** It is of a version that knows none. */
  readonly isOlder: boolean
}

export type Fate =
  | 'fine'
  | 'request lost'
  | 'answer lost'
  | '429'
  | '503'
  | 'slow'
  | 'body lost'
  | 'html'
  | 'request late'
const FATES: readonly Fate[] = [
  'fine',
  'request lost',
  'answer lost',
  '429',
  '503',
  'slow',
  'body lost',
  'html',
  'request late',
]

/** What a gateway, a firewall or a guard against CSRF answers in the server's place: nothing is spent. */
const INSTEAD: readonly (readonly [status: number, text: string, isNo: boolean])[] = [
  [403, '<html>', false],
  [403, '{"message":"Forbidden"}', true],
  [404, '', false],
  [200, '<html>', false],
  [419, '{"message":"CSRF token mismatch."}', true],
]

/** What may be wrong with a proof; most are right. */
const PROOF_FAULTS = ['use_dpop_nonce', 'use_dpop_nonce', 'proof refused', 'heard twice'] as const
let nonces = 0

/** How long the answer to a request that was given up may still be heard (in milliseconds). */
const ABORTING = 50

/** How long a login may take to hear that it was overtaken (in milliseconds). */
const OVERTAKING = 1_050

export function createNetwork(terms: NetworkTerms, actor: Actor): Network {
  const {
    world,
    server,
    profile,
    observer,
    isCookie,
    refreshTimeout,
    isSlowServer,
    speaksByStatus,
    bound,
    names,
    isOlder,
  } = terms

  function pickFate(): Fate {
    const choice = world.isHostile ? world.choose(21) - 12 : 0
    const fate = profile.fates.shift() ?? (profile.delaysNext ? 'request late' : (FATES[Math.max(0, choice)] ?? 'fine'))
    profile.delaysNext = false
    if (fate !== 'fine') profile.faults[fate] = (profile.faults[fate] ?? 0) + 1
    return fate
  }

  /** What the server has against an audience; most often nothing. */
  function pickDenial(audience: string): Denial | undefined {
    if (!audience) return undefined
    const denial = profile.denials.shift() ?? (world.isHostile ? DENIALS[world.choose(28) - 23] : undefined)
    if (denial === 'ignored' && audience !== SPEAKING) return undefined
    if (denial) profile.faults[denial] = (profile.faults[denial] ?? 0) + 1
    return denial
  }

  const failures = new Set<() => void>()

  const delay = (): number => (world.isHostile ? ([1, 20, 200][world.choose(3)] ?? 1) : 1)
  /** Of a server that always takes its time. */
  const reflect = (): number => (isSlowServer && world.isHostile ? delay() + 600 : delay())

  function exchange(
    token: string | undefined,
    send: Send | undefined,
    signal: AbortSignal,
    asked: Ask,
    proof?: Proof,
  ): Promise<unknown> {
    const fate = pickFate()
    const { jarEpoch } = profile
    const sentAt = world.elapsed
    world.note(`${actor.name} sends ${token}${asked.audience && ` for ${asked.audience}`} (${fate})`)
    return new Promise((resolve, reject) => {
      let isOver = false
      const hearOf = (heard: Send['heard'], settle: Settle, isDenial: boolean | 'perhaps' = false): void => {
        if (isOver) return
        isOver = true
        // The sender has given up by then.
        if (send && !signal.aborted) {
          send.heard = heard
          if (isDenial && send.asked.audience === asked.audience)
            send.deniedAt = isDenial === 'perhaps' ? Number.NaN : world.elapsed
        }
        if (send) send.wasAsleep = world.elapsed - send.at > refreshTimeout || observer.wasTakenForGone(send)
        settle({ resolve, reject })
      }
      const fail: Settle = (ends) => ends.reject(new TypeError('network error'))
      failures.add(() => hearOf('failed', fail))
      const passage = terms.workers?.pass(isCookie ? undefined : token, () =>
        world.after(0, actor, 'its worker was stopped', () => {
          hearOf('failed', fail)
        }),
      )
      const arrive = (
        what: string,
        heard: Send['heard'],
        settle: Settle,
        wait = delay(),
        isDenial: boolean | 'perhaps' = false,
      ): void => {
        passage?.arrive(what, heard === 'granted', settle, wait)
        world.after(wait, actor, what, () => hearOf(heard, settle, isDenial))
      }
      const lose = (): void => arrive('network error', 'failed', fail)
      /** An answer that only a status and a body tell of; a `no` counts towards the end of a session. */
      const answerBy = (
        status: number,
        text: string,
        heard: Send['heard'],
        isNo = false,
        {
          wait,
          nonce = null,
          isDenial,
        }: { readonly wait?: number; readonly nonce?: string | null; readonly isDenial?: boolean | 'perhaps' } = {},
      ): void =>
        arrive(
          `answer ${status}`,
          heard,
          (ends) => {
            if (isNo) observer.refusals.push({ wall: world.wall(), elapsed: world.elapsed })
            const get = (name: string): string | null => (name === 'dpop-nonce' ? nonce : null)
            const response = { status, ok: status < 400, headers: { get }, text: async () => text }
            ends.resolve({ ...response, clone: () => response })
          },
          wait,
          isDenial,
        )
      /** The session goes on; where the code tells nothing of the refresh token, it may be spent. */
      const deny = (denial: Denial): void => {
        const wait = fate === 'slow' ? 1_200 : delay()
        const terms = { isDenial: true, wait }
        if (denial !== 'denied') return void answerBy(400, '{"error":"invalid_target"}', 'failed', false, terms)
        const body = REFUSALS[world.isHostile ? world.choose(REFUSALS.length) : 0]
        // That may be said of a proof, so that the request is made once more.
        const isUnclear = bound !== undefined && /invalid_request/.test(body ?? '')
        if (body) return void answerBy(400, body, 'refused', false, { wait, isDenial: isUnclear ? 'perhaps' : true })
        const error = new AudienceDeniedError(asked.audience, 'unknown_audience')
        arrive('answer denied', 'refused', (ends) => ends.reject(error), wait, true)
      }
      /** What is wrong with the proof; nothing is spent, unless the browser has sent the request twice. */
      const refuseProof = (): boolean => {
        const kind = bound && world.isHostile ? PROOF_FAULTS[world.choose(10)] : undefined
        if (!kind) return false
        const family = token === undefined ? undefined : server.families.get(familyOf(token))
        const isDouble = kind === 'heard twice'
        // A second verdict in a row is one.
        if (isDouble && family?.wasDoubled) return false
        if (isDouble && family) family.wasDoubled = true
        profile.faults[kind] = (profile.faults[kind] ?? 0) + 1
        world.note(`  server: ${kind}`)
        if (kind === 'use_dpop_nonce') {
          const wait = [1, 200, refreshTimeout - 10][world.choose(3)] as number
          answerBy(400, '{"error":"use_dpop_nonce"}', 'refused', false, { wait, nonce: `nonce-${nonces++}` })
        } else if (kind === 'proof refused') answerBy(400, '{"error":"invalid_dpop_proof"}', 'refused')
        else {
          server.refresh(token, world.elapsed)
          server.verdicts++
          // The answer to the first is lost, and with it the next refresh token; one that is known to stay is as good as
          // before.
          const { rotates } = (send?.claim?.bound ?? {}) as { readonly rotates?: boolean }
          if (rotates !== false) server.revoke(token)
          answerBy(400, '{"error":"invalid_grant"}', rotates === false ? 'refused' : 'rejected')
        }
        return true
      }
      const hear = (): void => {
        if (fate === 'request lost') return void lose()
        if (fate === '429' || fate === '503') {
          const error = new RefreshUnavailableError(fate, { retryAt: world.wall() + 500 })
          return void arrive(`answer ${fate}`, 'refused', (ends) => ends.reject(error))
        }
        if (fate === 'html' && speaksByStatus) {
          const [status, text, isNo] = INSTEAD[world.choose(INSTEAD.length)] as (typeof INSTEAD)[number]
          return void answerBy(status, text, 'refused', isNo)
        }
        if (fate === 'html') return void arrive('answer 502', 'failed', (ends) => ends.reject(new Error('502')))
        if (token !== undefined && bound) observer.proven(proof, server.families.get(familyOf(token)))
        if (refuseProof()) return
        const family = bound && token !== undefined ? server.families.get(familyOf(token)) : undefined
        const answer = server.refresh(token, world.elapsed, { ...asked, denial: pickDenial(asked.audience) })
        // A denial does not tell that the proof was fine, and nobody hears the answer to a request that was overtaken.
        if (family && 'tokens' in answer && fate !== 'request late') family.wasDoubled = false
        const said = 'verdict' in answer ? answer.verdict : 'denial' in answer ? answer.denial : 'grants'
        world.note(`  server ${'tokens' in answer ? `grants ${answer.tokens.refresh_token}` : said}`)
        if (fate === 'answer lost') return void lose()
        if ('denial' in answer) return void deny(answer.denial)
        if ('verdict' in answer && speaksByStatus) {
          const status = world.choose(2) === 0 ? 401 : 403
          const isVerdict = isCookie && status === 401
          // Nobody is known then: each start may ask again.
          const isStranger = profile.entry?.status === 'unknown'
          const heard = isStranger ? 'nobody' : isVerdict ? 'rejected' : 'refused'
          return void answerBy(status, '', heard, !isVerdict)
        }
        if ('verdict' in answer && bound) {
          // One that stays may be asked for again with another proof: what ends a session is checked against the server.
          const { rotates } = (send?.claim?.bound ?? {}) as { readonly rotates?: boolean }
          return void answerBy(400, '{"error":"invalid_grant"}', rotates === false ? 'refused' : 'rejected')
        }
        if ('verdict' in answer) {
          return void arrive('answer refused', 'rejected', (ends) => ends.reject(new SessionEndedError(answer.verdict)))
        }
        const { refresh_token, ...rest } = answer.tokens
        // Where the lease is long, later than any grace.
        const latest = Math.max(1_700, refreshTimeout / 3)
        const wait =
          fate === 'slow'
            ? ([refreshTimeout + ABORTING - 25, refreshTimeout + 500, 1_200, latest][world.choose(4)] as number)
            : delay()
        if (send && isCookie && fate !== 'slow' && fate !== 'request late') send.landsAt = world.elapsed + wait
        if (isCookie) {
          // The jar changes when the headers arrive, tab or no tab.
          world.after(wait, undefined, `cookie of ${actor.name}`, () => {
            // A browser closes the connection of a request that is given up, but not at once.
            if (signal.aborted && world.elapsed - sentAt > refreshTimeout + ABORTING) return
            // One that comes after its time-out, or after the answer to its own resend, cannot be waited for.
            const isOvertaken =
              jarEpoch !== profile.jarEpoch &&
              profile.jar !== undefined &&
              world.elapsed - sentAt < refreshTimeout &&
              !send?.isTakenOver &&
              observer.wipes === 0 &&
              !profile.hasCrossedLogins
            profile.isJarMixed ||= jarEpoch !== profile.jarEpoch && profile.jar !== undefined
            if (isOvertaken) observer.fail('P3', 'a late answer overwrites the cookie of a newer session')
            if (send?.isTakenOver && send.landsAt === undefined && refresh_token) observer.restored.add(refresh_token)
            profile.jar = refresh_token
          })
        }
        if (fate === 'body lost' && isCookie) {
          const read = { status: 200, headers: { get: () => null }, text: () => Promise.reject(new TypeError('lost')) }
          const body = { ...read, clone: () => read }
          return void arrive('answer without its body', 'failed', (ends) => ends.resolve(body), wait + 0.001)
        }
        if (fate === 'body lost' && speaksByStatus) return void answerBy(200, '{"token":"of another shape"}', 'failed')
        if (fate === 'body lost') return void lose()
        const isIgnored = audienceOf(answer.tokens.access_token) !== asked.audience
        const body = JSON.stringify(answer.tokens)
        if (bound) return void answerBy(200, body, 'granted', false, { wait: wait + 0.001, isDenial: isIgnored })
        return void arrive(
          'answer granted',
          'granted',
          (ends) => ends.resolve(isCookie ? rest : answer.tokens),
          wait + 0.001,
          isIgnored,
        )
      }
      let isHeard = false
      const hearOnce = (): void => {
        if (isHeard) return
        isHeard = true
        hear()
        const overtaken = profile.overtaken.get(token)
        profile.overtaken.delete(token)
        if (overtaken) world.after(delay(), undefined, `server hears ${actor.name}'s elder`, overtaken)
      }
      // Longer than the sender waits, and longer than its lease.
      const way = fate === 'request late' ? refreshTimeout * 12 : reflect()
      world.after(way, undefined, `server hears ${actor.name}`, hearOnce)
      if (fate === 'request late') profile.overtaken.set(token, hearOnce)
    })
  }

  function challenge(token: string | undefined, send: Send | undefined): Promise<void> {
    const sentAt = world.elapsed
    world.note(`${actor.name} sends ${token} (challenge)`)
    return new Promise((resolve, reject) => {
      const passage = terms.workers?.pass(token, () =>
        world.after(0, actor, 'its worker was stopped', () => {
          if (send) send.heard = 'failed'
          reject(new TypeError('network error'))
        }),
      )
      const wait = delay() + delay()
      const refuse: Settle = (ends) => ends.reject(new RefreshUnavailableError('challenge'))
      passage?.arrive('challenge', false, refuse, wait)
      world.after(wait, actor, 'challenge', () => {
        // A page that slept must not send again.
        if (world.elapsed - sentAt < 1_000) return resolve()
        if (send) send.heard = 'failed'
        reject(new TypeError('too late'))
      })
    })
  }

  const refresh = ({
    refreshToken,
    signal,
    proof,
    idempotencyKey,
    audience,
    parameters,
  }: RefreshRequest): Promise<never> => {
    const token = isCookie ? profile.jar : refreshToken
    // A tab of an application that knows fewer audiences asks for its own token instead.
    const wanted = profile.entry?.attempt?.audience
    const isUnknown = isOlder || (wanted !== undefined && !names.includes(wanted))
    if (audience !== parameters?.audience && !isUnknown)
      observer.fail('P11', `${actor.name} asks for ${audience} with the parameters of ${parameters?.audience}`)
    const send = observer.sent(actor, token, profile.entry, {
      audience: audience ?? '',
      key: idempotencyKey,
      isUnknown,
    })
    const asked = { audience: parameters?.audience ?? '', key: idempotencyKey }
    if (isCookie || !terms.workers?.challenges())
      return exchange(token, send, signal, asked, readProof(proof)) as Promise<never>
    // Under the same claim, a refresh function sends its request again with what the server asks for.
    return challenge(token, send).then(() => exchange(token, send, signal, asked)) as Promise<never>
  }

  const respond = (status: number): Response =>
    ({ status, headers: { get: () => null }, redirected: false, url: '', body: null }) as unknown as Response

  return {
    fail() {
      for (const fail of failures) fail()
    },
    refresh: Object.assign(refresh, { endpoint: new URL('https://auth.test/token'), holdsRefreshToken: !isCookie }),
    signOut: ({ refreshToken }) =>
      new Promise((resolve, reject) => {
        const token = isCookie ? profile.jar : refreshToken
        const epoch = profile.entry?.epoch ?? 0
        observer.revoked(token, profile.entry)
        if (world.isHostile && world.choose(6) === 5) {
          world.after(5, actor, 'sign-out lost', () => reject(new TypeError('network error')))
          return
        }
        world.after(delay(), undefined, `server signs ${token} out`, () => {
          server.revoke(token)
          const wait = delay()
          world.after(wait, undefined, 'cookie cleared', () => {
            if (!isCookie) return
            const { entry } = profile
            const isOvertaken = entry?.status === 'signed-in' && entry.epoch > epoch && profile.jar !== undefined
            if (isOvertaken && observer.wipes === 0 && !profile.hasCrossedLogins)
              observer.fail('P3', 'a late sign-out clears the cookie of a newer session')
            profile.jar = undefined
            profile.jarEpoch++
          })
          world.after(wait + 0.001, actor, 'signed out', () => resolve(undefined))
        })
      }),
    login: (user) =>
      new Promise((resolve, reject) => {
        // One that was overtaken a moment ago is as good as running at once.
        const isOvertaken = profile.entry?.status !== 'signing-in' || profile.founder !== actor
        if (isOvertaken && observer.wipes === 0 && world.elapsed - observer.epochAt > OVERTAKING)
          observer.fail('P3', 'a login begins although it was overtaken long ago')
        profile.hasCrossedLogins ||= ++profile.logins > 1 || isOvertaken
        if (world.isHostile && world.choose(8) === 7) {
          profile.logins--
          world.after(5, actor, 'login fails', () => reject(new Error('wrong password')))
          return
        }
        world.after(delay(), undefined, `server signs ${user} in`, () => {
          const tokens = server.signIn(user)
          const { refresh_token, ...rest } = tokens
          const wait = delay()
          if (isCookie) {
            world.after(wait, undefined, 'cookie of the login', () => {
              profile.jar = refresh_token
              profile.jarEpoch++
              profile.logins--
            })
          }
          world.after(wait + 0.001, actor, 'login answered', () => resolve((isCookie ? rest : tokens) as Tokens))
        })
      }),
    fetch: ((input: string | URL, init?: RequestInit) => {
      const isProbe = init?.method === 'HEAD'
      return new Promise((resolve, reject) => {
        if (profile.isDown || (world.isHostile && world.choose(16) === 15)) {
          world.after(5, actor, 'unreachable', () => reject(new TypeError('network error')))
          return
        }
        const header = isProbe ? undefined : new Headers(init?.headers).get('authorization')?.split(' ')[1]
        const audience = isProbe ? undefined : audienceAt(String(input))
        if (!isProbe) observer.called(actor, header, audience)
        world.after(delay(), undefined, `${isProbe ? 'probe' : 'API'} hears ${actor.name}`, () => {
          const status = isProbe || server.accepts(header, world.elapsed, audience) ? 200 : 401
          world.after(delay(), actor, `answer ${status} of ${String(input)}`, () => resolve(respond(status)))
        })
      })
    }) as typeof fetch,
  }
}
