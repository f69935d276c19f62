// The page of the rules: clients by name, each signed in with a token that the server accepts until it is told not to.

import { EventStreamContentType, fetchEventSource } from '@microsoft/fetch-event-source'
import { type AuthClient, type AuthClientOptions, cookieRefresh, createAuthClient } from 'authfetch'
import type { Clock } from 'authfetch/testing'
import axios from 'axios'
import ky from 'ky'
import createClient from 'openapi-fetch'

/** How far the clocks of all clients are ahead. */
let ahead = 0

const clock: Clock = {
  now: () => Date.now() + ahead,
  elapsed: () => performance.now() + ahead,
  after(delay, callback) {
    const timer = setTimeout(callback, delay)
    return () => clearTimeout(timer)
  },
}

let clients = 0

async function signIn(options: Partial<AuthClientOptions> = {}): Promise<AuthClient> {
  const refresh = cookieRefresh(`${location.origin}/auth/refresh`)
  const auth = createAuthClient({ refresh, name: `rules ${++clients}`, platform: { clock }, ...options })
  const { current } = await rules.control('session')
  await auth.signIn({ access_token: `token-${current}`, expires_in: 1_000_000 })
  // No token is refused in its first seconds.
  ahead += 60_000
  return auth
}

const packages = { axios, ky, createClient, fetchEventSource, EventStreamContentType }

/** What the page offers to a test. */
export interface Rules {
  readonly packages: typeof packages
  signIn(options?: Partial<AuthClientOptions>): Promise<AuthClient>
  control(command: string): Promise<{ readonly current: number; readonly refreshes: number }>
  /** Lets so many milliseconds pass. */
  leap(time: number): void
  /** Resolves to how a promise ends: its status, or its error's name and message. */
  outcome(call: Promise<Response>): Promise<string>
}

declare global {
  var rules: Rules
}

globalThis.rules = {
  packages,
  signIn,
  control: async (command) => (await fetch(`${location.origin}/control/${command}`)).json(),
  leap(time) {
    ahead += time
  },
  outcome: (call) =>
    call.then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: Error) => `${error.name}: ${error.message}`,
    ),
}
