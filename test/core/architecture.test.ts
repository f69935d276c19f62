// The rules for imports and globals in `src`.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))

const importsOf = (file: string): string[] =>
  [...readFileSync(`${SOURCE}/${file}`, 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) =>
    relative(SOURCE, resolve(SOURCE, dirname(file), path as string)),
  )

const codeOf = (file: string): string =>
  readFileSync(`${SOURCE}/${file}`, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')

const allowed: Readonly<Record<string, RegExp>> = {
  // The rooms of the core: pure transitions of the ledger's entry, the reading of what servers say, and the protocol.
  'core/entry': /^core\/entry\//,
  'core/responses': /^core\/(responses\/|entry\/entry|errors|optional)/,
  core: /^core\//,
  platform: /^(core\/(ports|entry\/entry|optional)|platform\/)/,
  dpop: /^(core\/(errors|ports|responses\/)|dpop\/|platform\/page|refresh\/proofs)/,
  login: /^(core\/(errors|responses\/tokens)|login\/|refresh\/request)/,
  refresh: /^(core\/(entry\/entry|ports|errors|optional|responses\/|protocol\/limits)|refresh\/|platform\/page|abort)/,
}

describe('the arrows point one way', () => {
  for (const [folder, pattern] of Object.entries(allowed)) {
    test(`${folder} imports nothing but what it may`, () => {
      const own = files.filter((file) => file.startsWith(`${folder}/`))
      const wrong = own.flatMap((file) =>
        importsOf(file)
          .filter((path) => !pattern.test(path))
          .map((path) => `${file} -> ${path}`),
      )
      expect(own.length).toBeGreaterThan(0)
      expect(wrong).toEqual([])
    })
  }

  test('no module imports itself through others, types included', () => {
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): string[] | undefined => {
      if (path.includes(file)) return [...path, file]
      if (done.has(file)) return undefined
      for (const next of importsOf(file)) {
        const cycle = visit(next, [...path, file])
        if (cycle) return cycle
      }
      done.add(file)
      return undefined
    }
    for (const file of files) expect(visit(file, [])).toBeUndefined()
  })
})

test('the core names no global of the environment', () => {
  const globals =
    /\b(Date\.now|Math\.random|setTimeout|clearTimeout|setInterval|performance|navigator|window|document|globalThis|indexedDB|BroadcastChannel|localStorage|fetch\()/
  const found = files.filter((file) => file.startsWith('core/') && globals.test(codeOf(file)))
  expect(found).toEqual([])
})

test('each file states at its top what it owns', () => {
  const silent = files.filter((file) => !/^(\/\*\*|\/\/) /.test(readFileSync(`${SOURCE}/${file}`, 'utf8')))
  expect(silent).toEqual([])
})
