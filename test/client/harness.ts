// One client in a virtual tab, with a server that is a function; every test ends with nothing left open.

import { afterEach, expect } from 'vitest'
import {
  type AuthClient,
  type AuthClientOptions,
  type AuthEvents,
  createAuthClient,
  oauthRefresh,
  type TokenResponse,
} from '../../src/index.ts'
import {
  createVirtualBrowser,
  drain,
  START,
  type VirtualBrowser,
  type VirtualTab,
} from '../../src/testing/virtual-platform.ts'

export { drain, START }

export const API = 'https://api.example'
export const TOKEN_ENDPOINT = 'https://as.example/token'
export const HOUR = 3_600_000
export const MINUTE = 60_000

// Captured, so that a test may replace the global one for the client alone.
const { Request } = globalThis

/** What reached the network. */
export interface Sent {
  readonly input: RequestInfo | URL
  readonly init: RequestInit | undefined
  readonly url: string
  readonly method: string
  readonly authorization: string | null
  readonly request: Request
  /** What the body was, when it has been read. */
  readonly body: Promise<string>
}

type Answer = Response | Promise<Response>

export interface Server {
  /** Everything that does not go to the refresh endpoint. */
  readonly calls: Sent[]
  readonly refreshes: Sent[]
  readonly probes: Sent[]
  /** Answers the n-th refresh (from 1). */
  onRefresh: (nth: number, sent: Sent) => Answer
  onCall: (sent: Sent, nth: number) => Answer
  onProbe: () => Answer
  readonly fetch: typeof fetch
}

export const bearer = (token: string): string => `Bearer ${token}`

export const unauthorized = (challenge = 'Bearer error="invalid_token"'): Response =>
  new Response('denied', { status: 401, headers: { 'www-authenticate': challenge } })

export const tokens = (nth: number): TokenResponse => ({
  access_token: `access-${nth}`,
  refresh_token: `refresh-${nth}`,
  expires_in: 3600,
})

/** A JWT that is signed with nothing. */
export function jwt(claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  return `${encode({ alg: 'none' })}.${encode(claims)}.x`
}

/** A promise that a test settles by hand. */
export interface Gate<Value> {
  readonly promise: Promise<Value>
  open(value: Value): void
  fail(error: unknown): void
}

export function createGate<Value>(): Gate<Value> {
  const gate: { -readonly [Key in keyof Gate<Value>]?: Gate<Value>[Key] } = {}
  const promise = new Promise<Value>((resolve, reject) => {
    gate.open = resolve
    gate.fail = reject
  })
  return { ...gate, promise } as Gate<Value>
}

export function createServer(base = 'https://app.example/'): Server {
  const server: Server = {
    calls: [],
    refreshes: [],
    probes: [],
    onRefresh: (nth) => Response.json(tokens(nth)),
    onCall: () => new Response('ok'),
    onProbe: () => new Response(),
    fetch: async (input, init) => {
      // As browsers do: the request is a snapshot, and what cannot be a request rejects.
      const isRequest = input instanceof Request
      const request = new Request(isRequest ? input : new URL(`${input}`, base), init)
      const sent: Sent = {
        input,
        init,
        request,
        url: request.url,
        method: request.method,
        authorization: request.headers.get('authorization'),
        body: request.clone().text(),
      }
      sent.body.catch(() => {})
      const { signal } = request
      if (signal.aborted) throw signal.reason
      const isEndpoint = sent.url.startsWith(TOKEN_ENDPOINT) || sent.url.endsWith('/auth/refresh')
      const kind = !isEndpoint ? 'calls' : sent.method === 'HEAD' ? 'probes' : 'refreshes'
      const nth = server[kind].push(sent)
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
      const answers = {
        calls: () => server.onCall(sent, nth),
        probes: () => server.onProbe(),
        refreshes: () => server.onRefresh(nth, sent),
      }
      return Promise.race([answers[kind](), aborted])
    },
  }
  return server
}

export interface Scene {
  readonly auth: AuthClient
  readonly browser: VirtualBrowser
  readonly tab: VirtualTab
  readonly server: Server
  /** The events so far, as `name` with what matters of the detail. */
  readonly events: { readonly name: keyof AuthEvents; readonly detail: unknown }[]
  readonly names: () => string[]
}

const scenes: Scene[] = []

export interface SceneOptions extends Partial<AuthClientOptions> {
  readonly browser?: VirtualBrowser
  readonly server?: Server
}

/** A client that holds its refresh token, allowed to send the token to the API. */
export function createScene({
  browser = createVirtualBrowser(),
  server = createServer(),
  ...options
}: SceneOptions = {}): Scene {
  const tab = browser.openTab()
  const auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa' }),
    origins: [API],
    fetch: server.fetch,
    platform: tab.platform,
    ...options,
  })
  const events: Scene['events'] = []
  for (const name of ['signed-in', 'refreshed', 'refresh-failed', 'signed-out'] as const) {
    auth.on(name, (detail) => events.push({ name, detail }))
  }
  const scene = { auth, browser, tab, server, events, names: () => events.map(({ name }) => name) }
  scenes.push(scene)
  return scene
}

/** A scene in which somebody is signed in with `access-0` and `refresh-0`, for an hour. */
export async function createSignedInScene(
  options: SceneOptions & { readonly tokens?: TokenResponse } = {},
): Promise<Scene> {
  const { tokens: initial = tokens(0), ...rest } = options
  const scene = createScene(rest)
  await scene.auth.signIn(initial)
  await drain()
  scene.events.length = 0
  return scene
}

/** The API refuses every token but that of the newest refresh. */
export function acceptOnlyNewest(server: Server): void {
  server.onCall = ({ authorization }) => {
    const newest = server.refreshes.length
    return newest > 0 && authorization === bearer(`access-${newest}`) ? new Response('ok') : unauthorized()
  }
}

/** What has become of a promise once all that is due has run: its value, its error, or `pending`. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  let result: unknown = 'pending'
  const settle = (value: unknown): void => {
    result = value
  }
  promise.then(settle, settle)
  await drain()
  return result
}

afterEach(async () => {
  for (const { auth, tab, browser } of scenes.splice(0)) {
    auth.dispose()
    // A refresh on the wire is settled first, at the latest by its time-out.
    await browser.advance(HOUR)
    expect(tab.leftovers()).toEqual([])
    expect(tab.reports).toEqual([])
  }
})
