// A protected API: it checks access tokens with the public key and asks no database (RFC 6750, RFC 9449, RFC 9470).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { JWTPayload } from 'jose'
import { type Fault, strikeBefore } from './faults.ts'
import { HttpError, isForeign, readBody, readCookie, sendJson } from './http.ts'
import { type ProofChecker, ProofError } from './proofs.ts'
import type { Settings, Stats } from './settings.ts'
import { type AccessTokenChecker, type Audience, isExpired, isForAnother } from './tokens.ts'

export interface ApiParts {
  /** Whose tokens it takes, and no other's (RFC 9068 section 4). */
  readonly audience: Audience
  readonly checker: AccessTokenChecker
  readonly proofs: ProofChecker
  readonly settings: Settings
  readonly faults: Fault[]
  readonly stats: Stats
  readonly accessCookie: string
  readonly origins: readonly string[]
  readonly closing: AbortSignal
  /** Sessions that were revoked, told by the authorization server; in memory, for as long as access tokens may live. */
  readonly denied: ReadonlySet<string>
  now(): number
  /** Asks the authorization server for a new access token of a session. */
  renew(session: string): Promise<string | undefined>
}

export interface Api {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

const UPLOAD_LIMIT = 256 * 1024 * 1024

type Scheme = 'Bearer' | 'DPoP'

/** Of a request with a token, the scheme that it uses; cookies go with `Bearer`. */
const schemeOf = ({ headers }: IncomingMessage): Scheme =>
  /^DPoP +\S/i.test(headers.authorization ?? '') ? 'DPoP' : 'Bearer'

/** Refuses with a challenge of the scheme that was used; without a token there is no error to name (RFC 6750 section 3.1). */
function challenge(request: IncomingMessage, error?: string, description?: string, status = 401, more = ''): never {
  const scheme = schemeOf(request)
  const algorithms = scheme === 'DPoP' ? ', algs="ES256"' : ''
  const details = error ? `, error="${error}", error_description="${description}"${more}` : ''
  throw new HttpError(
    status,
    { error: error ?? 'unauthorized' },
    { 'WWW-Authenticate': `${scheme} realm="demo"${algorithms}${details}` },
  )
}

export function createApi(parts: ApiParts): Api {
  const { audience, checker, proofs, settings, faults, stats, accessCookie, origins, closing, denied, now, renew } =
    parts

  /** A cookie comes along with requests of foreign pages too, so it counts only from our own. */
  function tokenOf(request: IncomingMessage): string | undefined {
    const token = /^(?:Bearer|DPoP) +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    return token ?? (isForeign(request, origins) ? undefined : readCookie(request, accessCookie))
  }

  /** A bound token is good with a proof of its key alone, and no other has the scheme of bound ones (RFC 9449 section 7). */
  async function checkKey(request: IncomingMessage, token: string, { cnf }: JWTPayload): Promise<void> {
    const { jkt } = (cnf ?? {}) as { readonly jkt?: string }
    if ((jkt === undefined) !== (schemeOf(request) === 'Bearer')) {
      challenge(request, 'invalid_token', `the access token ${jkt ? 'is bound to a key' : 'is bound to no key'}`)
    }
    if (jkt === undefined) return
    try {
      const shown = await proofs.check(request, { accessToken: token })
      if (shown === undefined) throw new ProofError('the proof is missing')
      if (shown !== jkt) throw new ProofError('the proof is of another key')
    } catch (error) {
      if (error instanceof ProofError) challenge(request, 'invalid_dpop_proof', error.message)
      throw error
    }
  }

  async function authenticate(request: IncomingMessage): Promise<JWTPayload> {
    const token = tokenOf(request)
    if (!token) return challenge(request)
    const claims = await checker.check(token, audience).catch((error: unknown) => {
      const problem = isExpired(error) ? 'has expired' : isForAnother(error) ? 'is for another API' : 'is not valid'
      return challenge(request, 'invalid_token', `the access token ${problem}`)
    })
    await checkKey(request, token, claims)
    const isDenied = settings.denylist && denied.has(String(claims.sid))
    return isDenied ? challenge(request, 'invalid_token', 'the session was revoked') : claims
  }

  /** Some servers renew as they answer; the token comes from the authorization server all the same. */
  async function renewal({ iat = 0, exp = 0, sid }: JWTPayload): Promise<Record<string, string>> {
    const isHalfOver = now() / 1000 > (iat + exp) / 2
    const token = settings.renewInResponse && audience === 'api' && isHalfOver ? await renew(String(sid)) : undefined
    return token ? { 'X-Renewed-Token': token } : {}
  }

  async function stream(response: ServerResponse, headers: Record<string, string>): Promise<void> {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', ...headers })
    for (let number = 1; number <= 3 && !response.destroyed; number++) {
      response.write(`data: ${number}\n\n`)
      await delay(50, undefined, { signal: closing })
    }
    response.end()
  }

  async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const fault = await strikeBefore(faults, 'api', response, closing)
    if (fault === 'unauthorized') challenge(request, 'invalid_token', 'refused for the exercise')
    if (fault) return
    const claims = await authenticate(request)
    const renewed = await renewal(claims)
    const status = Number(/^\/api\/status\/([2-5]\d\d)$/.exec(path)?.[1] ?? 0)
    if (status === 401) return challenge(request, 'invalid_token', 'refused as asked')
    if (status) return sendJson(response, status, { status }, renewed)
    switch (path) {
      case '/api/me':
      case '/reports/summary':
        return sendJson(response, 200, { subject: claims.sub, session: claims.sid, audience: claims.aud }, renewed)
      case '/api/echo': {
        // Without credentials: what a script gets to see must not hold a cookie that it cannot read.
        const { authorization: _, cookie: __, ...headers } = request.headers
        const body = await readBody(request, UPLOAD_LIMIT)
        const shown = { method: request.method, headers, bytes: body.length, body: body.toString().slice(0, 10_000) }
        return sendJson(response, 200, shown, renewed)
      }
      case '/api/stream':
        return stream(response, renewed)
      case '/api/admin-only':
        return challenge(request, 'insufficient_scope', 'this needs the scope admin', 403, ', scope="admin"')
      case '/api/transfer':
        return challenge(request, 'insufficient_user_authentication', 'sign in again to do this', 401, ', max_age="0"')
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
