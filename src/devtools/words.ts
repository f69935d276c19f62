/** One observation in words. Pure. */

import type { LostAnswer, Observation, OutcomeRule, RefreshCause } from './observation.ts'

const two = (value: number): string => String(value).padStart(2, '0')

/** As `12:04:31`, in local time. */
export function clockTime(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** As `38 ms`, `2.4 s`, `12 s`, `4 min 10 s`. */
export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  if (size < 10) return `${milliseconds.toFixed(1)} ms`
  if (size < 1_000) return `${Math.round(milliseconds)} ms`
  if (size < 10_000) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  return Math.abs(seconds) < 90 ? `${seconds} s` : `${Math.trunc(seconds / 60)} min ${Math.abs(seconds) % 60} s`
}

const CAUSES: Readonly<Record<RefreshCause, string>> = {
  timer: 'the token is about to expire',
  '401': 'an API refused the token',
  demand: 'a call needs a new token',
  'wake-up': 'the page woke up',
  start: 'this page has no token yet',
}

const RULES: Readonly<Record<OutcomeRule, string>> = {
  'new tokens': 'new tokens',
  'the cookie is new, the body was lost': 'the cookie is new, but the body was lost',
  'the verdict of the server': 'the server ends the session',
  'the server calls it reuse': 'the server says that a spent refresh token was used again',
  'refused for now': 'refused for now, the refresh token is unspent',
  'the session may be over': 'the status may mean that the session is over',
  'no tokens that can be read': 'no tokens that can be read',
  'no answer': 'no answer: nobody knows whether the refresh token is spent',
  'the outcome is unknown': 'nobody knows whether the refresh token is spent',
}

const statusOf = (status: number | undefined, code?: string): string =>
  status === undefined ? '' : ` (${[status, code].filter(Boolean).join(', ')})`

export const lostWords = ({ sentAt, how }: LostAnswer): string =>
  `the answer to a refresh at ${clockTime(sentAt)} was lost${how === 'tab gone' ? ' when its tab was closed' : ''}`

function ledgerWords(seen: Observation & { readonly kind: 'ledger' }): string {
  switch (seen.step) {
    case 'claim':
      return `claims generation ${seen.generation}${seen.isResend ? ' again' : ''}${seen.lost ? `: ${lostWords(seen.lost)}` : ''}`
    case 'commit':
      return `commits generation ${seen.generation}`
    case 'doubt':
      return 'records that the answer is in doubt'
    case 'release':
      return 'takes its claim back'
    case 'login':
      return 'a sign-in begins'
    case 'signed-in':
      return 'records the sign-in'
    case 'ended':
      return `records the end: ${seen.reason ?? 'requested'}`
  }
}

function sessionWords(seen: Observation & { readonly kind: 'session' }): string {
  const other = seen.source === 'other-tab' ? ', says another tab' : ''
  switch (seen.step) {
    case 'signed-in':
      return `signed in${other}`
    case 'refreshed':
      return seen.source === 'other-tab' ? "adopts another tab's new token" : 'has a new token'
    case 'refresh-failed':
      return 'no new token can be had now'
    case 'signed-out':
      return `signed out: ${seen.detail}${other}`
  }
}

/** What an observation means, without its time. */
export function tell(seen: Observation): string {
  switch (seen.kind) {
    case 'record':
      return `the record begins: ${seen.status.replace('-', ' ')}`
    case 'refresh':
      return `refresh begins: ${CAUSES[seen.cause]}`
    case 'lock':
      return {
        asked: 'waits for the lock',
        held: 'holds the lock',
        released: 'releases the lock',
        'given up': 'goes on without the lock',
      }[seen.step]
    case 'ledger':
      return ledgerWords(seen)
    case 'wire': {
      if (seen.step === 'sent') return `sends a ${seen.request} request to ${seen.path}`
      return seen.step === 'failed'
        ? `${seen.request} request: no answer`
        : `${seen.request} request: answered${statusOf(seen.status)}`
    }
    case 'outcome':
      return `outcome: ${RULES[seen.rule]}${statusOf(seen.status, seen.code)}${seen.isMistake ? '; check the set-up, CORS for one' : ''}`
    case 'pause':
      return seen.until === undefined ? 'waits' : `waits until ${clockTime(seen.until)}`
    case 'message':
      return `${seen.step === 'sent' ? 'tells' : 'hears'}: ${seen.type === 'ask' ? 'who has the session?' : seen.hasToken ? 'the new token' : `the session is ${seen.status.replace('-', ' ')}`}`
    case 'session':
      return sessionWords(seen)
    case 'timer':
      return seen.step === 'armed' ? `${seen.timer} due at ${clockTime(seen.dueAt)}` : `${seen.timer} ${seen.step}`
    case 'clock':
      return `the clock jumped by ${duration(seen.by)}`
    case 'degraded':
      return `missing in this browser: ${seen.part}`
    case 'page':
      return `the page: ${seen.step}`
  }
}
