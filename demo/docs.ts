// The documentation, rendered: `docs.html?servers#cookies-and-cors`.

import architecture from '../ARCHITECTURE.md?raw'
import behaviour from '../docs/behaviour.md?raw'
import comparison from '../docs/comparison.md?raw'
import figures from '../docs/figures.md?raw'
import migrating from '../docs/migrating.md?raw'
import recipes from '../docs/recipes.md?raw'
import servers from '../docs/servers.md?raw'
import troubleshooting from '../docs/troubleshooting.md?raw'
import readme from '../README.md?raw'
import security from '../SECURITY.md?raw'
import { find, h } from './page/dom.ts'
import { render } from './page/markdown.ts'
import { applyTheme } from './page/theme.ts'

const PAGES: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  README: { title: 'Overview', text: readme },
  behaviour: { title: 'What happens when', text: behaviour },
  servers: { title: 'Servers', text: servers },
  recipes: { title: 'Recipes', text: recipes },
  troubleshooting: { title: 'Troubleshooting', text: troubleshooting },
  migrating: { title: 'Migrating', text: migrating },
  comparison: { title: 'Compared with others', text: comparison },
  figures: { title: 'Figures', text: figures },
  ARCHITECTURE: { title: 'Architecture', text: architecture },
  SECURITY: { title: 'Security', text: security },
}

applyTheme()
const name = location.search.slice(1) || 'README'
const page = PAGES[name] ?? { title: 'Not found', text: '# Not found\n\nThere is no such page.' }
document.title = `${page.title}: authfetch`
find('pages').append(
  ...Object.entries(PAGES).map(([key, { title }]) =>
    h('li', {}, h('a', { href: `docs.html?${key}`, 'aria-current': key === name && 'page' }, title)),
  ),
)
find('text').replaceChildren(...render(page.text))
// The anchor was not there yet when the page was loaded.
document.getElementById(location.hash.slice(1))?.scrollIntoView()
