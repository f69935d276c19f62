// The package as it is published, and projects that have installed it.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MODULES = join(ROOT, 'node_modules')

export interface Finished {
  readonly code: number
  readonly output: string
}

/** Runs a program of Node; its output is that of both streams. */
export async function run(cwd: string, script: string, ...args: string[]): Promise<Finished> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, ...args], {
      cwd,
      // What npm tells its scripts about this project shall not reach another's.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
    })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code: unknown; stdout?: string; stderr?: string }
    if (typeof code !== 'number') throw error
    return { code, output: stdout + stderr }
  }
}

export const bin = (name: string, path: string): string => join(MODULES, name, path)

export interface Package {
  /** The path of the tarball. */
  readonly tarball: string
  /** Makes a project that has the package installed, and from this one's modules whatever else it names, nested or not. */
  createProject(files: Readonly<Record<string, string>>, modules?: readonly string[]): Promise<string>
  remove(): Promise<void>
}

/** Builds the package and packs it, in a folder of its own: nothing of this one is touched. */
export async function pack(): Promise<Package> {
  const folder = await mkdtemp(join(tmpdir(), 'authfetch-package-'))
  const staged = join(folder, 'package')
  await mkdir(staged)
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs']) {
    await cp(join(ROOT, file), join(staged, file), { recursive: true })
  }
  const outDir = join(staged, 'dist')
  const steps = [
    [bin('vite', 'bin/vite.js'), 'build', '--outDir', outDir, '--logLevel', 'error'],
    [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', outDir],
  ] as const
  for (const [script, ...args] of steps) {
    const { code, output } = await run(ROOT, script, ...args)
    if (code !== 0) throw new Error(output)
  }
  const exec = promisify(execFile)
  await exec('npm', ['pack', staged, '--pack-destination', folder, '--offline', '--ignore-scripts'], { cwd: folder })
  const tarball = join(folder, (await readdir(folder)).find((file) => file.endsWith('.tgz')) as string)
  let projects = 0

  return {
    tarball,
    async createProject(files, modules = []) {
      const project = join(folder, `project-${++projects}`)
      const installed = join(project, 'node_modules', 'authfetch')
      await mkdir(installed, { recursive: true })
      await exec('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
      for (const name of ['idb-keyval', 'jwt-decode', ...modules]) {
        const link = join(project, 'node_modules', name.replace(/^.*node_modules\//, ''))
        await mkdir(dirname(link), { recursive: true })
        await symlink(join(MODULES, name), link, 'junction')
      }
      const all = { 'package.json': JSON.stringify({ name: 'project', private: true, type: 'module' }), ...files }
      for (const [file, content] of Object.entries(all)) {
        await mkdir(dirname(join(project, file)), { recursive: true })
        await writeFile(join(project, file), content)
      }
      return project
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
