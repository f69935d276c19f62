// The page of the multi-tab scenarios: a client in `auth`, what it has seen in `seen` and, in words, in `told`, and three
// verbs. Where there is an issuer, it signs in by redirect too.

import { fileURLToPath } from 'node:url'
import type { Audience } from '../../../src/audiences.ts'
import { bundle } from '../../support/bundle.ts'

declare global {
  var auth: import('../../../src/index.ts').AuthClient
  var seen: { refreshed: string[]; signedOut: string[]; failures: string[] }
  /** What the client told, for whoever wonders why a scenario failed. */
  var told: string[]
  var enter: (credentials: unknown) => Promise<void>
  /** Calls an API. @default the own one */
  var call: (address?: string) => Promise<string>
  var refresh: () => Promise<string>
  var pending: Promise<unknown>
  /** Sends a refresh token without any proof; resolves with the status. */
  var spend: (refreshToken: string) => Promise<number>
  /** Makes the key of the next session; resolves with its thumbprint (RFC 7638). */
  var makeKey: () => Promise<string>
  /** Registers a service worker. */
  var work: (script: string, type: string) => Promise<void>
  /** Starts a client of this name at an instant, with the refresh token that is in localStorage under the same name. */
  var moveIn: (name: string, at: number) => Promise<string>
  var login: import('../../../src/login.ts').Login
  /** The address that this page was opened at. */
  var openedAt: string
  /** What has become of a sign-in by redirect, by the two calls that React's StrictMode would make: a path or a code. */
  var finished: Promise<readonly string[]>
}

export interface PageConfig {
  /** Where users sign in by redirect; absent where they do not. */
  readonly issuer?: string
  /** Absent where tokens are kept in cookies. */
  readonly tokenEndpoint?: string
  readonly revocationEndpoint?: string
  readonly resource: string
  /** How long the server may take to answer a refresh (in milliseconds). @default the client's own */
  readonly refreshTimeout?: number | undefined
  /** Whether tokens are bound. @default false */
  readonly requiresProofs?: boolean | 'by time'
  /** Further audiences. @default none */
  readonly audiences?: Readonly<Record<string, Audience>> | undefined
  /** The resources that a sign-in by redirect asks for, the session's own one first. @default none */
  readonly resources?: readonly string[]
  /** Whether the client is told that the server replays. @default false */
  readonly replays?: boolean | undefined
}

/** What the scenarios ask of a page, for the `auth` and the `resource` of the script before it. */
export const WATCH = `
const told = []
for (const event of ['signed-in', 'refreshed', 'refresh-failed', 'signed-out']) {
  auth.on(event, ({ audience, source, reason, error }) => {
    const details = [audience, reason, error?.message, error?.cause, source].filter(Boolean)
    told.push(Math.round(performance.now()) + ' ms: ' + [event, ...details].join(', '))
  })
}
const seen = { refreshed: [], signedOut: [], failures: [] }
auth.on('refreshed', ({ source }) => seen.refreshed.push(source))
auth.on('signed-out', ({ reason }) => seen.signedOut.push(reason))
Object.assign(globalThis, {
  auth,
  seen,
  told,
  call: (address = resource) => auth.authFetch(address).then(({ status }) => String(status), (error) => error.code ?? String(error)),
  refresh: () => auth.getAccessToken({ forceRefresh: true }).then(
    () => auth.getState().status === 'signed-in' ? 'refreshed' : 'signed-out',
    (error) => error.code,
  ),
})
`

const SOURCE = `
// The version before may lack what is new: a name is then undefined.
import * as library from 'authfetch'
import { audiences } from 'authfetch/audiences'
import { dpop } from 'authfetch/dpop'

const { cookieRefresh, cookieSignOut, createAuthClient, formerSession, oauthRefresh, oauthRevocation } = library

const offset = { '#ahead': 600_000, '#behind': -600_000 }[location.hash]
if (offset) {
  const { now } = Date
  Date.now = () => now() + offset
}
const { tokenEndpoint, revocationEndpoint, resource, resources, refreshTimeout, replays, requiresProofs } = config
const parameters = resources ? { resource: resources[0] } : {}
const options = {
  refresh: tokenEndpoint ? oauthRefresh({ tokenEndpoint, clientId: 'spa', parameters }) : cookieRefresh('/auth/refresh', replays ? { replays } : undefined),
  onSignOut: tokenEndpoint ? oauthRevocation({ revocationEndpoint, clientId: 'spa' }) : cookieSignOut('/auth/sign-out'),
  origins: [new URL(resource, location.href).origin],
  ...(refreshTimeout && { refreshTimeout }),
  ...(requiresProofs && { proofs: dpop() }),
  ...(config.audiences && { audiences: audiences(config.audiences) }),
  ...(location.hash === '#never' && { resendWithin: 0 }),
  ...(location.hash === '#grace' && { resendWithin: 30_000 }),
}
const auth = createAuthClient(options)
${WATCH}
const logIn = async ({ user, expiresIn }) => {
  const response = await fetch('/auth/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user, custody: 'cookie' }),
  })
  const tokens = await response.json()
  return { ...tokens, expires_in: expiresIn ?? tokens.expires_in }
}
let key
const makeKey = async () => {
  key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', key.publicKey)
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify({ crv, kty, x, y })))
  const encoded = btoa(String.fromCharCode(...new Uint8Array(hash)))
  return encoded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
const moveIn = async (name, at) => {
  const adopt = formerSession({
    refreshToken: () => localStorage.getItem(name),
    forget: () => localStorage.removeItem(name),
  })
  const client = createAuthClient({ ...options, name, adopt })
  await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 20))
  while (Date.now() < at);
  const { status } = await client.restore()
  const answer = await client.authFetch(resource)
  client.dispose()
  return status + ' ' + answer.status
}
Object.assign(globalThis, {
  moveIn,
  work: (script, type) => navigator.serviceWorker.register(script, { type }).then(() => undefined),
  makeKey,
  spend: (refresh_token) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'spa', refresh_token })
    return fetch(tokenEndpoint, { method: 'POST', body }).then(({ status }) => status)
  },
  enter: (credentials) => auth.signIn(credentials.user ? () => logIn(credentials) : { ...credentials, ...(key && { key }) }),
})
`

const LOGIN = `
import { createLogin } from 'authfetch/login'
${SOURCE}
const openedAt = location.href
const scope = 'openid offline_access'
// Without it the provider gives no refresh token.
const asked = { prompt: 'consent', ...(resources && { resource: resources }) }
const login = createLogin(auth, { issuer: config.issuer, clientId: 'spa', redirectUri: '/callback', scope, parameters: asked })
const finish = () => login.finish().then((returnTo) => returnTo ?? 'no answer', (error) => error.code ?? String(error))
Object.assign(globalThis, { login, openedAt, finished: Promise.all([finish(), finish()]) })
`

/** `before`: the version that the tests of two versions keep. */
export type Version = 'now' | 'before'

const BEFORE = fileURLToPath(new URL('../versions/before.js', import.meta.url))
const scripts = new Map<string, Promise<string>>()

export async function pageHtml(config: PageConfig, version: Version = 'now'): Promise<string> {
  const source = config.issuer && version === 'now' ? LOGIN : SOURCE
  const script = scripts.get(version + source) ?? bundle(source, version === 'before' ? BEFORE : undefined)
  scripts.set(version + source, script)
  return pageOf(`const config = ${JSON.stringify(config)}`, await script)
}

/** A service worker that keeps the answers of a token endpoint, and takes over all pages at once. */
export async function workerScript(tokenEndpoint: string, others = ''): Promise<string> {
  const source = `
import { keepAnswers } from 'authfetch/service-worker'
keepAnswers({ tokenEndpoint: ENDPOINT })
addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
`
  const script = scripts.get(source) ?? bundle(source)
  scripts.set(source, script)
  return `const ENDPOINT = ${JSON.stringify(tokenEndpoint)};\n${await script}\n${others}`
}

export function pageOf(...scripts: readonly string[]): string {
  const tags = scripts.map((script) => `<script>${script.replaceAll('</script', '<\\/script')}</script>`)
  return `<!doctype html><title>tab</title>${tags.join('')}`
}
