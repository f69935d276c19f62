import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { documentPaths, parseDocument, ROOT, readDocument } from './markdown.ts'

const documents = documentPaths().map(readDocument)

/** What is wrong with a link; undefined when nothing is. */
function faultOf(from: string, link: string): string | undefined {
  if (/^[a-z][\w+.-]*:/i.test(link)) {
    const url = URL.parse(link)
    if (!url) return 'is no URL'
    return url.protocol === 'https:' && /\.\w+$/.test(url.hostname) ? undefined : 'is no https address'
  }
  const [file = '', anchor] = link.split('#')
  const path = file ? normalize(join(dirname(from), decodeURIComponent(file))) : from
  if (!existsSync(join(ROOT, path))) return 'leads to no file'
  if (anchor === undefined) return undefined
  return readDocument(path).anchors.has(anchor) ? undefined : 'leads to no heading'
}

test.each(documents)('every link of $path leads somewhere', ({ path, links }) => {
  expect(links.map((link) => [link, faultOf(path, link)]).filter(([, fault]) => fault)).toEqual([])
})

test('links that lead nowhere are found', () => {
  const faults = [
    'nothing.md',
    '#nothing',
    'README.md#nothing',
    'http://example.com',
    'https://nowhere',
    'https://',
  ].map((link) => faultOf('README.md', link))
  expect(faults).toEqual([
    'leads to no file',
    'leads to no heading',
    'leads to no heading',
    'is no https address',
    'is no https address',
    'is no URL',
  ])
  expect(faultOf('docs/servers.md', '../README.md#options')).toBeUndefined()
})

test('every document is found from the README', () => {
  const reached = new Set<string>()
  const visit = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const link of readDocument(path).links) {
      const target = normalize(join(dirname(path), link.split('#')[0] ?? ''))
      if (target.endsWith('.md') && existsSync(join(ROOT, target))) visit(target)
    }
  }
  visit('README.md')
  // A changelog is looked for by its name.
  const others = documents.map(({ path }) => path).filter((path) => path !== 'CHANGELOG.md' && !isResult(path))
  expect(others.filter((path) => !reached.has(path))).toEqual([])
})

/** What a command wrote for a document to show. */
const isResult = (path: string): boolean => /(^|\/)results\//.test(path)

test('links and code blocks are read as GitHub reads them', () => {
  const text = '# A *b* `c`\n\n## A\n\n## A\n\n[x](y.md)\n\n<!-- run -->\n```ts\nf()\n```\n\n`[not](this)`\n'
  const { anchors, links, blocks } = parseDocument('x.md', text)
  expect([...anchors]).toEqual(['a-b-c', 'a', 'a-1'])
  expect(links).toEqual(['y.md'])
  expect(blocks).toEqual([{ language: 'ts', code: 'f()', place: 'x.md:11', directives: ['run'] }])
})
