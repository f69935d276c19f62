// Servers in processes of their own: each prints its port, and answers its administrator under `/-/`.

import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { startProcess } from '../support/browser/owned.ts'
import type { RunningServer } from './server.ts'

export interface ServerProcess extends Omit<RunningServer, 'credentials'> {
  /** Does what the process's `/-/TASK` does for a user. */
  administer(task: string, user: string, terms?: Readonly<Record<string, string>>): Promise<Record<string, unknown>>
}

export async function startServerProcess(command: string, script: string, terms: object): Promise<ServerProcess> {
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const { child, stop } = startProcess(command, [script, JSON.stringify(terms)], { stdio: [...stdio] })
  let complaint = ''
  child.stderr?.on('data', (chunk) => {
    complaint += chunk
  })
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout as Readable).once('line', resolve)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${script} ended instead of starting: ${complaint.slice(-2_000)}`)))
  })
  const origin = `http://localhost:${port}`

  const administer: ServerProcess['administer'] = async (task, user, more = {}) => {
    const response = await fetch(`${origin}/-/${task}?${new URLSearchParams({ user, ...more })}`)
    if (!response.ok) throw new Error(`${script} answered ${task} with ${response.status}`)
    return (await response.json()) as Record<string, unknown>
  }

  return {
    origin,
    administer,
    sessions: async (user) => Number((await administer('sessions', user)).sessions),
    endSessions: async (user) => void (await administer('end-sessions', user)),
    recall: async (user) => void (await administer('recall', user)),
    close: stop,
  }
}
