// The page of a server's tabs: its client is the code block of docs/servers.md, as it stands there.

import { pageOf, WATCH } from '../browser/backends/page.ts'
import { runnable } from '../docs/runnable.ts'
import { bundle } from '../support/bundle.ts'
import type { Server } from './server.ts'

/** The code block that configures the client; it defines `auth`, and `logIn` where there is a login to call. */
export function configurationOf({ configuration }: Pick<Server, 'configuration'>): string {
  const code = runnable().get(`${configuration}.ts`)
  if (!code) throw new Error(`docs/servers.md has no code block "run ${configuration}"`)
  return code
}

/** The row of the table that has their numbers. */
export const LINES = 'lines of configuration'

/** As a person counts them: without blank lines. */
export const linesOf = (code: string): number => code.split('\n').filter((line) => line.trim()).length

const pages = new Map<string, Promise<string>>()

export function pageFor(server: Server): Promise<string> {
  const made = pages.get(server.name) ?? make(server)
  pages.set(server.name, made)
  return made
}

const make = async (server: Server): Promise<string> =>
  pageOf(
    await bundle(`${server.configure?.(configurationOf(server)) ?? configurationOf(server)}
const resource = '${server.resourcePath}'
${WATCH}
Object.assign(globalThis, {
  enter: (credentials) => (credentials.password ? logIn(credentials.username, credentials.password) : auth.signIn(credentials)),
})
`),
  )
