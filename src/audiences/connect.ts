/** Gives each audience a session of its own over the one entry: the same lineage, other access tokens. */
// Decisions (ARCHITECTURE.md): D57, D60.

import { grantOf } from '../core/entry/entry.ts'
import { postpone } from '../core/entry/outcome-transitions.ts'
import type { RefreshUnavailableError } from '../core/errors.ts'
import type { Context } from '../core/protocol/context.ts'
import type { Refresh } from '../refresh/transport.ts'
import { type Asked, DENIAL, denialFrom, failureOf, mayBeSpent, refreshFor } from './answers.ts'
import { createFace, type Face } from './face.ts'
import { type AudienceMembers, withAudiences } from './members.ts'
import type { ClientParts } from './parts.ts'
import type { Router } from './router.ts'

/** Further audiences of one client; `audiences()` makes this, and only clients call it. */
export interface Audiences {
  /** Gives the audiences to a client, which has the session's own until then. */
  (client: never, parts: never): unknown
  /** The name of the audience whose token an address takes; undefined for the session's own. */
  readonly audienceOf: (url: string) => string | undefined
}

/** What a client calls. */
export interface ConnectAudiences extends Pick<Audiences, 'audienceOf'> {
  <Client extends AudienceMembers>(client: Client, parts: ClientParts): Client
}

export interface AudienceTerms {
  readonly urls: readonly (string | URL)[]
  readonly parameters?: Readonly<Record<string, string>>
  readonly expect?: string
}

export function connect<Client extends AudienceMembers>(
  audiences: ReadonlyMap<string, AudienceTerms>,
  audienceOf: Router,
  client: Client,
  parts: ClientParts,
): Client {
  const { checked, context, refresher } = parts
  const { channel, clock, persist, resendWithin, session, siblings, transport } = context
  const { flush, on } = session
  const faces = new Map<string, Face>()
  Object.assign(parts, { faces })

  // One refresh token: the refreshes of this tab come one after another, whoever they are for.
  let last = Promise.resolve()
  const inTurn: Context['inTurn'] = (task) => {
    const turn = last.then(task)
    last = turn.catch(() => {
      // Whoever waits for that refresh hears of it.
    })
    return turn
  }
  const of: Context['of'] = (name) => (name === undefined ? session : faces.get(name)?.session)
  /** One audience is denied, so that nobody pauses. A takeover may have asked for another one than its own. */
  const deny: Context['deny'] = async (claim, outcome, asker) => {
    let isOver = false
    const ended = await persist((entry) => {
      isOver = entry !== undefined && grantOf(entry) !== grantOf(claim)
      // Nor does an earlier pause stand, for which a caller would wait: the server has answered.
      return postpone(entry, claim, undefined, outcome, resendWithin)
    })
    siblings.publish(ended === 'again' ? undefined : ended)
    if (ended) return 'done'
    // Somebody has signed in since: the new session may be given what the last one was not.
    if (isOver || grantOf(claim) !== session.grant) return 'again'
    const denied = of(claim.attempt.audience)
    // The refresh tells of its own failure.
    if (denied === asker) throw outcome.error
    denied?.fail(outcome.error as RefreshUnavailableError)
    return 'again'
  }
  Object.assign(context, { inTurn, of, deny })
  const warned = new Set<string>()
  let asked: Asked | undefined
  let isAsking = false
  const refresh = refreshFor(checked.refresh, () => asked)
  const guarded: Refresh = (request) => {
    isAsking = true
    try {
      return refresh(request)
    } finally {
      isAsking = false
    }
  }
  Object.assign(checked, { refresh: Object.assign(guarded, refresh) })

  const { send } = transport
  transport.send = async (claim, proof) => {
    const { audience = '', resend } = claim.attempt ?? {}
    const terms = audiences.get(audience)
    // What was asked for an audience that this client does not know is asked for the session's own.
    const wanted: Asked | undefined = terms && { audience, parameters: terms.parameters }
    asked = wanted
    const outcome = await send(claim, proof)
    const code = await wanted?.denial
    // Keycloak says no more of a proof that it refuses.
    const isOfProof = outcome.again && (!code || code === 'invalid_request')
    if (!wanted || outcome.kind === 'granted' || isOfProof) return outcome
    const denied = denialFrom(outcome, audience, code)
    if (denied) {
      // Said where it happens: the session ends later, and nothing there tells why.
      if (mayBeSpent(denied) && !warned.has(audience)) {
        warned.add(audience)
        context.warn(
          `${denied.message}. It may have spent the refresh token, which ends the session: list only audiences that were granted`,
        )
      }
      return {
        kind: mayBeSpent(denied) ? 'doubt' : 'refused',
        error: failureOf(denied, clock.now() + DENIAL),
        isDenial: true,
        bound: outcome.bound,
      }
    }
    if (outcome.kind === 'rejected') return outcome
    const isRefused = outcome.kind === 'refused' && outcome.refusal !== undefined && !outcome.isStale
    const isLasting = (claim.retry?.failures ?? 0) >= (resendWithin < Infinity ? 2 : 5)
    return resend && !outcome.rotated && (isRefused || isLasting) ? { ...outcome, isGivenUp: true } : outcome
  }

  const all = (): Iterable<Face> => faces.values()
  const { publish } = siblings
  siblings.publish = (entry, held) => {
    const face = held && [...all()].find(({ owns }) => owns(held))
    // The token before the news of its generation: a tab that knew of that alone would ask the server again.
    if (entry && held && face) face.take(entry, held)
    publish(entry, face ? undefined : held)
  }
  const { open } = channel
  channel.open = (listener) =>
    open.call(channel, (message) => {
      for (const face of all()) face.hear(message)
      listener(message)
    })
  session.flush = () => {
    flush()
    for (const face of all()) face.flush()
  }
  session.on = (name, listener) => {
    const subscriptions = [on(name, listener)]
    if (name === 'refreshed' || name === 'refresh-failed') {
      for (const face of all()) subscriptions.push(face.on(name, listener as never))
    }
    return () => {
      for (const cancel of subscriptions) cancel()
    }
  }

  for (const [name, { urls, expect }] of audiences) {
    const tokensOfOthers = (): readonly (string | undefined)[] =>
      [session, ...[...all()].filter((face) => face.name !== name).map((face) => face.session)].map(
        ({ held }) => held?.accessToken,
      )
    faces.set(name, createFace({ ...parts, name, urls, expect, audienceOf, tokensOfOthers }))
  }
  let { grant } = session
  on('adopted', ({ entry, source }) => {
    // Not at the event of a sign-in, which is told later: a denial of the new session may come before.
    const isNewSession = session.grant !== grant
    grant = session.grant
    for (const face of all()) {
      if (isNewSession) face.forgive()
      face.follow(entry, source)
    }
  })

  const { stop } = refresher
  refresher.stop = () => Promise.allSettled([...all()].map((face) => face.stop()).concat(stop())).then(() => undefined)

  return withAudiences(client, parts, faces, audienceOf, () => isAsking)
}
