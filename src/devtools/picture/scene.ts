/** From what was seen to what is drawn: spans, marks, arrows between tabs, and the moments of activity. Pure. */

import type { SeenLane } from '../lanes/lane.ts'
import type { Lanes } from '../lanes/lanes.ts'
import type { Observation, PageStep } from '../observation.ts'
import { deniedWords, doubtWords, forWhom, statusWords } from '../words.ts'

export type SpanKind = 'waiting' | 'lock' | 'claim' | 'wire' | 'probe' | 'api' | 'hidden' | 'frozen' | 'offline'
export type MarkKind = 'nobody' | 'commit' | 'adopted' | 'ended' | 'trouble' | 'denied' | 'signed-in' | 'opened'

export interface Span {
  readonly lane: string
  readonly kind: SpanKind
  readonly from: number
  /** Undefined while it lasts. */
  to: number | undefined
  label: string
  isBad: boolean
}

export interface Mark {
  readonly lane: string
  readonly kind: MarkKind
  readonly at: number
  readonly label: string
}

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly sentAt: number
  readonly heardAt: number
  readonly label: string
}

export interface Scene {
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  readonly arrows: readonly Arrow[]
}

interface Seen {
  readonly lane: string
  readonly observations: readonly Observation[]
  /** When the tab was last heard of, if it is silent since. */
  readonly goneAt?: number | undefined
}

const SHADES: Partial<Record<PageStep, { readonly kind: SpanKind; readonly isStart: boolean }>> = {
  hidden: { kind: 'hidden', isStart: true },
  visible: { kind: 'hidden', isStart: false },
  frozen: { kind: 'frozen', isStart: true },
  thawed: { kind: 'frozen', isStart: false },
  offline: { kind: 'offline', isStart: true },
  online: { kind: 'offline', isStart: false },
}

const ENDS: readonly string[] = ['commit', 'doubt', 'release', 'ended', 'login', 'login-failed', 'signed-in']

/** What one tab did. */
function readLane({ lane, observations, goneAt }: Seen): { spans: Span[]; marks: Mark[] } {
  const spans: Span[] = []
  const marks: Mark[] = []
  const open = new Map<string, Span>()

  function start(key: string, kind: SpanKind, at: number, label: string): void {
    const span: Span = { lane, kind, from: at, to: undefined, label, isBad: false }
    spans.push(span)
    open.set(key, span)
  }
  function end(key: string, at: number, change: Partial<Pick<Span, 'label' | 'isBad'>> = {}): void {
    const span = open.get(key)
    if (!span) return
    Object.assign(span, change, { to: at })
    open.delete(key)
  }
  const mark = (kind: MarkKind, at: number, label: string): void => void marks.push({ lane, kind, at, label })

  for (const seen of observations) {
    const { at } = seen
    switch (seen.kind) {
      case 'lock':
        if (seen.step === 'asked') start(`wait ${seen.id}`, 'waiting', at, 'waits for the lock')
        else end(`wait ${seen.id}`, at)
        if (seen.step === 'held') start(`lock ${seen.id}`, 'lock', at, 'holds the lock')
        if (seen.step === 'released' || seen.step === 'given up') end(`lock ${seen.id}`, at)
        break
      case 'ledger': {
        // Nobody has signed in yet, or a first look found nobody.
        const isFirst = seen.reason === 'initial'
        if (seen.step === 'claim') {
          end('claim', at)
          start(
            'claim',
            'claim',
            at,
            `claims generation ${seen.generation}${forWhom(seen)}${seen.isResend ? ' again' : ''}`,
          )
          break
        }
        if (ENDS.includes(seen.step))
          end('claim', at, { isBad: seen.step === 'doubt' || (seen.step === 'ended' && !isFirst) })
        if (seen.step === 'commit') mark('commit', at, `commits generation ${seen.generation}${forWhom(seen)}`)
        if (seen.step === 'signed-in') mark('signed-in', at, 'records the sign-in')
        if (seen.step === 'login-failed') mark('trouble', at, `records that the sign-in failed${statusWords(seen)}`)
        if (seen.step === 'ended' && isFirst) mark('nobody', at, 'finds nobody signed in')
        else if (seen.step === 'ended') mark('ended', at, `records the end: ${seen.reason ?? 'requested'}`)
        if (seen.step === 'doubt') mark('trouble', at, doubtWords(seen))
        if (seen.step === 'release') mark('trouble', at, 'takes its claim back')
        break
      }
      case 'wire': {
        const kind = seen.request === 'refresh' ? 'wire' : seen.request === 'probe' ? 'probe' : 'api'
        const label = `${seen.request} request${forWhom(seen)} to ${seen.path}`
        if (seen.step === 'sent') start(`wire ${seen.id}`, kind, at, label)
        else {
          const isBad = seen.step === 'failed' || (seen.status ?? 200) >= 400
          const what = seen.step === 'failed' ? 'no answer' : `answered ${seen.status}`
          end(`wire ${seen.id}`, at, { isBad, label: `${label}: ${what}` })
        }
        break
      }
      case 'session': {
        const denied = deniedWords(seen)
        if (denied) mark('denied', at, `is told that ${denied}`)
        else if (seen.step === 'signed-out' && seen.source === 'other-tab')
          mark('ended', at, `signed out: ${seen.detail}`)
        else if (seen.step === 'refresh-failed')
          mark('trouble', at, `no new token${forWhom(seen)}${seen.detail ? `: ${seen.detail}` : ''}`)
        else if (seen.source === 'other-tab')
          mark('adopted', at, seen.step === 'refreshed' ? `adopts the new token${forWhom(seen)}` : 'adopts the session')
        break
      }
      case 'page': {
        const shade = SHADES[seen.step]
        if (seen.step === 'opened') mark('opened', at, 'opens')
        if (seen.step === 'closed') for (const key of [...open.keys()]) end(key, at)
        if (shade?.isStart) start(shade.kind, shade.kind, at, shade.kind)
        else if (shade) end(shade.kind, at)
      }
    }
  }
  // What a dead tab had begun would last for ever.
  if (goneAt !== undefined) for (const [key, { from }] of [...open]) end(key, Math.max(from, goneAt))
  return { spans, marks }
}

/** Messages carry no name, so what was heard is told by its words and its time. */
function readArrows(lanes: readonly Seen[]): Arrow[] {
  const arrows: Arrow[] = []
  const messages = lanes.flatMap(({ lane, observations }) =>
    observations.flatMap((seen) => (seen.kind === 'message' ? [{ lane, ...seen }] : [])),
  )
  const sent = messages.filter(({ step }) => step === 'sent').sort((a, b) => b.at - a.at)
  for (const heard of messages.filter(({ step }) => step === 'heard')) {
    const source = sent.find(
      (one) =>
        one.lane !== heard.lane &&
        one.at <= heard.at + 3 &&
        one.type === heard.type &&
        one.generation === heard.generation &&
        one.status === heard.status &&
        one.hasToken === heard.hasToken &&
        one.audience === heard.audience,
    )
    if (!source) continue
    const label =
      heard.type === 'ask'
        ? 'asks for the session'
        : heard.hasToken
          ? `tells of the new access token${forWhom(heard)}`
          : 'tells of the session'
    arrows.push({ from: source.lane, to: heard.lane, sentAt: source.at, heardAt: Math.max(heard.at, source.at), label })
  }
  return arrows
}

/** What all tabs did, as one picture shows it. */
export function readScene(lanes: readonly SeenLane[], { historyOf }: Pick<Lanes, 'historyOf'>): Scene {
  const seen = lanes.map(
    ({ id, isSilent, heardAt }): Seen => ({
      lane: id,
      observations: historyOf(id),
      goneAt: isSilent ? heardAt : undefined,
    }),
  )
  const read = seen.map(readLane)
  return {
    spans: read.flatMap(({ spans }) => spans),
    marks: read.flatMap(({ marks }) => marks),
    arrows: readArrows(seen),
  }
}
