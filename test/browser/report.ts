// A table of scenario × engine, or scenario × server: what came of each play, told as it comes, and kept as Markdown.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Report {
  /** Plays, and tells what came of it: `play` resolves with the reason when there is nothing to show. */
  record(column: string, row: string, play: () => Promise<string | undefined>): Promise<void>
  /** A cell that is no play. */
  note(column: string, row: string, cell: string): void
  /** A whole column that cannot be shown. */
  skip(column: string, reason: string): void
  /** Prints the table, and writes it to `file` unless something failed; returns the exit code. */
  finish(file?: URL): number
}

export function createReport(): Report {
  const table: Record<string, Record<string, string>> = {}
  const failures: string[] = []
  const skips: string[] = []

  function note(column: string, row: string, cell: string): void {
    table[row] = { ...table[row], [column]: cell }
  }

  /** A row for each scenario, with what came of it in each column. */
  function markdown(): string {
    const columns = [...new Set(Object.values(table).flatMap((row) => Object.keys(row)))]
    const rows = Object.entries(table).map(([name, row]) => [name, ...columns.map((column) => row[column] ?? '–')])
    const head = [
      ['Scenario', ...columns],
      ['---', ...columns.map(() => '---')],
    ]
    const lines = [...head, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`)
    return `${lines.join('')}\n${skips.map((skip) => `- Skipped in ${skip}.\n`).join('')}`
  }

  return {
    async record(column, row, play) {
      const startedAt = performance.now()
      let cell: string
      try {
        const reason = await play()
        cell = reason ? 'skipped' : 'passed'
        if (reason) skips.push(`${column}: ${row}, because ${reason}`)
      } catch (error) {
        cell = 'FAILED'
        failures.push(`${column}: ${row}\n${error instanceof Error ? error.stack : String(error)}`)
      }
      console.log(`  ${cell}  ${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${row}`)
      note(column, row, cell)
    },
    note,
    skip: (column, reason) => skips.push(`${column}: everything, because ${reason}`),
    finish(file) {
      console.table(table)
      for (const skip of skips) console.log(`skipped in ${skip}`)
      for (const failure of failures) console.error(`\nfailed in ${failure}`)
      const played = Object.values(table).flatMap((row) => Object.values(row))
      const passed = played.filter((cell) => cell === 'passed').length
      console.log(`${passed} passed, ${failures.length} failed, ${skips.length} skipped`)
      if (file && failures.length === 0) {
        mkdirSync(dirname(file.pathname), { recursive: true })
        writeFileSync(file, markdown())
      }
      return failures.length > 0 || passed === 0 ? 1 : 0
    },
  }
}
