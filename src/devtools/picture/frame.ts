/** Drawing what both pictures have in common: a time axis, spans and marks. */

import { svg } from '../dom.ts'
import { AXIS, type Frame, heightOf } from './axes.ts'
import type { Scene } from './scene.ts'
import { drawMark, drawSpan } from './shapes.ts'

/** Steps of 1, 2 or 5 that leave room for their names. */
function stepOf(length: number, width: number): number {
  const rough = (length / width) * 90
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= rough) ?? 10 * power
}

function drawAxis(frame: Frame): SVGElement[] {
  const { from, to, width, origin, lanes } = frame
  const parts: SVGElement[] = []
  const step = stepOf(to - from, width)
  for (let at = origin + Math.ceil((from - origin) / step) * step; at <= to; at += step) {
    const x = frame.x(at)
    const anchor = x < 24 ? 'start' : x > width - 30 ? 'end' : 'middle'
    parts.push(
      svg('path', { class: 'tick', d: `M${x} ${AXIS - 5}V${heightOf(frame)}` }),
      svg('text', { class: 'axis', x: Math.max(0, x), y: 11, 'text-anchor': anchor }, frame.nameTick(at)),
    )
  }
  return [...parts, ...lanes.map(({ id }) => svg('path', { class: 'rule', d: `M0 ${frame.y(id)}H${width}` }))]
}

function drawSpans({ spans }: Scene, frame: Frame): SVGElement[] {
  return spans.flatMap((span) => {
    const y = frame.y(span.lane)
    const shape = y === undefined ? undefined : drawSpan(span, frame, y)
    return shape ? [shape] : []
  })
}

function drawMarks({ marks }: Scene, frame: Frame): SVGElement[] {
  return marks.flatMap((mark) => {
    const y = frame.y(mark.lane)
    const isVisible = mark.at >= frame.from && mark.at <= frame.to
    return y !== undefined && isVisible ? [drawMark(mark, frame, y)] : []
  })
}

/** `between` is drawn over the spans and under the marks. */
export function drawFrame(target: SVGSVGElement, scene: Scene, frame: Frame, between: readonly SVGElement[]): void {
  const height = heightOf(frame)
  target.setAttribute('viewBox', `0 0 ${frame.width} ${height}`)
  target.style.height = `${height}px`
  const kept = target.querySelector('defs')
  const parts = [...drawAxis(frame), ...drawSpans(scene, frame), ...between, ...drawMarks(scene, frame)]
  target.replaceChildren(...(kept ? [kept, ...parts] : parts))
}
