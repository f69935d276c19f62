// The documentation, rendered: `docs.html?servers#cookies-and-cors`.

import { find, h } from './page/dom.ts'
import { render } from './page/markdown.ts'
import { applyTheme } from './page/theme.ts'

/** Every document of the repository, by its path from here. */
const TEXTS = import.meta.glob<string>(['../*.md', '../docs/*.md', '../LICENSE'], {
  query: '?raw',
  import: 'default',
  eager: true,
})

const TITLES: Readonly<Record<string, string>> = {
  README: 'Overview',
  behaviour: 'What happens when',
  servers: 'Servers',
  recipes: 'Recipes',
  clients: 'Libraries',
  dpop: 'Bound tokens',
  audiences: 'Several audiences',
  api: 'API reference',
  comparison: 'Compared with others',
}
/** The order of the first ones; the others follow as they come. */
const ORDER = Object.keys(TITLES)

interface Page {
  readonly name: string
  readonly path: string
  readonly text: string
}

const placeOf = ({ name }: Page): number => ORDER.indexOf(name) + 1 || ORDER.length + 1
const PAGES: readonly Page[] = Object.entries(TEXTS)
  .map(([path, text]) => ({ name: path.replace(/^.*\/|\.md$/g, ''), path: path.slice(3), text }))
  .sort((a, b) => placeOf(a) - placeOf(b))

const titleOf = (name: string): string => TITLES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).toLowerCase()

applyTheme()
const name = location.search.slice(1) || 'README'
const page = PAGES.find((one) => one.name === name) ?? {
  name: 'Not found',
  path: '',
  text: '# Not found\n\nThere is no such page.',
}

/** Links between documents lead to their rendering, others to the file itself. */
function resolve(target: string): string {
  const { origin, pathname, hash } = new URL(target, `${location.origin}/${page.path}`)
  if (/^[a-z]+:/.test(target)) return target
  if (target.startsWith('#')) return target
  const document = PAGES.find(({ path }) => `/${path}` === pathname)
  return document ? `docs.html?${document.name}${hash}` : `${origin}${pathname}${hash}`
}

document.title = `${titleOf(page.name)}: authfetch`
find('pages').append(
  ...PAGES.map((one) =>
    h('li', {}, h('a', { href: `docs.html?${one.name}`, 'aria-current': one === page && 'page' }, titleOf(one.name))),
  ),
)
find('text').replaceChildren(...render(page.text, resolve))
// The anchor was not there yet when the page was loaded.
document.getElementById(location.hash.slice(1))?.scrollIntoView()
