// One moment under the magnifier, to the millisecond: drawn, and told in words.

import type { SeenLane } from '../../../src/devtools/lanes/lanes.ts'
import { createFrame, type Frame } from '../../../src/devtools/picture/axes.ts'
import { drawFrame } from '../../../src/devtools/picture/frame.ts'
import { showLabels } from '../../../src/devtools/picture/labels.ts'
import { type Moment, tellMoment } from '../../../src/devtools/picture/moments.ts'
import type { Arrow, Scene } from '../../../src/devtools/picture/scene.ts'
import { clockTime, duration, now } from '../../../src/devtools/time.ts'
import { find, h, setText, show, svg } from '../dom.ts'

const ROW = 58

function drawArrow({ from, to, sentAt, heardAt, label }: Arrow, frame: Frame): SVGElement[] {
  const start = frame.y(from)
  const end = frame.y(to)
  if (start === undefined || end === undefined || sentAt > frame.to || heardAt < frame.from) return []
  const goal = end > start ? end + 8 : end + frame.row - 8
  const d = `M${frame.x(sentAt)} ${start + frame.row / 2}L${frame.x(Math.max(heardAt, sentAt))} ${goal}`
  return [svg('path', { class: 'arrow', d, 'marker-end': 'url(#arrowhead)' }, svg('title', {}, label))]
}

/** Whether a tab took part. */
function isPart({ spans, marks }: Scene, { from, to }: Moment, id: string): boolean {
  const isBusy = spans.some(
    ({ lane, kind, ...span }) =>
      lane === id && kind !== 'hidden' && kind !== 'api' && span.from <= to && (span.to ?? now()) >= from,
  )
  return isBusy || marks.some(({ lane, at }) => lane === id && at >= from && at <= to)
}

export interface Magnifier {
  draw(scene: Scene, lanes: readonly SeenLane[], moment: Moment | undefined): void
}

export function createMagnifier(self: string): Magnifier {
  const target = find('zoom') as unknown as SVGSVGElement
  let drawn = ''

  function describe({ title, from, to, isOver }: Moment): void {
    setText(find('zoom-title'), title)
    setText(find('zoom-time'), `${clockTime(from)}, ${duration(to - from)}${isOver ? '' : ' and going on'}`)
  }

  return {
    draw(scene, all, moment) {
      find('zoom-body').hidden = !moment
      find('zoom-empty').hidden = Boolean(moment)
      if (!moment) {
        setText(find('zoom-title'), 'Nothing yet')
        return
      }
      describe(moment)
      const { from, to, isOver } = moment
      const lanes = all.filter((lane) => lane.visibility !== 'closed' || isPart(scene, moment, lane.id))
      const width = Math.max(target.parentElement?.clientWidth ?? 600, 240)
      // Drawn anew only when it differs, so that a tooltip stays.
      const what = [from, to, width, scene.marks.length, scene.arrows.length, ...lanes.map(({ id }) => id)].join()
      if (isOver && what === drawn) return
      drawn = what
      const room = Math.max((to - from) * 0.06, 0.4)
      const frame = createFrame({
        from: from - room,
        to: to + room,
        width,
        row: ROW,
        lanes,
        isZoomed: true,
        origin: from,
        nameTick: (at) => duration(Math.abs(at - from) < 0.001 ? 0 : at - from),
      })
      showLabels(find('zoom-lanes'), lanes, self, ROW, false)
      drawFrame(
        target,
        scene,
        frame,
        scene.arrows.flatMap((arrow) => drawArrow(arrow, frame)),
      )
      const nameOf = (id: string): string => `Tab ${all.find((lane) => lane.id === id)?.number ?? '?'}`
      show(
        find('zoom-words'),
        tellMoment(scene, moment, nameOf).map(({ at, text, isBad }) =>
          h('li', { class: isBad && 'bad' }, h('span', { class: 'offset' }, `${(at - from).toFixed(1)} ms`), text),
        ),
      )
    },
  }
}
