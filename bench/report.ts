// Tables and plots, written where docs/figures.md finds them.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RESULTS = fileURLToPath(new URL('./results/', import.meta.url))
const DOCUMENT = fileURLToPath(new URL('../docs/figures.md', import.meta.url))

export interface Table {
  /** Says what was measured, with its unit. */
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  readonly note?: string
  /** The cells are words, which begin at the left. @default false */
  readonly isProse?: boolean
}

export interface Result {
  readonly tables: readonly Table[]
  /** Vega-Lite specifications by file name. */
  readonly plots: Readonly<Record<string, object>>
  /** All that was measured, for `results/NAME.json`. */
  readonly data: unknown
}

export function toMarkdown({ title, columns, rows, note, isProse = false }: Table): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  const rule = line(columns.map((_, index) => (index === 0 || isProse ? '---' : '--:')))
  return [`**${title}**`, '', line(columns), rule, ...rows.map(line), ...(note ? ['', note] : [])].join('\n')
}

export async function writeResult(name: string, { tables, plots, data }: Result): Promise<void> {
  mkdirSync(RESULTS, { recursive: true })
  for (const [file, specification] of Object.entries(plots)) {
    const { toSvg } = await import('./plot.ts')
    writeFileSync(`${RESULTS}${file}.svg`, await toSvg(specification))
  }
  const images = Object.keys(plots).map((file) => `![${file}](../bench/results/${file}.svg)`)
  const markdown = [...tables.map(toMarkdown), ...images].join('\n\n')
  writeFileSync(`${RESULTS}${name}.md`, `${markdown}\n`)
  writeFileSync(`${RESULTS}${name}.json`, `${JSON.stringify(data, null, 2)}\n`)
  includeInDocument(name, markdown)
}

/** Puts it between its markers; a document without them is left alone. */
function includeInDocument(name: string, markdown: string): void {
  const document = readFileSync(DOCUMENT, 'utf8')
  const start = `<!-- bench:${name} -->`
  const [before, rest] = split(document, start)
  const [, after] = split(rest, `<!-- /bench:${name} -->`)
  if (after === undefined) return
  writeFileSync(DOCUMENT, `${before}${start}\n\n${markdown}\n\n<!-- /bench:${name} -->${after}`)
}

function split(text = '', at: string): [string, string | undefined] {
  const index = text.indexOf(at)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + at.length)]
}

export function printTable({ title, columns, rows, note, isProse = false }: Table): void {
  console.log(`\n${title}`)
  const cells = [columns, ...rows].map((row) => row.map(String))
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  for (const row of cells) {
    console.log(
      `  ${row.map((cell, i) => (i && !isProse ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ')}`,
    )
  }
  if (note) console.log(`  ${note}`)
}
