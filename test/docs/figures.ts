// What documents take from files that commands write: it stands between two comments, `<!-- NAME -->` and `<!-- /NAME -->`.

import { existsSync, readFileSync } from 'node:fs'
import { SCENARIOS } from '../browser/multi-tab.ts'
import { CASES } from '../conformance/cases/index.ts'
import { SIZES } from '../package/sizes.ts'
import { SABOTAGES } from '../simulation/sabotages.ts'
import { ROOT } from './markdown.ts'

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

const FIGURES: Readonly<Record<string, () => string>> = {
  'size:client': () => limitOf('createAuthClient + cookieRefresh'),
  'size:login': () => limitOf('authfetch/login, on top'),
  'size:react': () => limitOf('authfetch/react, on top'),
  'figure:schedules': () =>
    grouped(Number(/SCHEDULES = ([\d_]+)/.exec(read('test/simulation/simulation.test.ts'))?.[1]?.replaceAll('_', ''))),
  'figure:sabotages': () => atLeast(SABOTAGES.length, 10),
  'figure:scenarios': () => atLeast(SCENARIOS.length, 10),
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
