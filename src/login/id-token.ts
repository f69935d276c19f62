/** Comparing the claims of an ID token; its signature is not verified, because it came over TLS from the server. */

import { decodeClaims } from '../core/responses/tokens.ts'
import { LoginError } from './error.ts'

/**
 * Throws unless the ID token is for this client and this sign-in.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export function checkIdToken(idToken: string, issuer: string, clientId: string, nonce: string | undefined): void {
  const claims = decodeClaims(idToken) as Readonly<Record<string, unknown>> | undefined
  const audience = [claims?.aud].flat()
  const isRight =
    claims &&
    claims.iss === issuer &&
    claims.sub &&
    claims.iat &&
    // The clocks may differ by five minutes.
    Number(claims.exp) * 1000 > Date.now() - 300_000 &&
    audience.includes(clientId) &&
    // Of several audiences, one must be the authorized party.
    (claims.azp ?? `${audience}`) === clientId &&
    claims.nonce === nonce
  if (!isRight) throw new LoginError('invalid-id-token')
}
