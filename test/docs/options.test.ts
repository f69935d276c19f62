// The option table of the README, compared with the source.

import { expect, test } from 'vitest'
import type { AuthClientOptions } from '../../src/index.ts'
import { checkOptions } from '../../src/options.ts'
import { readEntryPoints } from './entry-points.ts'
import { plainText, readDocument } from './markdown.ts'

interface Row {
  readonly name: string
  readonly unit: string
  readonly preset: string
}

const table = readDocument('README.md').tables.find(({ header }) => header[0]?.text === 'option')
const rows: Row[] = (table?.rows ?? []).map((cells) => {
  const [name = '', unit = '', preset = ''] = cells.map(({ tokens }) => plainText(tokens))
  return { name, unit, preset }
})

const declared = readEntryPoints()
  .flatMap(({ declarations }) => declarations)
  .find(({ name }) => name === 'AuthClientOptions')?.members

test('the option table of the README has every option, in the order of the source', () => {
  expect(rows.map(({ name }) => name)).toEqual(declared?.map(({ name }) => name))
})

test.each(rows)('the README gives the default that the comment of $name gives', ({ name, preset }) => {
  const member = declared?.find((one) => one.name === name)
  const comment = member?.comment?.tags.find((tag) => tag.name === 'default')?.text
  expect(preset).toBe(member?.isOptional ? comment : 'required')
})

test.each(rows)('the README gives the unit of $name', ({ name, unit }) => {
  const comment = declared?.find((one) => one.name === name)?.comment?.text ?? ''
  expect(/^ms\b/.test(unit)).toBe(/\(in milliseconds\)/.test(comment))
})

test('the defaults in the comments are those of the code', () => {
  const checked: Readonly<Record<string, unknown>> = { ...checkOptions({ refresh: async () => ({}) }) }
  const literal = /^(?:'(.*)'|([\d_]+)|(Infinity))$/
  const stated = declared?.flatMap(({ name, comment }) => {
    const preset = comment?.tags.find((tag) => tag.name === 'default')?.text ?? ''
    const [, text, digits, infinity] = literal.exec(preset) ?? []
    if (text !== undefined) return [[name, text]]
    if (digits !== undefined) return [[name, Number(digits.replaceAll('_', ''))]]
    return infinity ? [[name, Number.POSITIVE_INFINITY]] : []
  })
  expect(stated?.map(([name]) => name)).toEqual(['refreshLead', 'refreshTimeout', 'resendWithin', 'scheme', 'name'])
  for (const [name, value] of stated ?? []) expect(checked[name as keyof AuthClientOptions], String(name)).toBe(value)
})
