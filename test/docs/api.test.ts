// The API reference and the comments that it is made of.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Declaration, Member } from './declarations.ts'
import { mentionedBy, readEntryPoints } from './entry-points.ts'
import { ROOT, readDocument } from './markdown.ts'
import { writeReference } from './reference.ts'

const entries = readEntryPoints()
const mentioned = { name: '(mentioned)', declarations: mentionedBy(entries.flatMap((entry) => entry.declarations)) }
const declarations = [...entries, mentioned].flatMap((entry) =>
  entry.declarations.map((one) => [`${entry.name} ${one.name}`, one]),
)

test('the API reference is what `npm run docs` writes', () => {
  expect(readFileSync(`${ROOT}/docs/api.md`, 'utf8')).toBe(writeReference())
})

test('the reference shows no marks of the comments', () => {
  expect(writeReference()).not.toMatch(/\{@/)
})

test('the reference has every entry point', () => {
  expect(entries.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['authfetch', 'authfetch/react', 'authfetch/vue', 'authfetch/ky']),
  )
  for (const entry of entries) expect(entry.declarations.length).toBeGreaterThan(0)
})

/** Whose name and type say all there is to say. */
const isPlain = ({ name, signature }: Member): boolean =>
  name === 'constructor' || name === 'name' || (name === 'code' && /^'[\w-]+'$/.test(signature))

test.each(declarations as [string, Declaration][])('%s says what it is, in sentences', (_, { comment, members }) => {
  const silent = members.filter((member) => !member.comment && !isPlain(member)).map(({ name }) => name)
  expect(silent).toEqual([])
  for (const { text } of [comment, ...members.map((member) => member.comment)].filter((one) => one !== undefined)) {
    expect(text).toMatch(/^[A-Z`{][\s\S]*\.$/)
  }
  expect(comment).toBeDefined()
})

test('docs/behaviour.md has every error with its code, every reason, every status and every event', () => {
  const { text } = readDocument('docs/behaviour.md')
  const of = (name: string): Declaration | undefined =>
    entries[0]?.declarations.find((declaration) => declaration.name === name)
  const literals = (signature = ''): string[] =>
    [...signature.matchAll(/'([\w-]+)'/g)].map(([, value]) => `\`${value}\``)
  const errors = entries[0]?.declarations.filter(({ kind, name }) => kind === 'class' && name !== 'AuthError') ?? []
  const codes = errors.map(({ name, members }) => {
    const code = members.find((member) => member.name === 'code')?.signature
    return `| \`${name}\` | ${literals(code)[0]} |`
  })
  const events = of('AuthEvents')?.members.map(({ name }) => `\`${name.replace(/'/g, '')}\``) ?? []
  const wanted = [
    ...codes,
    ...events,
    ...literals(of('SignedOutReason')?.signature),
    ...literals(of('MissingPart')?.signature),
    ...literals(of('Origin')?.signature),
    ...['unknown', 'signed-in', 'signed-out'].map((status) => `| \`${status}\` |`),
  ]
  expect(wanted.length).toBeGreaterThan(18)
  expect(wanted.filter((part) => !text.includes(part))).toEqual([])
})

const TIME = /(At|Lead|Timeout|Within|Validity|After|[lL]ifetime|latency|expires_in|expiresIn)$/

test('every time states its unit', () => {
  const members = entries.flatMap((entry) => entry.declarations.flatMap((one) => one.members))
  const times = members.filter(({ name, signature }) => TIME.test(name) && /\bnumber\b/.test(signature))
  expect(times.length).toBeGreaterThan(5)
  const vague = times.filter(({ comment }) => !/\(in (milli)?seconds\b/.test(comment?.text ?? ''))
  expect(vague.map(({ name }) => name)).toEqual([])
})

test('every option that may be left out states its default', () => {
  const options = entries.flatMap((entry) => entry.declarations.filter(({ name }) => name === 'AuthClientOptions'))
  const optional = options.flatMap(({ members }) => members).filter(({ isOptional }) => isOptional)
  expect(optional.length).toBeGreaterThan(5)
  for (const { name, comment } of optional) {
    expect(
      comment?.tags.map((tag) => tag.name),
      name,
    ).toContain('default')
  }
})
