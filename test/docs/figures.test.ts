import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import tabs from '../../bench/results/tabs.json' with { type: 'json' }
import { contentOf, figuresOf, fillFigures, sourceOf } from './figures.ts'
import { documentPaths, ROOT, readDocument } from './markdown.ts'

const figures = documentPaths().flatMap((path) =>
  figuresOf(readDocument(path).text).map((figure) => ({ path, ...figure })),
)
/** Its command is still to be run on a machine that has every browser. */
const isAwaited = ({ name }: { readonly name: string }): boolean =>
  name === 'engines' && !existsSync(`${ROOT}/${sourceOf(name)}`)

test.each(figures.filter((figure) => !isAwaited(figure)))('$name in $path is what its command wrote', (figure) => {
  expect(figure.content).toBe(contentOf(figure.name))
})

test('every comment that opens a figure closes it', () => {
  const marks = documentPaths().flatMap(
    (path) => readDocument(path).text.match(/<!-- \/?(\w+:[\w-]+|engines) -->/g) ?? [],
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

test('the table of tabs in the README is what the benchmark measured', () => {
  const table = readDocument('README.md').tables.find(({ header }) => header[0]?.text === 'tabs')
  const cells = [table?.header ?? [], ...(table?.rows ?? [])].map((row) => row.slice(1).map(({ text }) => Number(text)))
  const column = (figure: keyof (typeof tabs.rows)[number]): number[] => tabs.rows.map((row) => row[figure])
  if (table) expect(cells).toEqual([column('tabs'), column('requests a lifetime'), column('spent tokens presented')])
  expect(table ?? figures.find(({ name }) => name === 'bench:tabs')).toBeDefined()
})
