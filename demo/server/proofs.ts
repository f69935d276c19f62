// Proofs of possession (RFC 9449 section 4.3): who sends a request has the key that its token is bound to.

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'

export interface ProofChecker {
  /**
   * The thumbprint of the key that a request shows; undefined when it brings no proof.
   * A request with an access token must name it in its proof. Throws a {@link ProofError} for a bad proof.
   */
  check(request: IncomingMessage, accessToken?: string): Promise<string | undefined>
}

export class ProofError extends Error {}

/** How far the time of a proof may be off (in seconds). */
const WINDOW = 300

const fail = (problem: string): never => {
  throw new ProofError(problem)
}

export function createProofChecker(now: () => number): ProofChecker {
  /** When each proof that was seen may be forgotten, by `jti`. */
  const seen = new Map<string, number>()

  function checkOnce({ jti }: JWTPayload): void {
    const time = now() / 1000
    for (const [id, until] of seen) if (until < time) seen.delete(id)
    if (typeof jti !== 'string' || seen.has(jti)) fail('the proof was used before, or has no jti')
    // No proof is good for longer, however early it was.
    seen.set(String(jti), time + 2 * WINDOW)
  }

  return {
    async check({ method, headers, url = '/' }, accessToken) {
      const proof = headers.dpop
      if (proof === undefined) return undefined
      const { payload } = await jwtVerify(String(proof), EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: ['ES256'],
        // `iat` is checked below, for a proof may be early too.
        currentDate: new Date(now()),
      }).catch(() => fail('the signature, the type or the algorithm of the proof is wrong'))
      const { htm, htu, iat, ath } = payload
      if (htm !== method) fail('the proof is for another method')
      if (htu !== `http://${headers.host}${url.replace(/\?.*$/, '')}`) fail('the proof is for another address')
      if (!(Math.abs(Number(iat) - now() / 1000) <= WINDOW)) fail('the proof is from another time')
      if (accessToken !== undefined && ath !== createHash('sha256').update(accessToken).digest('base64url'))
        fail('the proof is for another access token')
      checkOnce(payload)
      return calculateJwkThumbprint(decodeProtectedHeader(String(proof)).jwk as JWK)
    },
  }
}
