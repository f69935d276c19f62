// The packages of a folder with a package.json of its own: installed where they are missing or older than its lockfile.

import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** `folder` ends with a slash. */
export function installPackages(folder: string): void {
  const changedAt = (path: string): number => statSync(`${folder}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return
  console.log(`Installing the packages of ${folder}`)
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${status}`)
}
