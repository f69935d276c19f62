/** The shapes of one lane: spans with their names, and marks. */

import { svg } from '../dom.ts'
import { now } from '../time.ts'
import type { Frame } from './axes.ts'
import type { Mark, Span, SpanKind } from './scene.ts'

const LEAST = 4
/** The width of a letter in a span. */
const LETTER = 6.2

/** Where in a lane each kind is drawn: top and height, as shares of the row. */
const PLACES: Readonly<Record<SpanKind, readonly [number, number]>> = {
  hidden: [0, 1],
  frozen: [0, 1],
  offline: [0, 1],
  waiting: [0.12, 0.22],
  lock: [0.12, 0.22],
  claim: [0.39, 0.22],
  wire: [0.66, 0.22],
  probe: [0.66, 0.22],
  api: [0.92, 0.06],
}

/** What is written into a span, the longest that fits. */
function namesOf({ kind, label, to }: Span): readonly string[] {
  switch (kind) {
    case 'waiting':
      return [label, 'waits']
    case 'lock':
      return [label, kind]
    case 'claim':
      return [label, kind]
    case 'wire':
    case 'probe': {
      const end = /\d{3}$|no answer$/.exec(label)?.[0]
      return to === undefined ? [`${label}, on the wire`, 'on the wire'] : [label, end ?? kind]
    }
    default:
      return []
  }
}

/** Undefined when it is out of sight. */
export function drawSpan(span: Span, frame: Frame, y: number): SVGElement | undefined {
  const end = span.to ?? Math.min(now(), frame.to)
  if (end < frame.from || span.from > frame.to) return undefined
  const [top, height] = PLACES[span.kind]
  const left = Math.max(frame.x(span.from), -2)
  const width = Math.max(Math.min(frame.x(end), frame.width + 2) - left, LEAST)
  const box = svg(
    'rect',
    {
      class: `span ${span.kind}${span.isBad ? ' bad' : ''}`,
      x: left,
      y: y + top * frame.row,
      width,
      height: height * frame.row,
      rx: span.kind === 'hidden' || span.kind === 'frozen' || span.kind === 'offline' ? 0 : 2.5,
    },
    svg('title', {}, span.label),
  )
  const name = frame.isZoomed ? namesOf(span).find(({ length }) => length * LETTER + 10 <= width) : undefined
  if (!name) return box
  const middle = y + (top + height / 2) * frame.row
  const place = { x: Math.max(left, 0) + 5, y: middle + 3.5 }
  const word = svg('text', { class: `word ${span.kind}${span.isBad ? ' bad' : ''}`, ...place }, name)
  return svg('g', {}, box, word)
}

export function drawMark({ kind, label, at }: Mark, frame: Frame, y: number): SVGElement {
  const { row } = frame
  const x = frame.x(at)
  const middle = y + row / 2
  const size = frame.isZoomed ? 7 : 5
  const shapes: Readonly<Record<string, () => SVGElement>> = {
    commit: () => svg('path', { d: `M${x} ${middle - size}l${size} ${size}-${size} ${size}-${size}-${size}z` }),
    adopted: () => svg('circle', { cx: x, cy: middle, r: size - 1.5 }),
    'signed-in': () => svg('circle', { cx: x, cy: middle, r: size - 1.5 }),
    ended: () =>
      svg('path', {
        d: `M${x - size} ${middle - size}l${size * 2} ${size * 2}m0-${size * 2}l-${size * 2} ${size * 2}`,
      }),
    trouble: () => svg('path', { d: `M${x} ${middle - size}l${size} ${size * 2}h-${size * 2}z` }),
    denied: () => svg('path', { d: `M${x - size} ${middle}h${size * 2}` }),
    nobody: () => svg('circle', { cx: x, cy: middle, r: size - 1.5 }),
    opened: () => svg('path', { d: `M${x} ${y + 3}v${row - 6}` }),
  }
  const shape = shapes[kind]?.() ?? svg('g')
  shape.setAttribute('class', `mark ${kind}`)
  shape.append(svg('title', {}, label))
  return shape
}
