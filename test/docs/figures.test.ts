// The figures in the documents, compared with the files and the code that they come from.

import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSettings } from '../../demo/server/settings.ts'
import { ASKING, LOCK_WAIT, leaseOf, SILENCE } from '../../src/core/protocol/limits.ts'
import { floorOf, pauseAfter } from '../../src/core/protocol/schedule.ts'
import { PATIENCE } from '../../src/platform/ledger.ts'
import { contentOf, figuresOf, fillFigures, sourceOf } from './figures.ts'
import { documentPaths, ROOT, readDocument } from './markdown.ts'

const figures = documentPaths().flatMap((path) =>
  figuresOf(readDocument(path).text).map((figure) => ({ path, ...figure })),
)
/** Long runs, which need every browser or an idle machine; until then there is no file to compare with. */
const LONG = ['engines', 'servers', 'simulation:schedules']
const isAwaited = ({ name }: { readonly name: string }): boolean =>
  LONG.includes(name) && !existsSync(`${ROOT}/${sourceOf(name)}`)

test.for(figures)('$name in $path is what its command wrote', (figure, { skip }) => {
  skip(isAwaited(figure), `${sourceOf(figure.name)} is still to be written`)
  expect(figure.content).toBe(contentOf(figure.name))
})

test('every comment that opens a figure closes it', () => {
  const marks = documentPaths().flatMap(
    (path) => readDocument(path).text.match(/<!-- \/?(\w+:[\w-]+|engines|servers) -->/g) ?? [],
  )
  expect(marks.length).toBe(figures.length * 2)
  expect(figures.length).toBeGreaterThan(5)
})

test('a figure that differs is found and replaced', () => {
  const name = 'figure:schedules'
  const wrong = `<!-- ${name} -->7<!-- /${name} -->`
  expect(figuresOf(wrong)).toEqual([{ name, content: '7' }])
  expect(fillFigures(wrong)).toBe(`<!-- ${name} -->${contentOf(name)}<!-- /${name} -->`)
  expect(contentOf(name)).toMatch(/^\d/)
})

test('the bounds in docs/behaviour.md are those of the code', () => {
  const { text } = readDocument('docs/behaviour.md')
  const seconds = (value: number): number => Math.round(value / 1000)
  expect(text).toContain(`at most ${ASKING} ms`)
  expect(text).toContain(`\`refreshTimeout\` and ${seconds(leaseOf(0))} s`)
  expect(seconds(LOCK_WAIT)).toBe(1)
  expect(text).toContain(`if it does not answer them for ${seconds(SILENCE)} s`)
  expect(text).toContain(`a refresh gives up after ${seconds(PATIENCE)} s`)
  const floor = floorOf(undefined)
  expect(text).toContain(
    `less than ${seconds(floor)} seconds ago (with a lifetime under ${seconds(4 * floor)} s: a quarter of it, but at least 1 s)`,
  )
  expect([floorOf(2 * floor), floorOf(1_000)]).toEqual([floor / 2, 1_000])
  const longest = seconds(pauseAfter(99, 1))
  expect(text).toContain(
    `a random pause of up to ${seconds(pauseAfter(0, 1))} s; the limit doubles each time, up to ${longest} s`,
  )
  expect(seconds(pauseAfter(0, 0, Number.POSITIVE_INFINITY)) / 3600).toBeCloseTo(1, 3)
  expect(text).toContain('not before `Retry-After` (an hour at most)')
})

test('the times in docs/servers.md are those of the reference server', () => {
  const { text } = readDocument('docs/servers.md')
  const { replayWindow, refreshLifetime, sessionLifetime } = createSettings()
  const days = (seconds: number): number => seconds / 86_400
  expect(replayWindow).toBe(600)
  expect(text).toContain('It does so for ten minutes')
  expect(text).toContain(
    `lives ${days(refreshLifetime)} days unused; a session lives ${days(sessionLifetime)} days in all`,
  )
})

test('the README is at most 300 lines and 20 kB', () => {
  const { text } = readDocument('README.md')
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(300)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000)
})
