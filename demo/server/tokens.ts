// Access tokens: issued by the authorization server alone, checked by anyone who has its public key (RFC 9068).
// The keys live as long as the process: after a restart the API refuses older tokens, and clients refresh.

import { randomUUID } from 'node:crypto'
import { errors, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose'

/** The APIs that there are tokens for (RFC 9068 section 2.2): the first one's come without being asked for. */
export const AUDIENCES = ['api', 'reports'] as const
export type Audience = (typeof AUDIENCES)[number]

export const isAudience = (value: unknown): value is Audience => AUDIENCES.includes(value as Audience)

export interface AccessTokenIssuer {
  /** A token names the API that it is for; one that is bound to a key names its thumbprint (RFC 9449 section 6). */
  issue(subject: string, session: string, lifetime: number, jkt: string | null, audience: Audience): Promise<string>
  /** Makes all tokens issued so far invalid at once. */
  replaceKeys(): Promise<void>
}

export interface AccessTokenChecker {
  /** Throws what jose throws when the token is expired, forged, or for another audience. */
  check(token: string, audience: Audience): Promise<JWTPayload>
}

export interface AccessTokens {
  readonly issuer: AccessTokenIssuer
  readonly checker: AccessTokenChecker
}

const ISSUER = 'http://localhost'
/** In seconds; `iat` is rounded down, and no token may die before its `expires_in` (RFC 7519 section 4.1.4). */
const LEEWAY = 1

export async function createAccessTokens(now: () => number): Promise<AccessTokens> {
  let keys = await generateKeyPair('ES256')
  return {
    issuer: {
      issue(subject, session, lifetime, jkt, audience) {
        const issuedAt = Math.floor(now() / 1000)
        return new SignJWT({ sid: session, ...(jkt !== null && { cnf: { jkt } }) })
          .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
          .setIssuer(ISSUER)
          .setAudience(audience)
          .setSubject(subject)
          .setIssuedAt(issuedAt)
          .setExpirationTime(issuedAt + lifetime)
          .setJti(randomUUID())
          .sign(keys.privateKey)
      },
      async replaceKeys() {
        keys = await generateKeyPair('ES256')
      },
    },
    checker: {
      async check(token, audience) {
        const { payload } = await jwtVerify(token, keys.publicKey, {
          algorithms: ['ES256'],
          typ: 'at+jwt',
          issuer: ISSUER,
          audience,
          clockTolerance: LEEWAY,
          currentDate: new Date(now()),
        })
        return payload
      },
    },
  }
}

export const isExpired = (error: unknown): boolean => error instanceof errors.JWTExpired

export const isForAnother = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud'
