/** One observation in words. Pure. */

import type { LostAnswer, Observation, OutcomeRule, RefreshCause } from './observation.ts'

/** As ` for "graph"`; nothing for the session's own audience. */
export const forWhom = ({ audience }: { readonly audience?: string | undefined }): string =>
  audience === undefined ? '' : ` for "${audience}"`

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
  'the audience is denied': 'the server gives no token',
  'the session may be over': 'the status may mean that the session is over',
  'no tokens that can be read': 'no tokens that can be read',
  'no answer': 'no answer: nobody knows whether the refresh token is spent',
  'the outcome is unknown': 'nobody knows whether the refresh token is spent',
}

/** As ` (400, invalid_scope)`; nothing where neither is known. */
export function statusWords({
  status,
  code,
}: {
  readonly status?: number | undefined
  readonly code?: string | undefined
}): string {
  const known = [status, code].filter(Boolean)
  return known.length > 0 ? ` (${known.join(', ')})` : ''
}

export function lostWords(lost: LostAnswer): string {
  const refresh = `a refresh${forWhom(lost)} at ${clockTime(lost.sentAt)}`
  if (lost.how === 'in doubt') return `it had been in doubt since ${refresh}`
  if (lost.how === 'denied') return `${refresh} was denied and may have spent the refresh token`
  return `the answer to ${refresh} was lost${lost.how === 'tab gone' ? ' when its tab was closed' : ''}`
}

export function doubtWords({
  isDenial,
  isResend,
}: Pick<Observation & { readonly kind: 'ledger' }, 'isDenial' | 'isResend'>): string {
  if (isDenial) return 'records that the denial may have spent the refresh token'
  return isResend ? 'records that the refresh token is still in doubt' : 'records that the answer is in doubt'
}

/** What to look at, as the console says too. */
export const mistakeWords = ({ rule }: { readonly rule: OutcomeRule }): string =>
  `check ${rule === 'no answer' ? 'CORS' : 'the address, its slash at the end, and "read"'}`

/** Why a sign-in failed. */
export function failureWords(seen: { readonly status?: number | undefined }): string {
  const { status } = seen
  if (status === undefined) return 'its function gave no tokens'
  return `${status < 300 ? 'its answer has no tokens that can be read' : 'the server refused it'}${statusWords(seen)}`
}

/** What the server refuses to one audience; undefined unless it does. */
export const deniedWords = (seen: Observation & { readonly kind: 'session' }): string | undefined =>
  seen.isDenial ? `the server gives no token${forWhom(seen)}${seen.detail ? ` (${seen.detail})` : ''}` : undefined

function ledgerWords(seen: Observation & { readonly kind: 'ledger' }): string {
  switch (seen.step) {
    case 'claim':
      return `claims generation ${seen.generation}${forWhom(seen)}${seen.isResend ? ' again' : ''}${seen.lost ? `: ${lostWords(seen.lost)}` : ''}`
    case 'commit':
      return `commits generation ${seen.generation}${forWhom(seen)}`
    case 'doubt':
      return doubtWords(seen)
    case 'release':
      return 'takes its claim back'
    case 'login':
      return 'a sign-in begins'
    case 'login-failed':
      return `the sign-in fails: ${failureWords(seen)}`
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
      return `${seen.source === 'other-tab' ? "adopts another tab's new token" : 'has a new token'}${forWhom(seen)}`
    case 'refresh-failed':
      return deniedWords(seen) ?? `no new token${forWhom(seen)} can be had now`
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
      return `refresh${forWhom(seen)} begins: ${CAUSES[seen.cause]}`
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
      const request = `${seen.request} request${forWhom(seen)}`
      if (seen.step === 'sent') return `sends a ${request} to ${seen.path}`
      return seen.step === 'failed' ? `${request}: no answer` : `${request}: answered${statusWords(seen)}`
    }
    case 'outcome':
      return `outcome${forWhom(seen)}: ${RULES[seen.rule]}${statusWords(seen)}${seen.isMistake ? `; ${mistakeWords(seen)}` : ''}`
    case 'pause':
      return seen.until === undefined ? 'waits' : `waits until ${clockTime(seen.until)}`
    case 'message':
      return `${seen.step === 'sent' ? 'tells' : 'hears'}: ${seen.type === 'ask' ? 'who has the session?' : seen.hasToken ? `the new token${forWhom(seen)}` : `the session is ${seen.status.replace('-', ' ')}`}`
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
