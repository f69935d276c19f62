// Processes and directories that must not outlive this process, however it ends.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const releases = new Set<() => void>()

function releaseAll(): void {
  for (const release of releases) release()
  releases.clear()
}

let isWatching = false

/** Given to Playwright, whose own handler of SIGTERM closes the browsers and then keeps the process alive. */
export const NO_SIGNAL_HANDLERS = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }

/** Lets a signal end this process as it would have, after everything that is to happen on exit. */
export function cleanUpOnSignals(): void {
  if (isWatching) return
  isWatching = true
  process.on('exit', releaseAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // The listeners of `exit`, Playwright's among them, kill the browsers. `process.exit` itself throws in Vitest.
      process.emit('exit', 1)
      process.kill(process.pid, signal)
    })
  }
}

/** `lastWill` is a shell command for the case that this process is killed outright. */
function own(release: () => void, lastWill: string): () => void {
  cleanUpOnSignals()
  releases.add(release)
  // `cat` ends when our end of the pipe does.
  const stdio: StdioOptions = ['pipe', 'ignore', 'ignore']
  const executor = spawn('/bin/sh', ['-c', `cat; ${lastWill}`], { stdio, detached: true })
  executor.unref()
  ;(executor.stdin as Socket).unref()
  return () => {
    releases.delete(release)
    executor.kill('SIGKILL')
    release()
  }
}

export interface OwnedProcess {
  readonly child: ChildProcess
  /** Ends it and everything it started; resolves once it has exited. */
  stop(): Promise<void>
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): OwnedProcess {
  const { env = process.env, stdio = 'ignore' } = options
  // A process group of its own, so that its children end with it.
  const child = spawn(command, args, { env, stdio, detached: true })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const kill = own(() => {
    try {
      if (child.pid) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nothing of the group is left.
    }
  }, `kill -9 -${child.pid}`)
  return {
    child,
    stop: () => {
      kill()
      return ended
    },
  }
}

export interface OwnedDirectory {
  readonly path: string
  remove(): void
}

export function createDirectory(name: string): OwnedDirectory {
  const path = mkdtempSync(join(tmpdir(), `authfetch-${name}-`))
  const release = own(
    // A browser that was just killed may still be writing; retries cover that.
    () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
    `sleep 1; rm -rf '${path}'`,
  )
  return { path, remove: release }
}
