// Proofs of possession (RFC 9449 section 4.3): who sends a request has the key that its token is bound to.

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'

export interface ProofChecker {
  /**
   * The thumbprint of the key that a request shows; undefined when it brings no proof.
   * A request with an access token must name it in its proof. Throws a {@link ProofError} for a bad proof.
   *
   * With a `repeatKey` a proof may come again together with the key that it came with first.
   */
  check(request: IncomingMessage, terms?: ProofTerms): Promise<string | undefined>
}

export interface ProofTerms {
  readonly accessToken?: string
  /** The `Idempotency-Key` of a request that may be answered twice. */
  readonly repeatKey?: string | undefined
}

export class ProofError extends Error {}

/** How far the time of a proof may be off (in seconds). */
const WINDOW = 300

const fail = (problem: string): never => {
  throw new ProofError(problem)
}

export function createProofChecker(now: () => number): ProofChecker {
  /** The proofs that were seen, by `jti`, and when each may be forgotten. */
  const seen = new Map<string, { readonly until: number; readonly repeatKey: string | undefined }>()

  function checkOnce({ jti }: JWTPayload, repeatKey: string | undefined): void {
    const time = now() / 1000
    for (const [id, { until }] of seen) if (until < time) seen.delete(id)
    if (typeof jti !== 'string') throw new ProofError('the proof has no jti')
    const before = seen.get(jti)
    if (before && (repeatKey === undefined || before.repeatKey !== repeatKey)) fail('the proof was used before')
    // No proof is good for longer, however early it was.
    seen.set(jti, { until: time + 2 * WINDOW, repeatKey })
  }

  return {
    async check({ method, headers, url = '/' }, { accessToken, repeatKey } = {}) {
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
      checkOnce(payload, repeatKey)
      return calculateJwkThumbprint(decodeProtectedHeader(String(proof)).jwk as JWK)
    },
  }
}
