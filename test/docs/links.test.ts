// The links in the documents.

import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { type Document, documentPaths, parseDocument, ROOT, readDocument } from './markdown.ts'

const documents = documentPaths().map(readDocument)
const documentAt = (path: string): Document | undefined => documents.find((one) => one.path === path)

/** What a command writes for a document to show. */
const isResult = (path: string): boolean => /^test\/\w+\/results\/|^bench\/results\/.*\.md$/.test(path)

/** What is wrong with a link; undefined when nothing is. */
function faultOf(from: string, link: string): string | undefined {
  if (/^[a-z][\w+.-]*:/i.test(link)) {
    const url = URL.parse(link)
    if (!url) return 'is no URL'
    return url.protocol === 'https:' && /\.\w+$/.test(url.hostname) ? undefined : 'is no https address'
  }
  const [file = '', anchor] = link.split('#')
  const path = file ? normalize(join(dirname(from), decodeURIComponent(file))) : from
  // A long run may still have to write it.
  if (!existsSync(join(ROOT, path))) return isResult(path) ? undefined : 'leads to no file'
  if (anchor === undefined) return undefined
  return documentAt(path)?.anchors.has(anchor) ? undefined : 'leads to no heading'
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
    for (const link of documentAt(path)?.links ?? []) {
      const target = normalize(join(dirname(path), link.split('#')[0] ?? ''))
      if (target.endsWith('.md') && existsSync(join(ROOT, target))) visit(target)
    }
  }
  visit('README.md')
  const others = documents.map(({ path }) => path).filter((path) => !isResult(path))
  expect(others.filter((path) => !reached.has(path))).toEqual([])
})

test('links and code blocks are read as GitHub reads them', () => {
  const text = '# A *b* `c`\n\n## A\n\n## A\n\n[x](y.md)\n\n<!-- run -->\n```ts\nf()\n```\n\n`[not](this)`\n'
  const { anchors, links, blocks } = parseDocument('x.md', text)
  expect([...anchors]).toEqual(['a-b-c', 'a', 'a-1'])
  expect(links).toEqual(['y.md'])
  expect(blocks).toEqual([{ language: 'ts', code: 'f()', place: 'x.md:11', directives: ['run'] }])
})
