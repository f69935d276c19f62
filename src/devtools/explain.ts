/** Why the last session ended, in plain words, from the record alone. Pure. */

import type { SignedOutReason } from '../core/entry/entry.ts'
import type { Observation } from './observation.ts'
import { clockTime, deniedWords, failureWords, forWhom, lostWords, mistakeWords, statusWords } from './words.ts'

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

/** The sign-in of this tab that has failed, unless somebody has signed in or tries to since. */
function failureIn(record: readonly Observation[]): string {
  const from = findLastIndex(record, (seen) => seen.kind === 'session' && seen.step === 'signed-in')
  const login = findLast(record.slice(from + 1), 'ledger', ({ step }) => step === 'login' || step === 'login-failed')
  return login?.step === 'login-failed' ? ` The sign-in failed ${clockTime(login.at)}: ${failureWords(login)}.` : ''
}

/** What was known of the session's last attempt when it ended. */
function causeOf(
  reason: SignedOutReason,
  end: Kind<'session'>,
  before: readonly Observation[],
  holds: boolean,
  hasFailed: boolean,
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
  // What a page finds when it is loaded may be its own doing.
  const others = end.wasSignedIn ? 'another tab' : 'another tab, or an earlier page,'
  const told = isOther ? `${others} reports: ` : ''

  switch (reason) {
    case 'requested':
      if (end.isSignIn)
        return isOther
          ? 'a sign-in began in another tab'
          : `a sign-in began in this tab${hasFailed ? '' : ', and nobody is signed in until it succeeds'}`
      return isOther ? `${others} signed out` : 'this tab called signOut()'
    case 'rejected':
      if (outcome?.step === 'refused')
        return `the server refused ${spent} again and again${statusWords(outcome)} without a clear verdict${lost}; the next start asks once more`
      return `${told}the server refused ${spent}${outcome ? `${statusWords(outcome)}${inRefresh(outcome)}` : ''}${lost}`
    case 'reuse-detected':
      return `${told}the server says that a spent refresh token was used again${outcome ? statusWords(outcome) : ''}: something beside this library used it, a copy of the browser's data for one`
    case 'in-doubt': {
      if (isOther)
        return `${told}${spent} was in doubt (an answer was lost, or an audience was denied), and sending it again was refused or not allowed`
      // A refusal of what was sent again proves nothing, so the reason is the loss.
      if (lost && outcome && outcome.step !== 'doubt' && (claim?.at ?? 0) <= outcome.at) {
        if (claim?.lost?.how === 'denied')
          return `the server refused ${spent}${statusWords(outcome)}${lost}; ${GRANTED}`
        return outcome.rule === 'the server calls it reuse'
          ? `the server took ${spent} that was sent again for a stolen one${statusWords(outcome)}${lost}; a grace period or an Idempotency-Key at the server prevents it`
          : `the server refused ${spent}${statusWords(outcome)}${lost}`
      }
      const at = doubt?.at ?? 0
      const sent = findLast(
        story,
        'wire',
        (seen) => seen.step === 'sent' && seen.request === 'refresh' && seen.at <= at,
      )
      const isDenied = doubt?.rule === 'the audience is denied'
      // What another tab, or an earlier page, has sent is known of the attempt that it left.
      const loss =
        findLast(story, 'ledger', ({ step }) => step === 'ended')?.lost ??
        (sent && { sentAt: sent.at, how: isDenied ? 'denied' : 'no answer', audience: doubt?.audience })
      const what = loss ? lostWords(loss).replace(/^it/, spent) : 'the answer to an earlier refresh was lost'
      return `${what}, and "resendWithin" does not let it be sent again${loss?.how === 'denied' ? `; ${GRANTED}` : ''}`
    }
    case 'no-refresh-token':
      return `${told}there is no refresh token, so nothing could replace the access token: the login brought none`
    case 'initial':
      if (end.wasSignedIn)
        return holds
          ? `${told}the browser's storage was cleared, and the refresh token with it`
          : `${told}the server knows of no session any more${outcome ? statusWords(outcome) : ''}`
      if (isOther) return `${told}nobody was signed in`
      if (outcome?.isMistake)
        return `the server answered with neither tokens nor a refusal${statusWords(outcome)}: ${mistakeWords(outcome)}`
      if (holds)
        return outcome ? `the server refused ${spent}${statusWords(outcome)}` : "the browser's storage holds no session"
      return `the server refused the cookies of this browser, or found none${outcome ? statusWords(outcome) : ''}`
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
    return `Signed out before the record began at ${clockTime(began.at)}: it does not show why.${failureIn(record)}`
  const pause = findLast(record, 'pause')
  const outcome = findLast(record, 'outcome')
  const refreshed = findLast(record, 'session', ({ step }) => step === 'refreshed' || step === 'signed-in')
  const waits =
    pause && pause.at > (refreshed?.at ?? 0) && pause.until !== undefined
      ? ` No new token since ${clockTime(pause.at)}; the next try is at ${clockTime(pause.until)}${outcome?.isMistake ? `; ${mistakeWords(outcome)}` : ''}.`
      : ''
  return `${isIn ? 'Signed in' : 'Nobody knows yet whether somebody is signed in'}: no session has ended in this record.${waits}${denialsIn(record)}${failureIn(record)}`
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
  const isFound = end.wasSignedIn === false && end.detail !== 'initial' && !end.isSignIn && began >= 0
  const failure = failureIn(record)
  const cause = causeOf(end.detail as SignedOutReason, end, record.slice(0, at), holdsRefreshToken, failure !== '')
  const verb = isFound
    ? 'Found signed out'
    : (end.detail === 'initial' || end.isSignIn) && !end.wasSignedIn
      ? 'Not signed in'
      : 'Signed out'
  const since = findLast(record.slice(at + 1), 'session', ({ step }) => step === 'signed-in')
  return `${verb} ${clockTime(end.at)}: ${cause}.${since ? ` Signed in${end.wasSignedIn ? ' again' : ''} ${clockTime(since.at)}.` : ''}${failure}`
}
