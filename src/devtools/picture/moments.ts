/** The moments in which tabs were busy with the session, and their story in words. Pure. */

import type { MarkKind, Scene, SpanKind } from './scene.ts'

/** A time in which tabs were busy with the session. */
export interface Moment {
  readonly from: number
  readonly to: number
  readonly isOver: boolean
  readonly title: string
}

const BUSY: readonly SpanKind[] = ['waiting', 'lock', 'claim', 'wire', 'probe']
/** Activities so close to each other belong together (in milliseconds). */
const GAP = 150

function titleOf({ marks, spans }: Scene, from: number, to: number): string {
  const within = (at: number): boolean => at >= from && at <= to
  const labels = marks.filter(({ at }) => within(at))
  const commits = labels.filter(({ kind }) => kind === 'commit')
  if (commits.length > 0) return `Rotation: ${commits.map(({ label }) => label.replace('commits ', '')).join(', ')}`
  const found = (kind: MarkKind): boolean => labels.some((label) => label.kind === kind)
  if (found('nobody')) return 'Nobody is signed in'
  if (found('ended')) return 'The session ends'
  if (found('signed-in')) return 'Sign-in'
  const denied = labels.find(({ kind }) => kind === 'denied')
  if (denied) return denied.label.replace(/^is told that t/, 'T')
  if (labels.some(({ label }) => label.startsWith('records that the sign-in failed'))) return 'A sign-in that failed'
  if (found('trouble')) return 'A refresh that failed'
  if (spans.some(({ kind, from: at }) => kind === 'wire' && within(at))) return 'A refresh'
  return found('adopted') ? 'A token is adopted' : 'A look at the ledger'
}

/** The moments of activity, in their order. */
export function readMoments(scene: Scene, now: number): Moment[] {
  const pieces = [
    ...scene.spans
      .filter(({ kind }) => BUSY.includes(kind))
      .map(({ from, to }) => ({ from, to: to ?? now, isOver: to !== undefined })),
    ...scene.marks.filter(({ kind }) => kind !== 'opened').map(({ at }) => ({ from: at, to: at, isOver: true })),
    ...scene.arrows.map(({ sentAt, heardAt }) => ({ from: sentAt, to: heardAt, isOver: true })),
  ].sort((a, b) => a.from - b.from)
  const moments: { from: number; to: number; isOver: boolean }[] = []
  for (const piece of pieces) {
    const last = moments.at(-1)
    if (last && piece.from - last.to <= GAP) {
      last.to = Math.max(last.to, piece.to)
      last.isOver &&= piece.isOver
    } else moments.push({ ...piece })
  }
  return moments.map((moment) => ({ ...moment, title: titleOf(scene, moment.from, moment.to) }))
}

/** What happened in a moment, step by step, in words. */
export function tellMoment(
  scene: Scene,
  { from, to }: Moment,
  nameOf: (lane: string) => string,
): readonly { readonly at: number; readonly text: string; readonly isBad: boolean }[] {
  const within = (at: number): boolean => at >= from && at <= to
  const steps = [
    ...scene.spans
      .filter((span) => BUSY.includes(span.kind) && within(span.from))
      .map(({ lane, from: at, label, isBad, kind, to: end }) => {
        const length = kind === 'wire' || kind === 'probe' || kind === 'waiting' ? end && end - at : undefined
        return {
          at,
          text: `${nameOf(lane)} ${kind === 'wire' || kind === 'probe' ? `sends a ${label}` : label}`,
          isBad,
          length,
        }
      }),
    ...scene.marks
      .filter(({ at, kind }) => within(at) && kind !== 'opened')
      .map(({ lane, at, label, kind }) => ({
        at,
        text: `${nameOf(lane)} ${label}`,
        isBad: kind === 'trouble' || kind === 'denied' || kind === 'ended',
        length: undefined,
      })),
    ...scene.arrows
      .filter(({ sentAt }) => within(sentAt))
      .map(({ from: lane, to: other, sentAt, heardAt, label }) => ({
        at: sentAt,
        text: `${nameOf(lane)} → ${nameOf(other)}: ${label}`,
        isBad: false,
        length: heardAt - sentAt,
      })),
  ]
  return steps
    .sort((a, b) => a.at - b.at)
    .map(({ at, text, isBad, length }) => ({
      at,
      isBad,
      text: length === undefined ? text : `${text} (${length.toFixed(1)} ms)`,
    }))
}
