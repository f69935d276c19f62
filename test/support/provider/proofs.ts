// Checking the proof of a request to the resource (RFC 9449 section 4.3), with a nonce that changes every seven answers.
// A nonce that a refusal has told stays good, however many answers are given before the retry (section 8.2).
// Without nonces, a proof must have been made within a minute.

import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWK, jwtVerify } from 'jose'

export interface ProofCheck {
  /** The nonce that the next request must have; undefined without nonces. One that goes with a refusal stays good. */
  tell(isRefused: boolean): string | undefined
  /** What is wrong with the proof of a request: a code of RFC 9449; undefined if nothing is. */
  fault(request: IncomingMessage, address: string, token: string, jkt: unknown): Promise<string | undefined>
}

const ANSWERS = 7

/** How far the clocks of a proof and of this server may differ (in seconds). */
const TOLERANCE = 60

export function createProofCheck(hasNonces: boolean): ProofCheck {
  const seen = new Set<unknown>()
  let answers = 0
  let nonce = randomUUID()
  const promised = new Set<unknown>()
  return {
    tell(isRefused) {
      if (isRefused) promised.add(nonce)
      return hasNonces ? nonce : undefined
    },
    async fault({ method, headers }, address, token, jkt) {
      const proof = String(headers.dpop)
      const verified = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] }).catch(() => null)
      if (!verified) return 'invalid_dpop_proof'
      const { htm, htu, ath, jti, iat = 0, nonce: given } = verified.payload
      const key = await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk as JWK)
      const isRight =
        htm === method &&
        htu === address &&
        ath === createHash('sha256').update(token).digest('base64url') &&
        key === jkt &&
        !seen.has(jti)
      if (!isRight) return 'invalid_dpop_proof'
      if (!hasNonces) {
        seen.add(jti)
        return Math.abs(iat - Date.now() / 1000) > TOLERANCE ? 'invalid_dpop_proof' : undefined
      }
      if (given !== nonce && !promised.has(given)) return 'use_dpop_nonce'
      seen.add(jti)
      if (++answers % ANSWERS === 0) nonce = randomUUID()
      return undefined
    },
  }
}
