// The machine that the figures come from, in words.

import { cpus } from 'node:os'

export function describeMachine(browser?: string): string {
  const where = [`Node ${process.versions.node}`, ...(browser ? [`Chromium ${browser}`] : [])].join(', ')
  return `${where}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'CPU'}.`
}
