// Small tabs: in frames of this page, or in windows of their own; each a tab to the library.

import type { Lane, Lanes } from '../../src/devtools/lanes/lanes.ts'
import { find, h } from './dom.ts'

/** A tab without an opener can be closed by its user only. */
const isClosable = ({ isSmall, kind }: Lane): boolean => isSmall && kind !== 'tab'

function update(): void {
  find('pocket').hidden = find('pocket-tabs').childElementCount === 0
}

export function openFrame(): void {
  const strip = find('pocket-tabs')
  const name = `small tab ${strip.childElementCount + 1}`
  const frame = h('iframe', { src: '/tab.html', title: name })
  const close = (): void => {
    holder.remove()
    update()
  }
  const holder = h(
    'div',
    { class: 'pocket' },
    frame,
    h('button', { type: 'button', class: 'close', 'aria-label': `Close ${name}`, click: close }, '×'),
  )
  strip.append(holder)
  update()
}

export function createSmallTabs(lanes: Lanes): void {
  const closing = find('close-small')
  find('open-frame').addEventListener('click', openFrame)
  closing.addEventListener('click', () => {
    for (const button of find('pocket-tabs').querySelectorAll('button')) button.click()
    for (const lane of lanes.open()) if (isClosable(lane) && lane.kind === 'window') void lanes.command(lane, 'close')
    find('open-frame').focus()
  })
  lanes.subscribe(() => {
    closing.hidden = !lanes.open().some(isClosable)
  })
}
