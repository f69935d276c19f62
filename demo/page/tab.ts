// What every tab does, large or small: it has a client, is seen, tells how it is, and obeys the exercises.

import { AudienceDeniedError } from 'authfetch/audiences'
import { createLanes, type Lanes } from '../../src/devtools/lanes/lanes.ts'
import type { Observation } from '../../src/devtools/observation.ts'
import { now } from '../../src/devtools/time.ts'
import { type Account, createAccount } from './account.ts'
import { generationOf, refreshDueAt, tokenOf } from './known-tokens.ts'

export interface OwnTab {
  readonly account: Account
  readonly lanes: Lanes
  readonly calls: Calls
}

/** What a call of the API came to. */
export interface CallResult {
  /** 0 when there was no answer. */
  readonly status: number
  readonly subject?: string | undefined
  /** For whom the token was that the call has brought, as the API has read it. */
  readonly audience?: string | undefined
  /** The number of that token. */
  readonly taken?: number | undefined
  /** Why the server gives no token for this API. */
  readonly denied?: string | undefined
}

/** The last call of each path. */
export type Calls = Map<string, CallResult>

export async function callApi(account: Account, path = '/api/me', calls?: Calls): Promise<CallResult> {
  const result = await send(account, path)
  calls?.set(path, result)
  return result
}

async function send({ api, client }: Account, path: string): Promise<CallResult> {
  try {
    const response = await api(path, { throwHttpErrors: false, retry: 0, timeout: 60_000 })
    const { status } = response
    if (!response.ok) return { status }
    const { subject, audience } = await response.json<{ subject?: string; audience?: string }>()
    return { status, subject, audience, taken: audience ? tokenOf(client, audience)?.number : undefined }
  } catch (error) {
    return { status: 0, denied: error instanceof AudienceDeniedError ? (error.error ?? error.code) : undefined }
  }
}

export function openTab({ isSmall }: { readonly isSmall: boolean }): OwnTab {
  const lanes = createLanes({ channel: 'demo-lanes', isSmall })
  const account = createAccount(lanes.emit)
  const calls: Calls = new Map()

  function describe(): void {
    const state = account.client.getState()
    const isSignedIn = state.status === 'signed-in'
    lanes.update({
      status: state.status === 'signed-out' ? `signed out: ${state.reason}` : state.status.replace('-', ' '),
      custody: account.custody,
      user: isSignedIn ? account.client.getClaims()?.sub : undefined,
      expiresAt: isSignedIn ? state.expiresAt : undefined,
      generation: isSignedIn ? generationOf(account.client) : undefined,
    })
  }

  function learn(seen: Observation): void {
    if (seen.kind === 'timer' && seen.timer === 'refresh') {
      lanes.update({ refreshAt: refreshDueAt(account.client) })
    } else if (seen.kind === 'session' && seen.generation !== undefined && seen.audience === undefined) {
      // Not of the messages: one that waits for a busy page tells of a generation that is over.
      lanes.update({ generation: seen.generation })
    }
  }

  lanes.onSeen((lane, seen) => {
    if (lane.id === lanes.self.id) learn(seen)
  })
  account.subscribe(describe)
  describe()

  lanes.handle('call', (path: string | undefined) => callApi(account, path, calls))
  lanes.handle('refresh', async () => void (await account.client.getAccessToken({ forceRefresh: true })))
  lanes.handle('sign in', (user: string) => account.signIn(user))
  // Only what a script has opened can be closed by one.
  if (isSmall) lanes.handle('close', () => window.close())
  // Blocks the thread: nothing of this page runs, as if it were frozen or hung in a debugger.
  lanes.handle('block', (delay: number) => {
    lanes.emit({ kind: 'page', step: 'frozen' })
    lanes.update({ visibility: 'frozen' })
    setTimeout(() => {
      const end = performance.now() + delay
      while (performance.now() < end);
      lanes.emit({ kind: 'page', step: 'thawed' })
      lanes.update({ visibility: document.visibilityState })
    }, 50)
  })
  lanes.emit({ kind: 'page', step: 'opened' })
  return { account, lanes, calls }
}

/** The life that an access token has left, as a share; undefined when nothing tells. */
export function lifeLeft(expiresAt: number | undefined, receivedAt: number): number | undefined {
  if (expiresAt === undefined) return undefined
  return Math.min(1, Math.max(0, (expiresAt - now()) / Math.max(1, expiresAt - receivedAt)))
}
