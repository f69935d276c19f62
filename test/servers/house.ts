// Real Chromium before these servers: each is started when it is first asked for, once for each lifetime of its tokens.

import { type BackendOptions, LIFETIME } from '../browser/backends/backend.ts'
import { openTheatre } from '../browser/multi-tab.ts'
import { startFront } from './front.ts'
import type { Oddity } from './oddities.ts'
import { pageFor } from './page.ts'
import type { ServerScenario } from './scenarios.ts'
import type { RunningServer, Server, Show } from './server.ts'

export interface House {
  version(): Promise<string>
  /** Resolves with the reason when the server cannot show the scenario; rejects when it fails. */
  play(server: Server, scenario: ServerScenario | Oddity): Promise<string | undefined>
  close(): Promise<void>
}

export function openHouse(): House {
  const theatre = openTheatre('chromium')
  const running = new Map<string, Promise<RunningServer>>()

  function run(server: Server, lifetime: number): Promise<RunningServer> {
    const key = `${server.name}, ${lifetime}`
    const started = running.get(key) ?? server.start({ lifetime })
    running.set(key, started)
    return started
  }

  return {
    version: theatre.version,
    async play(server, scenario) {
      const reason = server.cannot?.[scenario.name as Show]
      if (reason) return reason
      const start = async ({ lifetime = LIFETIME }: BackendOptions) =>
        startFront(server, await run(server, lifetime), await pageFor(server))
      return await theatre.playBefore(start, scenario)
    },
    async close() {
      await theatre.close()
      const started = await Promise.allSettled(running.values())
      await Promise.all(started.map((one) => one.status === 'fulfilled' && one.value.close()))
    },
  }
}
