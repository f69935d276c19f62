// Which processes draw WebKit's pages: suspending one freezes its tab.

import { readdirSync, readFileSync } from 'node:fs'

/** The web processes below a WebDriver server, from /proc. */
export function renderersOf(driverPid: number): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => /^(\d+) \((.*)\) \S+ (\d+)/.exec(read(`/proc/${name}/stat`)))
    .map((match) => ({ pid: Number(match?.[1]), name: match?.[2], parent: Number(match?.[3]) }))
  const browsers = processes.filter(({ parent }) => parent === driverPid).map(({ pid }) => pid)
  return processes
    .filter(({ name, parent }) => browsers.includes(parent) && name?.startsWith('WebKitWebProces'))
    .map(({ pid }) => pid)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
