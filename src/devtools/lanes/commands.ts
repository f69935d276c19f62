/** Commands from one tab to another, and their results. */

import type { Command, CommandResult, Lane } from './lane.ts'

export interface Commands {
  handle(name: string, task: (argument: never) => unknown): void
  /** Rejects when the tab does. */
  give<Value>(to: Lane, name: string, argument?: unknown): Promise<Value>
  obey(command: Command): Promise<void>
  settle(result: CommandResult): void
}

export function createCommands(post: (parcel: Command | CommandResult) => void): Commands {
  const handlers = new Map<string, (argument: never) => unknown>()
  const waiting = new Map<string, (result: CommandResult) => void>()
  return {
    handle: (name, task) => void handlers.set(name, task),
    give: (to, name, argument) =>
      new Promise((resolve, reject) => {
        const id = crypto.randomUUID()
        waiting.set(id, ({ value, error }) =>
          error === undefined ? resolve(value as never) : reject(new Error(error)),
        )
        post({ type: 'command', id, to: to.id, name, argument })
      }),
    async obey({ id, name, argument }) {
      try {
        post({ type: 'result', id, value: await handlers.get(name)?.(argument as never) })
      } catch (error) {
        post({ type: 'result', id, error: error instanceof Error ? error.message : String(error) })
      }
    },
    settle(result) {
      waiting.get(result.id)?.(result)
      waiting.delete(result.id)
    },
  }
}
