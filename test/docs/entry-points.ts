// The entry points of the package: what each exports, and what that mentions.

import { readdirSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { type Declaration, declare, parse } from './declarations.ts'
import { ROOT } from './markdown.ts'

export interface EntryPoint {
  /** As it is imported: `authfetch/react`. */
  readonly name: string
  readonly declarations: readonly Declaration[]
}

/** Reads the entry points that package.json exports. */
export function readEntryPoints(): EntryPoint[] {
  return Object.keys(manifest.exports)
    .filter((key) => !key.endsWith('.json'))
    .map((key) => ({ key, file: `${ROOT}/src/${key === '.' ? 'index' : key.slice(2)}.ts` }))
    .map(({ key, file }) => ({
      name: manifest.name + key.slice(1),
      declarations: exportsOf(file),
    }))
}

/** The declarations that others mention without being exported with them, and that these mention in turn. */
export function mentionedBy(declarations: readonly Declaration[]): Declaration[] {
  const files = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ts$/.test(file))
  const all = files.sort().flatMap((file) => declarationsOf(`${ROOT}/src/${file}`))
  const found = [...declarations]
  for (const { signature, members } of found) {
    const text = [signature, ...members.map((member) => member.signature)].join(' ').replace(/'[^']*'/g, '')
    for (const [name] of text.matchAll(/\b[A-Z]\w+/g)) {
      const mentioned = all.find((one) => one.name === name)
      if (mentioned && !found.some((one) => one.name === name)) found.push(mentioned)
    }
  }
  return found.slice(declarations.length)
}

/** What a file itself declares and exports. */
function declarationsOf(file: string): Declaration[] {
  return parse(file).program.body.flatMap((statement) =>
    statement.type === 'ExportNamedDeclaration' && statement.declaration
      ? declare(file, statement, statement.declaration)
      : [],
  )
}

function exportsOf(file: string): Declaration[] {
  const { program } = parse(file)
  return program.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    if (statement.declaration) return [declare(file, statement, statement.declaration)]
    const { source } = statement
    const from = source ? resolve(dirname(file), source.value) : file
    return statement.specifiers.map(({ local }) => {
      const name = 'name' in local ? local.name : local.value
      const found = source ? exportsOf(from).find((one) => one.name === name) : undefined
      if (!found) throw new Error(`${relative(ROOT, file)} exports ${name}, which was not found`)
      return found
    })
  })
}
