// Access tokens: issued by the authorization server alone, checked by anyone who has its public key (RFC 9068).

import { randomUUID } from 'node:crypto'
import { errors, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose'

export interface AccessTokens {
  /** The server's clock (in milliseconds since the epoch). */
  now(): number
  issue(subject: string, session: string, lifetime: number): Promise<string>
  /** Throws what jose throws when the token is expired, forged, or for another audience. */
  check(token: string): Promise<JWTPayload>
  /** Makes all tokens issued so far invalid at once. */
  replaceKeys(): Promise<void>
}

export async function createAccessTokens(issuer: string, clockOffset: number): Promise<AccessTokens> {
  let keys = await generateKeyPair('ES256')
  const now = (): number => Date.now() + clockOffset
  return {
    now,
    issue(subject, session, lifetime) {
      const issuedAt = Math.floor(now() / 1000)
      return new SignJWT({ sid: session })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience('api')
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetime)
        .setJti(randomUUID())
        .sign(keys.privateKey)
    },
    async check(token) {
      const options = { issuer, audience: 'api', typ: 'at+jwt', currentDate: new Date(now()) }
      const { payload } = await jwtVerify(token, keys.publicKey, options)
      return payload
    },
    async replaceKeys() {
      keys = await generateKeyPair('ES256')
    },
  }
}

export const isExpired = (error: unknown): boolean => error instanceof errors.JWTExpired
