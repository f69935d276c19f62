// The resource server at /me: verifies JWT access tokens (RFC 9068) and answers 401 as RFC 6750, section 3.1 says.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type JWTPayload, jwtVerify } from 'jose'

export interface ProtectedResourceOptions {
  readonly issuer: string
  readonly audience: string
  readonly publicKey: CryptoKey
  /** Whether a token of the right signature and age is refused all the same. */
  readonly isRefused: (claims: JWTPayload) => boolean
  readonly onAnswer: (status: number) => void
}

/** In seconds; `exp` is rounded down, and no token may die before its `expires_in` (RFC 7519, section 4.1.4). */
const LEEWAY = 1

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'Authorization, *',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
  'Access-Control-Expose-Headers': 'WWW-Authenticate, Date',
  'Cache-Control': 'no-store',
}

/** Creates the request handler of one protected resource, which answers with the subject of the token. */
export function createProtectedResource(options: ProtectedResourceOptions) {
  const { issuer, audience, publicKey, isRefused, onAnswer } = options

  const claimsOf = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        issuer,
        audience,
        typ: 'at+jwt',
        clockTolerance: LEEWAY,
      })
      return isRefused(payload) ? undefined : payload
    } catch {
      return undefined
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume()
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS).end()
      return
    }
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const claims = token === undefined ? undefined : await claimsOf(token)
    const status = claims ? 200 : 401
    const error = token === undefined ? '' : ', error="invalid_token", error_description="refused"'
    const challenge = claims ? {} : { 'WWW-Authenticate': `Bearer realm="${audience}"${error}` }
    response.writeHead(status, { ...CORS, ...challenge, 'Content-Type': 'application/json' })
    response.end(JSON.stringify(claims ? { sub: claims.sub, jti: claims.jti } : { error: 'invalid_token' }))
    onAnswer(status)
  }
}
