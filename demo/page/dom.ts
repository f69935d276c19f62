// Elements of the demo's own page; making them is the panel's code.

export { h, onPaint, setText, show, svg } from '../../src/devtools/dom.ts'

export function find<Kind extends HTMLElement>(id: string): Kind {
  const element = document.getElementById(id)
  if (!element) throw new Error(`there is no element "${id}"`)
  return element as Kind
}

/** What scrolls can be reached by the keyboard in every browser, and has a name. */
export function reachScrollers(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-scrolls]')) {
    element.tabIndex = 0
    element.setAttribute('role', 'region')
    element.setAttribute('aria-label', element.dataset.scrolls ?? '')
  }
}
