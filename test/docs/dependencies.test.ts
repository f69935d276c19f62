// The run-time dependencies, and what SECURITY.md says of them.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { ROOT, readDocument } from './markdown.ts'

const rows = (
  readDocument('SECURITY.md').tables.find(({ header }) => header[0]?.text === 'dependency')?.rows ?? []
).map((cells) => cells.map(({ text }) => text.replaceAll('`', '')))

test('SECURITY.md gives a reason for each run-time dependency, and for no other', () => {
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(manifest.dependencies).sort())
  for (const [name, reason = ''] of rows) expect(reason.split(' ').length, name).toBeGreaterThan(5)
})

test('the run-time dependencies have no dependencies and no install scripts', () => {
  for (const name of Object.keys(manifest.dependencies)) {
    const its = JSON.parse(readFileSync(`${ROOT}/node_modules/${name}/package.json`, 'utf8'))
    expect(Object.keys(its.dependencies ?? {}), name).toEqual([])
    expect(Object.keys(its.scripts ?? {}).filter(isInstallScript), name).toEqual([])
  }
})

/** What npm runs when a package is installed from a registry. */
const isInstallScript = (name: string): boolean => /^(pre|post)?install$/.test(name)

test('the package has no install scripts', () => {
  // Installed from git, `prepare` would run too.
  const scripts = Object.keys(manifest.scripts).filter((name) => isInstallScript(name) || name === 'prepare')
  expect(scripts).toEqual([])
  expect(manifest).not.toHaveProperty('gypfile')
})
