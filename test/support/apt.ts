// Debian's packages, installed where that is one command: on Debian, as root.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export const isDebian = (): boolean => existsSync('/etc/debian_version')

export const aptCommand = (packages: readonly string[]): string =>
  `apt-get install -y --no-install-recommends ${packages.join(' ')}`

/** Does nothing where it may not; whether the packages are there afterwards is the caller's to find out. */
export function aptInstall(packages: readonly string[], write: (line: string) => void = console.log): void {
  if (!isDebian() || process.getuid?.() !== 0) return
  write(`Installing: ${aptCommand(packages)}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const line of ['apt-get update', aptCommand(packages)]) {
    const { status, stderr } = spawnSync(line, { shell: true, env, encoding: 'utf8' })
    if (status !== 0) write(`${line} ended with ${status}: ${stderr.trim().split('\n').at(-1)}`)
  }
}
