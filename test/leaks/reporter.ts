// A reporter of Vitest that fails the run when a token is in anything that the tests print or fail with.

import { inspect } from 'node:util'
import type { Reporter, TestCase } from 'vitest/node'
import { tokenIn } from './patterns.ts'

export default class LeakReporter implements Reporter {
  private readonly leaks = new Set<string>()
  private readonly restore: (() => void)[] = []

  /** What workers print comes by here too, whichever way it was written. */
  onTestRunStart(): void {
    for (const stream of [process.stdout, process.stderr]) {
      const { write } = stream
      const watched: typeof write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
        this.look(String(chunk), 'the output')
        return write.call(stream, chunk, ...(rest as []))
      }
      stream.write = watched
      this.restore.push(() => {
        stream.write = write
      })
    }
  }

  onUserConsoleLog({ content, type }: { readonly content: string; readonly type: string }): void {
    this.look(content, type)
  }

  onTestCaseResult(test: TestCase): void {
    // What an assertion compares may well be a token; what was thrown must hold none.
    const thrown = (test.result().errors ?? []).filter(({ name }) => name !== 'AssertionError')
    for (const error of thrown) this.look(inspect(error, { depth: 9 }), `an error of "${test.fullName}"`)
  }

  onTestRunEnd(_modules: unknown, unhandled: readonly unknown[]): void {
    for (const restore of this.restore) restore()
    for (const error of unhandled) this.look(inspect(error, { depth: 9 }), 'an unhandled error')
    if (this.leaks.size === 0) return
    process.exitCode = 1
    console.error(`\ntokens were printed:\n  ${[...this.leaks].join('\n  ')}\n`)
  }

  private look(text: string, where: string): void {
    const token = tokenIn(text)
    // Never the token itself.
    if (token) this.leaks.add(`in ${where}: ${token.slice(0, 12)}…`)
  }
}
