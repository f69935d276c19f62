// As much of Markdown as this project's documents use: headings, paragraphs, lists, tables, code, emphasis, links.

import { h } from './dom.ts'

/** The anchor of a heading, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|!\[([^\]]*)\]\(([^)]+)\)|\[([^\]]+)\]\(([^)]+)\)/g

/** Where a link or a picture leads, from the document that is rendered. */
export type Resolve = (target: string) => string

function inline(text: string, resolve: Resolve): Node[] {
  const nodes: Node[] = []
  let end = 0
  for (const match of text.matchAll(INLINE)) {
    nodes.push(document.createTextNode(text.slice(end, match.index)))
    const [whole, code, strong, alternative, image, words, target] = match
    if (code !== undefined) nodes.push(h('code', {}, code))
    else if (strong !== undefined) nodes.push(h('strong', {}, ...inline(strong, resolve)))
    else if (image !== undefined) nodes.push(h('img', { src: resolve(image), alt: alternative ?? '' }))
    else nodes.push(h('a', { href: resolve(target ?? '') }, ...inline(words ?? '', resolve)))
    end = (match.index ?? 0) + whole.length
  }
  nodes.push(document.createTextNode(text.slice(end)))
  return nodes
}

const cells = (line: string): string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())

function table([head = '', , ...rows]: readonly string[], resolve: Resolve): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': cells(head).join(', ') },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...cells(head).map((cell) => (cell ? h('th', { scope: 'col' }, ...inline(cell, resolve)) : h('td'))),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row) => h('tr', {}, ...cells(row).map((cell) => h('td', {}, ...inline(cell, resolve))))),
      ),
    ),
  )
}

function list(lines: readonly string[], isOrdered: boolean, resolve: Resolve): HTMLElement {
  const items: string[] = []
  for (const line of lines) {
    const item = /^(?:[-*]|\d+\.) +(.*)$/.exec(line)
    if (item) items.push(item[1] ?? '')
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return h(isOrdered ? 'ol' : 'ul', {}, ...items.map((item) => h('li', {}, ...inline(item, resolve))))
}

function diagramNote(): HTMLElement {
  const mermaid = h('a', { href: 'https://mermaid.live' }, 'Mermaid')
  return h('p', { class: 'quiet' }, 'The source of a diagram, which GitHub and ', mermaid, ' draw:')
}

function block(lines: readonly string[], resolve: Resolve): HTMLElement {
  const [first = ''] = lines
  const heading = /^(#{1,4}) +(.*)$/.exec(first)
  if (heading) {
    const text = heading[2] ?? ''
    return h(`h${heading[1]?.length ?? 1}` as 'h1', { id: anchorOf(text) }, ...inline(text, resolve))
  }
  if (first.startsWith('|')) return table(lines, resolve)
  if (/^([-*]|\d+\.) /.test(first)) return list(lines, /^\d/.test(first), resolve)
  return h('p', {}, ...inline(lines.join(' '), resolve))
}

export function render(text: string, resolve: Resolve): HTMLElement[] {
  const elements: HTMLElement[] = []
  let lines: string[] = []
  let code: string[] | undefined
  const flush = (): void => {
    if (lines.length > 0) elements.push(block(lines, resolve))
    lines = []
  }
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) {
      flush()
      if (code) elements.push(h('pre', { tabindex: 0 }, h('code', {}, code.join('\n'))))
      // The source reads well enough, and drawing it would cost more than the page itself.
      else if (line === '```mermaid') elements.push(diagramNote())
      code = code ? undefined : []
    } else if (code) code.push(line)
    else if (line.trim() === '' || /^<!--.*-->$/.test(line)) flush()
    else {
      if (line.startsWith('#')) flush()
      const shown = line.replace(/<!--.*?-->/g, '')
      if (shown) lines.push(shown)
      if (line.startsWith('#')) flush()
    }
  }
  flush()
  return elements
}
