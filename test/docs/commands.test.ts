// The commands, files, workflows and decisions that the documents name.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { documentPaths, ROOT, readDocument } from './markdown.ts'

const documents = documentPaths()
  .filter((path) => !path.startsWith('bench/'))
  .map(readDocument)

test.each(documents)('every npm script that $path names exists', ({ text }) => {
  const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name as string)
  expect(named.filter((name) => !(name in manifest.scripts))).toEqual([])
})

test('every npm script is named in a document', () => {
  const all = documents.map(({ text }) => text).join('\n')
  const named = (name: string): boolean => all.includes(name === 'test' ? 'npm test' : `npm run ${name}`)
  expect(Object.keys(manifest.scripts).filter((name) => !named(name))).toEqual([])
})

test('every file of the project that a document names in code exists', () => {
  const missing = documents
    // What has changed since may name what is gone.
    .filter(({ path }) => path !== 'CHANGELOG.md')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|demo|bench|docs)\/[\w./-]+)`/g)]
        .filter(([, file = '']) => !isThere(file))
        .map(([, file]) => `${path}: ${file}`),
    )
  expect(missing).toEqual([])
})

const workflows = readdirSync(`${ROOT}/.github/workflows`)
  .map((file) => `.github/workflows/${file}`)
  .map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') }))

test.each(workflows)('every action of $path is pinned to a commit, and its version stands beside it', ({ text }) => {
  const used = [...text.matchAll(/uses: (.+)/g)].map(([, action]) => action as string)
  expect(used.length).toBeGreaterThan(0)
  expect(used.filter((action) => !/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([])
})

test.each([...workflows, { path: '.ci/run', text: readFileSync(`${ROOT}/.ci/run`, 'utf8') }])(
  'every npm script that $path runs exists',
  ({ text }) => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name as string)
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([])
  },
)

test('the package is named in the README as npm packs it', () => {
  const { name, version } = manifest
  expect(readDocument('README.md').text).toContain(`\`${name}-${version}.tgz\``)
})

test('the architecture names every file of the core', () => {
  const rows = readDocument('ARCHITECTURE.md').tables.find(({ header }) => header[0]?.text.startsWith('file'))?.rows
  const named = rows?.flatMap(([cell]) =>
    [...(cell?.text ?? '').matchAll(/`([\w/-]+)`/g)].map(([, name]) => `${name}.ts`),
  )
  const files = readdirSync(`${ROOT}/src/core`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(named?.sort()).toEqual(files.sort())
})

test('each decision of the architecture has a number of its own, without gaps, and the source names it', () => {
  const { text } = readDocument('ARCHITECTURE.md')
  const decisions = [...text.matchAll(/^- \*\*(D\d+)\. /gm)].map(([, number]) => number)
  const sources = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  )
  const named = sources.flatMap((file) => readFileSync(`${ROOT}/src/${file}`, 'utf8').match(/\bD\d+\b/g) ?? [])
  expect(decisions.length).toBeGreaterThan(30)
  expect([...decisions].sort()).toEqual(decisions.map((_, index) => `D${index + 1}`).sort())
  expect([...new Set(named)].sort()).toEqual([...decisions].sort())
})

function isThere(file: string): boolean {
  try {
    readFileSync(`${ROOT}/${file}`)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR'
  }
}
