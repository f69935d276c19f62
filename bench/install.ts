// The packages of the peers, in bench/node_modules: installed where they are missing or older than the lockfile.

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

export function installPeers(): void {
  const changedAt = (path: string): number => statSync(`${folder}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return
  console.log('Installing the peers in bench/')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error(`npm ci in bench/ ended with ${status}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installPeers()
