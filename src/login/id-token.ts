/** Comparing the claims of an ID token; its signature is not verified, because it came over TLS from the server. */

import { decodeClaims } from '../core/responses/tokens.ts'
import { loginError } from './error.ts'

/**
 * Throws unless the ID token is for this client and this sign-in.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export function checkIdToken(idToken: string, issuer: string, clientId: string, nonce: string | undefined): void {
  const claims = decodeClaims(idToken) as Readonly<Record<string, unknown>> | undefined
  const audience = [claims?.aud].flat()
  const checks = {
    iss: claims?.iss === issuer,
    sub: claims?.sub,
    iat: claims?.iat,
    // The clocks may differ by five minutes.
    exp: Number(claims?.exp) * 1000 > Date.now() - 300_000,
    aud: audience.includes(clientId),
    // Of several audiences, one must be the authorized party.
    azp: (claims?.azp ?? `${audience}`) === clientId,
    nonce: claims?.nonce === nonce,
  }
  const wrong = Object.entries(checks).flatMap(([name, isRight]) => (isRight ? [] : [name]))
  // The names of the claims alone: their values may be personal.
  if (wrong[0]) throw loginError('invalid-id-token', `not as wanted: ${wrong}`)
}
