// The live picture: it reads what was seen, and chooses the moment that is looked at.

import type { Lanes } from '../../../src/devtools/lanes/lanes.ts'
import { type Moment, readMoments } from '../../../src/devtools/picture/moments.ts'
import { createOverview } from '../../../src/devtools/picture/overview.ts'
import { readScene } from '../../../src/devtools/picture/scene.ts'
import { now, plural } from '../../../src/devtools/time.ts'
import { find, onPaint, setText } from '../dom.ts'
import { createMagnifier } from './magnifier.ts'

/** How far from a click a moment may be (in milliseconds). */
const REACH = 4_000

export function createPicture(lanes: Lanes): void {
  /** The start of the moment that is looked at; undefined follows the newest. */
  let chosen: number | undefined
  let moments: readonly Moment[] = []
  const magnifier = createMagnifier(lanes.self.id)
  const overview = createOverview({
    plot: find('overview') as unknown as SVGSVGElement,
    labels: find('overview-lanes'),
    self: lanes.self.id,
    onPick: pick,
  })

  const place = (): number =>
    chosen === undefined ? moments.length - 1 : moments.findIndex(({ from }) => from === chosen)

  function choose(moment: Moment | undefined): void {
    chosen = moment === moments.at(-1) ? undefined : moment?.from
    paint()
  }

  function pick(at: number): void {
    const distance = ({ from }: Moment): number => Math.abs(from - at)
    const nearest = [...moments].sort((a, b) => distance(a) - distance(b))[0]
    if (nearest && distance(nearest) < REACH) choose(nearest)
  }

  function paint(): void {
    const all = lanes.all()
    const scene = readScene(all, lanes)
    moments = readMoments(scene, now())
    if (place() < 0) chosen = undefined
    overview.draw(scene, all)
    magnifier.draw(scene, all, moments[place()])
    const open = all.filter(({ visibility }) => visibility !== 'closed')
    setText(find('tab-count'), `${plural(open.length, 'tab')} open`)
    // Not `disabled`: a button that has the focus would lose it.
    find('earlier').ariaDisabled = String(place() <= 0)
    find('later').ariaDisabled = String(place() >= moments.length - 1)
    find('newest').ariaDisabled = String(chosen === undefined)
  }

  find('earlier').addEventListener('click', () => choose(moments[Math.max(0, place() - 1)]))
  find('later').addEventListener('click', () => choose(moments[place() + 1] ?? moments.at(-1)))
  find('newest').addEventListener('click', () => choose(moments.at(-1)))
  const soon = onPaint(paint)
  lanes.subscribe(soon)
  setInterval(soon, matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 200)
  paint()
}
