/** Why the last session ended, in plain words, from the record alone. Pure. */

import type { SignedOutReason } from '../core/entry/entry.ts'
import type { Observation } from './observation.ts'
import { clockTime, deniedWords, forWhom, lostWords, statusWords } from './words.ts'

type Kind<Name extends Observation['kind']> = Observation & { readonly kind: Name }

/** An attempt, its outcome and the end follow each other: what is older belongs to another story. */
function findLast<Name extends Observation['kind']>(
  record: readonly Observation[],
  kind: Name,
  fits: (seen: Kind<Name>) => boolean = () => true,
): Kind<Name> | undefined {
  return record[findLastIndex(record, (seen) => seen.kind === kind && fits(seen as Kind<Name>))] as
    | Kind<Name>
    | undefined
}

function findLastIndex(record: readonly Observation[], fits: (seen: Observation) => boolean): number {
  for (let at = record.length - 1; at >= 0; at--) if (fits(record[at] as Observation)) return at
  return -1
}

/** What helps against denials that end sessions. */
const GRANTED = 'list only audiences that were granted'

const inRefresh = (outcome: Kind<'outcome'>): string => (outcome.audience && ` in a refresh${forWhom(outcome)}`) || ''

/** The audiences that the server gives no token. */
function denialsIn(record: readonly Observation[]): string {
  const last = new Map<string, Kind<'session'>>()
  for (const seen of record) {
    if (seen.kind !== 'session') continue
    if (seen.step === 'signed-in') last.clear()
    const { audience, isDenial, step } = seen
    // A denial that is repeated stands since the first.
    if (audience !== undefined && (isDenial ? !last.get(audience)?.isDenial : step === 'refreshed'))
      last.set(audience, seen)
  }
  const denied = [...last.values()].filter(({ isDenial }) => isDenial)
  return denied.map((seen) => ` Since ${clockTime(seen.at)} ${deniedWords(seen)}.`).join('')
}

/** What was known of the session's last attempt when it ended. */
function causeOf(
  reason: SignedOutReason,
  end: Kind<'session'>,
  before: readonly Observation[],
  holds: boolean,
): string {
  // Since the session began, so that an older one explains nothing.
  const from = findLastIndex(before, (seen) => seen.kind === 'session' && seen.step === 'signed-in')
  const story = before.slice(Math.max(0, from))
  const isOther = end.source === 'other-tab'
  const outcome = isOther ? undefined : findLast(story, 'outcome')
  const claim = findLast(story, 'ledger', ({ step }) => step === 'claim')
  const doubt = findLast(story, 'outcome', ({ step }) => step === 'doubt')
  const spent = holds ? 'the refresh token' : 'the refresh cookie'
  const lost = isOther ? '' : claim?.lost ? ` after ${lostWords(claim.lost)}` : ''
  const told = isOther ? 'another tab reports: ' : ''

  switch (reason) {
    case 'requested':
      if (end.isSignIn)
        return isOther
          ? 'a sign-in began in another tab'
          : 'a sign-in began in this tab, and nobody is signed in until it succeeds'
      return isOther ? 'another tab signed out' : 'this tab called signOut()'
    case 'rejected':
      if (outcome?.step === 'refused')
        return `the server refused ${spent} again and again${statusWords(outcome)} without a clear verdict${lost}; the next start asks once more`
      return `${told}the server refused ${spent}${outcome ? `${statusWords(outcome)}${inRefresh(outcome)}` : ''}${lost}`
    case 'reuse-detected':
      return `${told}the server says that a spent refresh token was used again${outcome ? statusWords(outcome) : ''}: something beside this library used it, a copy of the browser's data for one`
    case 'in-doubt': {
      if (isOther)
        return 'another tab reports: the answer to a refresh was lost, and the refresh token could not be sent again'
      // A refusal of what was sent again proves nothing, so the reason is the loss.
      if (lost && outcome && outcome.step !== 'doubt' && (claim?.at ?? 0) <= outcome.at) {
        if (claim?.lost?.how === 'denied')
          return `the server refused ${spent}${statusWords(outcome)}${lost}; ${GRANTED}`
        return outcome.rule === 'the server calls it reuse'
          ? `the server took ${spent} that was sent again for a stolen one${statusWords(outcome)}${lost}; a grace period or an Idempotency-Key at the server prevents it`
          : `the server refused ${spent}${statusWords(outcome)}${lost}`
      }
      const sentAt =
        doubt &&
        findLast(story, 'wire', ({ step, request, at }) => step === 'sent' && request === 'refresh' && at <= doubt.at)
          ?.at
      if (doubt?.rule === 'the audience is denied')
        return `${lostWords({ ...doubt, sentAt: sentAt ?? doubt.at, how: 'denied' })}, and "resendWithin" does not let it be sent again; ${GRANTED}`
      const when = sentAt === undefined ? 'an earlier refresh' : `a refresh at ${clockTime(sentAt)}`
      return `the answer to ${when} was lost, and "resendWithin" does not let ${spent} be sent again`
    }
    case 'no-refresh-token':
      return `${told}there is no refresh token, so nothing could replace the access token: the login brought none`
    case 'initial':
      if (end.wasSignedIn)
        return holds
          ? `${told}the browser's storage was cleared, and the refresh token with it`
          : `${told}the server knows of no session any more${outcome ? statusWords(outcome) : ''}`
      if (holds) return `${told}the browser's storage holds no session`
      return `${told}the server refused the cookies of this browser, or found none${outcome ? statusWords(outcome) : ''}`
    default:
      return `${told}a later sign-in or sign-out took its place`
  }
}

/** What is happening, when no session has ended. */
function presentOf(record: readonly Observation[]): string {
  const session = findLast(record, 'session', ({ step }) => step !== 'refresh-failed')
  const began = findLast(record, 'record')
  const isIn = session ? session.step !== 'signed-out' : began?.status === 'signed-in'
  if (!isIn && began?.status === 'signed-out')
    return `Signed out before the record began at ${clockTime(began.at)}: it does not show why.`
  const pause = findLast(record, 'pause')
  const refreshed = findLast(record, 'session', ({ step }) => step === 'refreshed' || step === 'signed-in')
  const waits =
    pause && pause.at > (refreshed?.at ?? 0) && pause.until !== undefined
      ? ` No new token since ${clockTime(pause.at)}; the next try is at ${clockTime(pause.until)}.`
      : ''
  return `${isIn ? 'Signed in' : 'Nobody knows yet whether somebody is signed in'}: no session has ended in this record.${waits}${denialsIn(record)}`
}

/** @param holdsRefreshToken whether the client holds it, not the cookie jar */
export function explain(record: readonly Observation[], holdsRefreshToken: boolean): string {
  const last = findLastIndex(record, (seen) => seen.kind === 'session' && seen.step === 'signed-out')
  // A page that is loaded anew finds the session over: what counts is the end that an earlier page saw.
  const story = record.slice(0, last + 1)
  const from = findLastIndex(story, (seen) => seen.kind === 'session' && seen.step === 'signed-in')
  const seenAt = findLastIndex(story, (seen) => seen.kind === 'session' && seen.wasSignedIn === true)
  const at = seenAt > from ? seenAt : last
  const end = record[at]
  if (end?.kind !== 'session') return presentOf(record)
  const began = findLastIndex(record, (seen) => seen.kind === 'record')
  // A page that was closed or left before its record went on: the end was found at its return.
  const isFound = end.wasSignedIn === false && end.detail !== 'initial' && began >= 0
  const cause = causeOf(end.detail as SignedOutReason, end, record.slice(0, at), holdsRefreshToken)
  const verb = isFound
    ? 'Found signed out'
    : end.detail === 'initial' && !end.wasSignedIn
      ? 'Not signed in'
      : 'Signed out'
  const since = findLast(record.slice(at + 1), 'session', ({ step }) => step === 'signed-in')
  return `${verb} ${clockTime(end.at)}: ${cause}.${since ? ` Signed in${end.wasSignedIn ? ' again' : ''} ${clockTime(since.at)}.` : ''}`
}
