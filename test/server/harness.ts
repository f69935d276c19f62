// A demo server for one test, and the requests that its clients send.

import { onTestFinished } from 'vitest'
import { createDemoServer, type DemoServer, type DemoServerOptions } from '../../demo/server/server.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; an empty object when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test asks for what it expects
  readonly body: any
}

export interface Call {
  readonly method?: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Harness {
  readonly demo: DemoServer
  readonly origin: string
  call(path: string, call?: Call): Promise<Answer>
  signIn(custody: 'cookie' | 'client' | 'cookie-only', more?: object): Promise<Answer>
  /** Refreshes by cookie, as `cookieRefresh()` does. */
  refresh(cookie: string, headers?: Readonly<Record<string, string>>, audience?: string): Promise<Answer>
  /** Refreshes at the token endpoint, as `oauthRefresh()` does. */
  exchange(refreshToken: string, headers?: Readonly<Record<string, string>>, audience?: string): Promise<Answer>
  api(accessToken: string, path?: string, call?: Call): Promise<Answer>
}

export const CSRF: Readonly<Record<string, string>> = { 'X-Requested-With': 'authfetch' }

export async function request(url: string, { method, json, form, headers }: Call = {}): Promise<Answer> {
  const body = form ? new URLSearchParams(form) : json === undefined ? null : JSON.stringify(json)
  const type: Record<string, string> = json === undefined ? {} : { 'Content-Type': 'application/json' }
  const init = { method: method ?? (body === null ? 'GET' : 'POST'), body, headers: { ...type, ...headers } }
  const response = await fetch(url, init)
  const text = await response.text()
  const isJson = response.headers.get('Content-Type') === 'application/json' && text !== ''
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
}

/** The cookies that an answer sets, as a browser sends them back. */
export const cookiesOf = ({ headers }: Answer): string =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

export async function start(options?: DemoServerOptions): Promise<Harness> {
  const demo = await createDemoServer(options)
  const origin = await demo.listen()
  onTestFinished(() => demo.close())
  const call: Harness['call'] = (path, init) => request(origin + path, init)
  return {
    demo,
    origin,
    call,
    signIn: (custody, more) => call('/auth/sign-in', { json: { user: 'alice', device: 'laptop', custody, ...more } }),
    refresh: (cookie, headers, audience) =>
      call('/auth/refresh', {
        method: 'POST',
        headers: { ...CSRF, Cookie: cookie, ...headers },
        ...(audience && { form: { audience } }),
      }),
    exchange: (refreshToken, headers = {}, audience = undefined) =>
      call('/oauth/token', {
        form: {
          grant_type: 'refresh_token',
          client_id: 'demo',
          refresh_token: refreshToken,
          ...(audience && { audience }),
        },
        headers,
      }),
    api: (accessToken, path = '/api/me', init = {}) =>
      call(path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${accessToken}` } }),
  }
}
