// While an exercise runs, the last minute of all tabs stays in view, at the foot of the window.

import { find } from '../dom.ts'

/** Returns what is told whether an exercise is running. */
export function createDock(): (isRunning: boolean) => void {
  const place = find('overview-place')
  const lanes = find('overview-dock')
  let isInView = true
  let isRunning = false

  function update(): void {
    const isDocked = isRunning && !isInView
    if (lanes.classList.contains('docked') === isDocked) return
    // What follows it stays where it is.
    place.style.minBlockSize = isDocked ? `${place.offsetHeight}px` : ''
    lanes.classList.toggle('docked', isDocked)
    document.body.style.paddingBlockEnd = isDocked ? `${lanes.offsetHeight}px` : ''
  }

  new IntersectionObserver(
    ([entry]) => {
      isInView = entry?.isIntersecting ?? true
      update()
    },
    { threshold: 0.6 },
  ).observe(place)
  return (value) => {
    isRunning = value
    update()
  }
}
