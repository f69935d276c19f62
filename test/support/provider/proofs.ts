// Checking the proof of a request to the resource (RFC 9449 section 4.3), with a nonce that changes every seven answers.
// A nonce that a refusal has told is good for one retry, however many answers were given in between (section 8.2).

import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWK, jwtVerify } from 'jose'

export interface ProofCheck {
  /** The nonce that the next request must have. */
  readonly nonce: string
  /** What is wrong with the proof of a request: a code of RFC 9449; undefined if nothing is. */
  fault(request: IncomingMessage, address: string, token: string, jkt: unknown): Promise<string | undefined>
}

const ANSWERS = 7

export function createProofCheck(): ProofCheck {
  const seen = new Set<unknown>()
  let answers = 0
  let nonce = randomUUID()
  /** How many retries each nonce is good for. */
  const promised = new Map<unknown, number>()
  return {
    get nonce() {
      return nonce
    },
    async fault({ method, headers }, address, token, jkt) {
      const proof = String(headers.dpop)
      const verified = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] }).catch(() => null)
      if (!verified) return 'invalid_dpop_proof'
      const { htm, htu, ath, jti, nonce: given } = verified.payload
      const key = await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk as JWK)
      const isRight =
        htm === method &&
        htu === address &&
        ath === createHash('sha256').update(token).digest('base64url') &&
        key === jkt &&
        !seen.has(jti)
      if (!isRight) return 'invalid_dpop_proof'
      const retries = promised.get(given) ?? 0
      if (given !== nonce && retries === 0) {
        promised.set(nonce, (promised.get(nonce) ?? 0) + 1)
        return 'use_dpop_nonce'
      }
      promised.set(given, Math.max(0, retries - 1))
      seen.add(jti)
      if (++answers % ANSWERS === 0) nonce = randomUUID()
      return undefined
    },
  }
}
