/** The names of the lanes, and what each tab is doing now. */

import { h, show } from '../dom.ts'
import type { SeenLane } from '../lanes/lanes.ts'
import { countdown, now } from '../time.ts'

function wordsFor(lane: SeenLane, time: number): string {
  if (lane.visibility === 'closed') return 'closed'
  if (lane.visibility === 'frozen') return 'frozen'
  if (lane.isSilent) return 'silent: frozen or gone'
  const hidden = lane.visibility === 'hidden' ? ', hidden' : ''
  if (lane.status !== 'signed in') return `${lane.status}${hidden}`
  const rest = (lane.refreshAt ?? 0) - time
  // Seconds do not matter before the last minute, and a phone has no room for them.
  const left = rest > 60_000 ? `${Math.ceil(rest / 60_000)} min` : countdown(rest)
  const due = rest > 0 ? `refresh in ${left}` : 'signed in'
  return `${due}${hidden}`
}

/** `hasState`: with what the tab is doing. */
export function showLabels(
  target: HTMLElement,
  lanes: readonly SeenLane[],
  self: string,
  row: number,
  hasState: boolean,
): void {
  const time = now()
  show(
    target,
    lanes.map((lane) => {
      const item = h(
        'li',
        { class: lane.visibility === 'closed' || lane.isSilent ? 'gone' : '' },
        h('b', {}, `Tab ${lane.number || '…'}`, lane.id === self && h('span', { class: 'you' }, 'this one')),
        hasState && h('span', {}, wordsFor(lane, time)),
      )
      // By script, because a Content-Security-Policy may forbid style attributes.
      item.style.height = `${row}px`
      return item
    }),
  )
}
