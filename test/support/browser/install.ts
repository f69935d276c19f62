// Finds the browsers, and installs the missing ones where that is one command: on Debian, as root.
// Runs as a script too: node test/support/browser/install.ts

import { aptCommand, aptInstall, isDebian } from '../apt.ts'
import { ENGINES, type Engine } from './driver.ts'
import { findChromium, findFirefox, findWebKit } from './executables.ts'

const PACKAGES: Readonly<Record<Engine, readonly string[]>> = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb', 'xauth', 'dbus'],
}

const HINTS: Readonly<Record<Engine, string>> = {
  chromium: 'Chromium or Google Chrome, or CHROMIUM_PATH',
  firefox: 'Firefox ESR, or FIREFOX_PATH',
  webkit: "Linux with WebKitGTK's driver and Xvfb",
}

/** Whether each engine is there; the headless shell from npm does not count as a whole Chromium. */
export function findBrowsers(): Record<Engine, boolean> {
  return {
    chromium: !findChromium().isShell,
    firefox: findFirefox() !== undefined,
    webkit: findWebKit() !== undefined,
  }
}

function missingBrowsers(): Engine[] {
  const found = findBrowsers()
  return ENGINES.filter((engine) => !found[engine])
}

const packagesOf = (engines: readonly Engine[]): string[] => engines.flatMap((engine) => PACKAGES[engine])

/** Installs what is missing, if it can, and resolves with what still is, after one line that says how to get it. */
export function installBrowsers(write: (line: string) => void = console.log): Engine[] {
  const missing = missingBrowsers()
  if (missing.length === 0) return missing
  aptInstall(packagesOf(missing), write)
  const left = missingBrowsers()
  if (left.length > 0) {
    const how = isDebian() ? `sudo ${aptCommand(packagesOf(left))}` : left.map((engine) => HINTS[engine]).join('; ')
    write(`Not installed: ${left.join(', ')}. To get them: ${how}`)
  }
  return left
}

if (import.meta.main) process.exitCode = installBrowsers().length === 0 ? 0 : 1
