// Where the browsers are on this machine.

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

function inPath(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

export interface ChromiumExecutable {
  readonly path: string
  /** The headless shell has no back/forward cache and no hidden tabs. */
  readonly isShell: boolean
}

/** `CHROMIUM_PATH` names an executable, or `bundled` for the one of the npm package `@sparticuz/chromium`. */
export function findChromium(): ChromiumExecutable {
  const chosen = process.env.CHROMIUM_PATH
  const path =
    chosen === 'bundled'
      ? unpackBundledChromium()
      : (chosen ??
        inPath('chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser') ??
        ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', chromium.executablePath()].find(existsSync) ??
        unpackBundledChromium())
  return { path, isShell: /headless.shell|bundled-chromium/.test(path) }
}

export function findFirefox(): string | undefined {
  const mac = '/Applications/Firefox.app/Contents/MacOS/firefox'
  return process.env.FIREFOX_PATH ?? inPath('firefox-esr', 'firefox') ?? (existsSync(mac) ? mac : undefined)
}

export interface WebKitExecutables {
  readonly driver: string
  readonly browser: string
  readonly display: string
}

export function findWebKit(): WebKitExecutables | undefined {
  const driver = inPath('WebKitWebDriver')
  const display = inPath('Xvfb')
  // The last one: 4.1 before 4.0.
  const browser = globSync('/usr/{lib,libexec}/{*/,}webkit2gtk-4.*/MiniBrowser').sort().at(-1)
  return driver && display && browser ? { driver, browser, display } : undefined
}

/** Unpacked aside, then renamed: the package unpacks to a fixed path and takes a half-written file for a whole one. */
function unpackBundledChromium(): string {
  const cache = join(ROOT, 'node_modules/.cache')
  const folder = join(cache, 'bundled-chromium')
  const executable = join(folder, 'chromium')
  if (existsSync(executable)) return executable
  mkdirSync(cache, { recursive: true })
  const aside = mkdtempSync(join(cache, 'unpacking-'))
  const script = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: aside },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`@sparticuz/chromium did not unpack: ${stderr}`)
  try {
    renameSync(aside, folder)
  } catch {
    // Another process was first.
    rmSync(aside, { recursive: true, force: true })
  }
  return executable
}
