// What documents take from files that commands write: it stands between two comments, `<!-- NAME -->` and `<!-- /NAME -->`.

import { existsSync, readFileSync } from 'node:fs'
import manifest from '../../package.json' with { type: 'json' }
import { SCENARIOS } from '../browser/multi-tab.ts'
import { CASES } from '../conformance/cases/index.ts'
import { SIZES } from '../package/sizes.ts'
import { SABOTAGES } from '../simulation/sabotages.ts'
import { parseDocument, plainText, ROOT } from './markdown.ts'

const MARKED = /<!-- ((?:bench|figure|size):[\w-]+|engines|servers|simulation:\w+) -->([\s\S]*?)<!-- \/\1 -->/g

export interface Figure {
  readonly name: string
  readonly content: string
}

export function figuresOf(text: string): Figure[] {
  return [...text.matchAll(MARKED)].map(([, name = '', content = '']) => ({ name, content }))
}

const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8')
const grouped = (value: number): string => value.toLocaleString('en-US')

/** Rounded down, so that one more needs no new document. */
const atLeast = (value: number, step: number): string => `${grouped(value - (value % step))} or more`

const limitOf = (size: string): string => grouped(SIZES[size]?.limit ?? Number.NaN)

/** The tables of a benchmark, each as rows of texts; the first row is the header. */
const tablesOf = (benchmark: string): string[][][] =>
  parseDocument('', read(`bench/results/${benchmark}.md`)).tables.map(({ header, rows }) =>
    [header, ...rows].map((cells) => cells.map(({ tokens }) => plainText(tokens))),
  )

function cellOf(table: string[][] | undefined, row: string, column: string): string {
  const index = table?.[0]?.indexOf(column) ?? -1
  return table?.find(([name]) => name === row)?.[index] ?? '–'
}

/** What decides between the libraries, out of several benchmarks. */
function compared(): string {
  const [requests, fates] = tablesOf('tabs')
  const [sizes] = tablesOf('size')
  const rows = (requests ?? [])
    .slice(1)
    .map(([name = '']) => [
      name,
      cellOf(requests, name, '20 tabs'),
      cellOf(fates, name, 'spent tokens presented'),
      cellOf(fates, name, 'signed-out tabs'),
      cellOf(sizes, name, 'gzip'),
    ])
  const header = [
    '',
    'token requests for each lifetime',
    'spent tokens presented',
    'tabs signed out',
    'size (kB, gzip)',
  ]
  const lines = [header, header.map((_, index) => (index ? '--:' : '---')), ...rows]
  return `\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n`
}

const simulated = (column: string): string => {
  const [table] = parseDocument('', read('test/simulation/results/schedules.md')).tables
  const index = table?.header.findIndex(({ text }) => text === column) ?? -1
  const sum = table?.rows.reduce((total, row) => total + Number(row[index]?.text.replaceAll(',', '')), 0)
  return sum === undefined ? '' : grouped(sum)
}

const FIGURES: Readonly<Record<string, () => string>> = {
  'size:client': () => limitOf('createAuthClient + cookieRefresh'),
  'size:login': () => limitOf('authfetch/login, on top'),
  'size:recorder': () => limitOf('authfetch/devtools: createRecorder, on top'),
  'size:react': () => limitOf('authfetch/react, on top'),
  'figure:schedules': () =>
    grouped(Number(/SCHEDULES = ([\d_]+)/.exec(read('test/simulation/simulation.test.ts'))?.[1]?.replaceAll('_', ''))),
  'figure:more-schedules': () => grouped(Number(/--schedules (\d+)/.exec(manifest.scripts['test:slow'])?.[1])),
  'figure:sabotages': () => atLeast(SABOTAGES.length, 10),
  'figure:scenarios': () => atLeast(SCENARIOS.length, 10),
  'figure:requests': () => cellOf(tablesOf('tabs')[0], 'authfetch', '20 tabs'),
  'figure:call': () => cellOf(tablesOf('cost')[1], 'authfetch', 'µs over fetch'),
  'figure:simulated': () => simulated('schedules'),
  'figure:violations': () => simulated('violations'),
  'figure:compared': compared,
  'figure:cases': () => atLeast(CASES.length, 100),
}

/** The file behind a table, relative to the root. */
export function sourceOf(name: string): string | undefined {
  if (name === 'engines') return 'test/browser/results/engines.md'
  if (name === 'servers') return 'test/servers/results/servers.md'
  if (name.startsWith('simulation:')) return `test/simulation/results/${name.slice('simulation:'.length)}.md`
  return name.startsWith('bench:') ? `bench/results/${name.slice('bench:'.length)}.md` : undefined
}

/** What stands between the comments; undefined while the command has not written its file. */
export function contentOf(name: string): string | undefined {
  const source = sourceOf(name)
  if (!source) return FIGURES[name]?.()
  return existsSync(`${ROOT}/${source}`) ? `\n\n${read(source).trim()}\n\n` : undefined
}

export function fillFigures(text: string): string {
  return text.replace(MARKED, (_, name: string, content: string) => {
    return `<!-- ${name} -->${contentOf(name) ?? content}<!-- /${name} -->`
  })
}
