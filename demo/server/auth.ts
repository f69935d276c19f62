// The authorization server: sign-in, refresh by cookie, the token endpoint (RFC 6749), revocation (RFC 7009), sign-out.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError, readBody, readCookie, readJson, sendJson, writeCookie } from './http.ts'
import { type Fault, type Settings, type Stats, takeFault } from './settings.ts'
import type { Family, Rotation, Store } from './store.ts'
import type { AccessTokens } from './tokens.ts'

export interface AuthParts {
  readonly store: Store
  readonly tokens: AccessTokens
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly secureCookies: boolean
  readonly origins: readonly string[]
  announce(event: string, family: Family): void
}

const CLIENT_ID = 'demo'
const MONTH = 30 * 86_400

/** A `__Host-` name would need the path `/`; the narrower path is worth more, so the prefix is `__Secure-`. */
export const cookieName = (name: string, secure: boolean): string => (secure ? `__Secure-${name}` : name)

export interface AuthServer {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

export function createAuthServer(parts: AuthParts): AuthServer {
  const { store, tokens, settings, faults, stats, secureCookies, origins, announce } = parts
  const refreshCookie = cookieName('refresh', secureCookies)
  const accessCookie = cookieName('access', secureCookies)
  const cookie = (name: string, value: string, path: string, maxAge: number): string =>
    writeCookie(name, value, { path, maxAge, secure: secureCookies })

  /** A foreign page can neither send this header without a preflight nor hide where it is. */
  function checkCsrf(request: IncomingMessage): void {
    const { origin, host, 'sec-fetch-site': site } = request.headers
    const isForeign = origin !== undefined && new URL(origin).host !== host && !origins.includes(origin)
    if (request.headers['x-requested-with'] !== 'authfetch' || isForeign || (site === 'cross-site' && !origin)) {
      throw new HttpError(403, { error: 'invalid_request', error_description: 'this looks like a forged request' })
    }
  }

  async function answer(family: Family, refreshToken: string): Promise<{ body: object; cookies: string[] }> {
    const accessToken = await tokens.issue(family.subject, family.id, settings.accessLifetime)
    const expires = { expires_in: settings.accessLifetime }
    const bearer = { access_token: accessToken, token_type: 'Bearer', ...expires }
    if (family.custody === 'client') return { body: { ...bearer, refresh_token: refreshToken }, cookies: [] }
    const cookies = [cookie(refreshCookie, refreshToken, '/auth', MONTH)]
    if (family.custody === 'cookie') return { body: bearer, cookies }
    return { body: expires, cookies: [...cookies, cookie(accessCookie, accessToken, '/api', settings.accessLifetime)] }
  }

  function count(rotation: Rotation): void {
    if (rotation.kind === 'rotated') stats.refreshesGranted++
    else if (rotation.kind === 'replayed') stats.refreshesReplayed++
    else stats.refreshesRefused++
    if (rotation.kind === 'reused' && rotation.isFirst) stats.reusesDetected++
    if ('family' in rotation) announce(rotation.kind, rotation.family)
  }

  async function refresh(
    request: IncomingMessage,
    response: ServerResponse,
    refreshToken: string | undefined,
    refusal: number,
  ): Promise<void> {
    const key = request.headers['idempotency-key']
    const rotation: Rotation = refreshToken
      ? store.rotate(refreshToken, typeof key === 'string' ? key : undefined)
      : { kind: 'refused', reason: 'unknown' }
    count(rotation)
    if (rotation.kind === 'refused' || rotation.kind === 'reused') {
      // The cookie stays: it may be a newer one by the time this answer arrives.
      const code = rotation.kind === 'reused' ? { error_code: 'refresh_token_reused' } : {}
      const body = { error: 'invalid_grant', error_description: 'the refresh token is not valid', ...code }
      return sendJson(response, refusal, body)
    }
    const { body, cookies } = await answer(rotation.family, rotation.refreshToken)
    const lost = takeFault(faults, 'refresh', ['answer-lost', 'body-lost'])
    if (lost?.kind === 'answer-lost') {
      request.socket.destroy()
      return
    }
    if (lost) {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000, 'Set-Cookie': cookies })
      response.write('{"access_')
      response.on('drain', () => request.socket.destroy())
      setImmediate(() => request.socket.end())
      return
    }
    sendJson(response, 200, body, { 'Set-Cookie': cookies })
  }

  /** Faults that strike before anything is done; true when one has answered. */
  async function strike(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const fault = takeFault(faults, 'refresh', [
      'latency',
      'too-many-requests',
      'unavailable',
      'html',
      'hang',
      'request-lost',
    ])
    const retry: Record<string, string> =
      fault?.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }
    switch (fault?.kind) {
      case undefined:
        return false
      case 'latency':
        await new Promise((resolve) => setTimeout(resolve, fault?.delay ?? 1_000))
        return false
      case 'hang':
        return true
      case 'request-lost':
        request.socket.destroy()
        return true
      case 'html':
        response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>')
        return true
      default: {
        const status = fault?.kind === 'unavailable' ? 503 : 429
        sendJson(response, status, { error: 'temporarily_unavailable' }, retry)
        return true
      }
    }
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { user, password = 'demo', device = 'unnamed', custody = 'cookie' } = await readJson(request)
    if (typeof user !== 'string' || !user || !/^(cookie|client|cookie-only)$/.test(String(custody))) {
      throw new HttpError(400, { error: 'invalid_request', error_description: '"user" or "custody" is missing' })
    }
    if (password !== 'demo') throw new HttpError(401, { error: 'access_denied' })
    const { family, refreshToken } = store.createFamily(user, String(device), String(custody))
    announce('signed-in', family)
    const { body, cookies } = await answer(family, refreshToken)
    sendJson(response, 200, body, { 'Set-Cookie': cookies })
  }

  function revokeToken(refreshToken: string | undefined): void {
    const family = refreshToken ? store.revokeByToken(refreshToken, 'sign-out') : undefined
    if (family) announce('signed-out', family)
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams((await readBody(request)).toString())
    const refuse = (error: string, description: string): never => {
      throw new HttpError(400, { error, error_description: description })
    }
    if (form.get('client_id') !== CLIENT_ID) refuse('invalid_client', 'the client is unknown')
    if (form.get('grant_type') !== 'refresh_token') refuse('unsupported_grant_type', 'only refresh_token is supported')
    const refreshToken = form.get('refresh_token')
    if (!refreshToken) return refuse('invalid_request', '"refresh_token" is missing')
    return refresh(request, response, refreshToken, 400)
  }

  return {
    async handle(request, response, path) {
      const isRefresh = path === '/auth/refresh' || path === '/oauth/token'
      // What the client probes with, to see whether the server can be reached.
      if (request.method === 'HEAD') {
        response.writeHead(204).end()
        return
      }
      if (request.method !== 'POST') throw new HttpError(405, { error: 'invalid_request' }, { Allow: 'POST' })
      if (isRefresh && (await strike(request, response))) return
      switch (path) {
        case '/auth/sign-in':
          return signIn(request, response)
        case '/auth/refresh':
          checkCsrf(request)
          return refresh(request, response, readCookie(request, refreshCookie), 401)
        case '/auth/sign-out':
          checkCsrf(request)
          revokeToken(readCookie(request, refreshCookie))
          return sendJson(
            response,
            200,
            {},
            {
              'Set-Cookie': [cookie(refreshCookie, '', '/auth', 0), cookie(accessCookie, '', '/api', 0)],
            },
          )
        case '/oauth/token':
          return token(request, response)
        case '/oauth/revoke': {
          const form = new URLSearchParams((await readBody(request)).toString())
          revokeToken(form.get('token') ?? undefined)
          return sendJson(response, 200, {})
        }
      }
      throw new HttpError(404, { error: 'not_found' })
    },
  }
}
