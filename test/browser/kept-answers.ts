// `node test/browser/kept-answers.ts chromium --times 100`: how often a page that leaves amid its refresh keeps its
// session, with client-held tokens, a strict server, and a service worker that keeps answers.

import { parseArgs } from 'node:util'
import { type Browser, ENGINES, type Engine, type Profile, type Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import type { Backend } from './backends/backend.ts'
import { startOpenIdBackend } from './backends/openid.ts'
import { refreshInFlight, signIn } from './scenarios/scenario.ts'
import { isControlled, restore } from './scenarios/service-worker.ts'

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '100' }, only: { type: 'string', default: '' } },
})

interface Way {
  readonly name: string
  /** A tab of the same application stays open. */
  readonly hasOther: boolean
  /** Where the driver can do that: others end with their last window, or with the one that was closed. @default all */
  readonly engines?: readonly Engine[]
  /** Leaves, and resolves with the tab that comes after it. */
  leave(tab: Tab, open: () => Promise<Tab>): Promise<Tab>
}

/** The request is held before the server knows of it, so that one request in all shows that its answer was kept. */
const WAYS: readonly Way[] = [
  { name: 'reloaded', hasOther: false, leave: (tab) => tab.reload().then(() => tab) },
  {
    name: 'closed, another tab is open',
    hasOther: true,
    engines: ['chromium', 'firefox'],
    leave: (tab, open) => tab.close().then(open),
  },
  {
    name: 'closed, the only tab',
    hasOther: false,
    engines: ['chromium'],
    leave: (tab, open) => tab.close().then(open),
  },
  {
    name: 'crashed, another tab is open',
    hasOther: true,
    engines: ['chromium'],
    leave: (tab, open) => tab.crash().then(open),
  },
]

async function open({ url }: Backend, profile: Profile): Promise<Tab> {
  const tab = await profile.open(url())
  await tab.evaluate(() => work('/worker.js', 'classic'))
  await tab.waitFor(isControlled)
  return tab
}

/** Whether the session lives, and whether one request was enough. */
async function playOnce(browser: Browser, backend: Backend, way: Way): Promise<{ isKept: boolean; isOne: boolean }> {
  const profile = await browser.newProfile()
  try {
    if (way.hasOther) await open(backend, profile)
    const tab = await open(backend, profile)
    const stage = { profile, backend }
    await signIn(stage, [tab])
    const before = backend.tokenRequests()
    const release = await refreshInFlight(stage, tab)
    const next = await way.leave(tab, () => profile.open(backend.url()))
    release()
    const isKept = (await restore(next)) === 'signed-in'
    return { isKept, isOne: backend.tokenRequests() === before + 1 }
  } finally {
    await profile.close()
  }
}

for (const engine of ENGINES.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const browser = await launch(engine)
  const backend = await startOpenIdBackend({})
  try {
    for (const way of WAYS.filter(
      ({ name, engines = ENGINES }) => name.includes(options.only) && engines.includes(engine),
    )) {
      const counts = { kept: 0, 'by one request': 0, failed: 0 }
      const errors = new Set<string>()
      for (let time = 0; time < Number(options.times); time++) {
        const { isKept, isOne } = await playOnce(browser, backend, way).catch((error) => {
          counts.failed++
          errors.add(String(error).slice(0, 200))
          return { isKept: false, isOne: false }
        })
        if (isKept) counts.kept++
        if (isOne) counts['by one request']++
      }
      console.log(engine, browser.version, '|', way.name, '|', counts, ...errors)
    }
  } finally {
    await browser.close()
    await backend.close()
  }
}
process.exit(0)
