// The protected API: it checks access tokens with the public key and asks no database (RFC 6750, RFC 9470).

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JWTPayload } from 'jose'
import { cookieName } from './auth.ts'
import { HttpError, readBody, readCookie, sendJson } from './http.ts'
import { type Fault, type Settings, type Stats, takeFault } from './settings.ts'
import { type AccessTokens, isExpired } from './tokens.ts'

export interface ApiParts {
  readonly tokens: AccessTokens
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly secureCookies: boolean
  /** Sessions that were revoked; kept in memory for as long as their access tokens may live. */
  readonly denied: ReadonlySet<string>
}

export interface Api {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

const UPLOAD_LIMIT = 256 * 1024 * 1024

/** Refuses with a challenge; without a token there is no error to name (RFC 6750 section 3.1). */
function challenge(error?: string, description?: string, status = 401): never {
  const details = error ? `, error="${error}", error_description="${description}"` : ''
  throw new HttpError(
    status,
    { error: error ?? 'unauthorized' },
    { 'WWW-Authenticate': `Bearer realm="demo"${details}` },
  )
}

export function createApi({ tokens, settings, faults, stats, secureCookies, denied }: ApiParts): Api {
  async function authenticate(request: IncomingMessage): Promise<JWTPayload> {
    const header = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const token = header ?? readCookie(request, cookieName('access', secureCookies))
    if (!token) return challenge()
    let claims: JWTPayload
    try {
      claims = await tokens.check(token)
    } catch (error) {
      return challenge(
        'invalid_token',
        isExpired(error) ? 'the access token has expired' : 'the access token is not valid',
      )
    }
    if (settings.denylist && denied.has(String(claims.sid)))
      return challenge('invalid_token', 'the session was revoked')
    return claims
  }

  /** Some servers renew as they answer; the token comes from the authorization server's part all the same. */
  async function renew(claims: JWTPayload): Promise<Record<string, string>> {
    const { iat = 0, exp = 0, sub = '', sid } = claims
    const isHalfOver = tokens.now() / 1000 > (iat + exp) / 2
    if (!settings.renewInResponse || !isHalfOver) return {}
    return { 'X-Renewed-Token': await tokens.issue(sub, String(sid), settings.accessLifetime) }
  }

  async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const fault = takeFault(faults, 'api', ['latency', 'unavailable', 'unauthorized'])
    if (fault?.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, fault.delay ?? 1_000))
    if (fault?.kind === 'unavailable') throw new HttpError(503, { error: 'temporarily_unavailable' })
    if (fault?.kind === 'unauthorized') challenge('invalid_token', 'refused for the exercise')
    const claims = await authenticate(request)
    const renewed = await renew(claims)
    const status = /^\/api\/status\/(\d{3})$/.exec(path)?.[1]
    if (status) return sendJson(response, Number(status), { status: Number(status) }, renewed)
    switch (path) {
      case '/api/me':
        return sendJson(response, 200, { subject: claims.sub, session: claims.sid }, renewed)
      case '/api/echo': {
        const { method, headers } = request
        const { authorization: _, cookie: __, ...shown } = headers
        const body = await readBody(request, UPLOAD_LIMIT)
        return sendJson(
          response,
          200,
          { method, headers: shown, bytes: body.length, body: body.toString().slice(0, 10_000) },
          renewed,
        )
      }
      case '/api/stream': {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', ...renewed })
        for (let number = 1; number <= 3; number++) {
          response.write(`data: ${number}\n\n`)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        response.end()
        return
      }
      case '/api/admin-only':
        return challenge('insufficient_scope', 'this needs the scope admin', 403)
      case '/api/transfer':
        return challenge('insufficient_user_authentication', 'sign in again to do this')
    }
    throw new HttpError(404, { error: 'not_found' })
  }

  return {
    async handle(request, response, path) {
      response.on('finish', () => {
        const status = String(response.statusCode)
        stats.apiCalls[status] = (stats.apiCalls[status] ?? 0) + 1
      })
      await serve(request, response, path)
    },
  }
}
