/** Draws the last minute of all tabs, and their timers and tokens in the next half minute. */

import { svg } from '../dom.ts'
import type { SeenLane } from '../lanes/lanes.ts'
import { now } from '../time.ts'
import { AXIS, createFrame, type Frame, heightOf } from './axes.ts'
import { drawFrame } from './frame.ts'
import { showLabels } from './labels.ts'
import type { Scene } from './scene.ts'

const PAST = 60_000
const FUTURE = 30_000
const ROW = 40
/** Below this width half of the time is shown. */
const NARROW = 520

const shareOf = (width: number): number => (width < NARROW ? 0.5 : 1)

function nameTick(at: number): string {
  const seconds = Math.round((at - now()) / 1000)
  return seconds === 0 ? 'now' : `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s`
}

const titled = (className: string, d: string, title: string): SVGElement =>
  svg('path', { class: className, d }, svg('title', {}, title))

/** What is to come: how long the token is valid, and when the timer fires. */
function drawFuture({ id, expiresAt, refreshAt, visibility }: SeenLane, frame: Frame, time: number): SVGElement[] {
  if (visibility === 'closed') return []
  const middle = (frame.y(id) ?? 0) + frame.row / 2
  const parts: SVGElement[] = []
  if (expiresAt && expiresAt > time) {
    const end = Math.min(frame.x(expiresAt), frame.width)
    parts.push(titled('validity', `M${frame.x(time)} ${middle}H${end}`, 'the access token is valid'))
    if (expiresAt < frame.to) parts.push(titled('expiry', `M${end} ${middle - 6}v12`, 'the access token expires'))
  }
  if (refreshAt && refreshAt > time && refreshAt < frame.to) {
    const due = `M${frame.x(refreshAt) - 5} ${middle - 6}l10 6-10 6z`
    parts.push(titled('due', due, 'the timer is armed: refresh'))
  }
  return parts
}

export interface Overview {
  draw(scene: Scene, lanes: readonly SeenLane[]): void
}

/** What it draws into; `onPick` is told the time that was clicked. */
export interface OverviewPlaces {
  readonly plot: SVGSVGElement
  readonly labels: HTMLElement
  readonly self: string
  readonly onPick?: (at: number) => void
}

export function createOverview({ plot: target, labels, self, onPick = () => {} }: OverviewPlaces): Overview {
  target.addEventListener('click', (event) => {
    const { left, width } = target.getBoundingClientRect()
    const share = shareOf(width)
    onPick(now() - PAST * share + ((event.clientX - left) / width) * (PAST + FUTURE) * share)
  })

  return {
    draw(scene, lanes) {
      const time = now()
      const width = Math.max(target.parentElement?.clientWidth ?? 600, 240)
      const share = shareOf(width)
      const [from, to] = [time - PAST * share, time + FUTURE * share]
      const frame = createFrame({ from, to, width, row: ROW, lanes, isZoomed: false, origin: time, nameTick })
      const present = svg('path', { class: 'now', d: `M${frame.x(time)} ${AXIS - 7}V${heightOf(frame)}` })
      showLabels(labels, lanes, self, ROW, true)
      drawFrame(target, scene, frame, [present, ...lanes.flatMap((lane) => drawFuture(lane, frame, time))])
    },
  }
}
