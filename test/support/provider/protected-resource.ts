// A resource server: verifies JWT access tokens (RFC 9068) and answers 401 as RFC 6750, section 3.1 says.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { ProofCheck } from './proofs.ts'

export interface ProtectedResourceOptions {
  readonly issuer: string
  readonly audience: string
  readonly publicKey: CryptoKey
  /** Whether a token of the right signature and age is refused all the same. */
  readonly isRefused: (claims: JWTPayload) => boolean
  readonly onAnswer: (status: number) => void
  /** Called for each token that is right but for its audience. */
  readonly onMisdirected: () => void
  /** Tokens must be bound, and each request must have a proof. */
  readonly proofs?: ProofCheck | undefined
}

/** In seconds; `exp` is rounded down, and no token may die before its `expires_in` (RFC 7519, section 4.1.4). */
const LEEWAY = 1

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'Authorization, DPoP, *',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
  'Access-Control-Expose-Headers': 'WWW-Authenticate, Date, DPoP-Nonce',
  'Cache-Control': 'no-store',
}

/** Creates the request handler of one protected resource, which answers with the subject of the token. */
export function createProtectedResource(options: ProtectedResourceOptions) {
  const { issuer, audience, publicKey, isRefused, onAnswer, onMisdirected, proofs } = options

  const scheme = proofs ? 'DPoP' : 'Bearer'

  const claimsOf = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        issuer,
        audience,
        typ: 'at+jwt',
        clockTolerance: LEEWAY,
      })
      return isRefused(payload) ? undefined : payload
    } catch (error) {
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') onMisdirected()
      return undefined
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume()
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS).end()
      return
    }
    const [, token] = new RegExp(`^${scheme} (\\S+)$`, 'i').exec(request.headers.authorization ?? '') ?? []
    const claims = token === undefined ? undefined : await claimsOf(token)
    const { jkt } = (claims?.cnf ?? {}) as { readonly jkt?: string }
    const fault = claims && proofs && (await proofs.fault(request, audience, token as string, jkt))
    const status = claims && !fault ? 200 : 401
    const error = token === undefined ? '' : `, error="${fault ?? 'invalid_token'}", error_description="refused"`
    const challenge = status === 200 ? {} : { 'WWW-Authenticate': `${scheme} realm="${audience}"${error}` }
    const told = proofs?.tell(status !== 200)
    const nonce = told && { 'DPoP-Nonce': told }
    response.writeHead(status, { ...CORS, ...challenge, ...nonce, 'Content-Type': 'application/json' })
    response.end(JSON.stringify(claims && !fault ? { sub: claims.sub, jti: claims.jti } : { error: 'invalid_token' }))
    onAnswer(status)
  }
}
