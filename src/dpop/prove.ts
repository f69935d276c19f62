/** Keys, their thumbprints, and proofs (RFC 9449 section 4.2). */

import { check } from '../core/errors.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const ESCAPES: Readonly<Record<string, string>> = { '+': '-', '/': '_', '=': '' }

/** Base64url without padding (RFC 7515 section 2), of text in which each character is a byte. */
const encode = (bytes: string): string => btoa(bytes).replace(/[+/=]/g, (found) => ESCAPES[found] as string)
const encodeBytes = (buffer: ArrayBuffer): string => encode(String.fromCharCode(...new Uint8Array(buffer)))

/** What the ledger's entry keeps of a binding. */
export interface Bound {
  readonly key: CryptoKeyPair
  /** The newest nonce of the token endpoint (RFC 9449 section 8). */
  readonly nonce?: string | undefined
  /** Server time minus local time (in milliseconds), where it is known. */
  readonly skew?: number | undefined
  /** False when the last refresh has left the refresh token as it was, so that it can be sent again. */
  readonly rotates?: boolean | undefined
}

/** What a proof says, besides the key. */
export interface ProofClaims {
  readonly htm: string
  readonly htu: string
  /** The nonce of the server, if it has given one. */
  readonly nonce?: string | undefined
  /** The access token that it goes with. */
  readonly accessToken?: string | undefined
  /** Server time minus local time (in milliseconds), where it is known. */
  readonly skew: number | undefined
}

export interface Prover {
  createKey(): Promise<CryptoKeyPair>
  /** The SHA-256 thumbprint of the public key (RFC 7638). */
  thumbprint(key: CryptoKeyPair): Promise<string>
  prove(key: CryptoKeyPair, claims: ProofClaims): Promise<string>
}

/** The method as `fetch` sends it (https://fetch.spec.whatwg.org/#concept-method-normalize). */
export const htmOf = (method: string): string =>
  /^(delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method

/** The address without query and fragment (RFC 9449 section 4.2). */
export function htuOf(address: string): string {
  const { origin, pathname } = new URL(address)
  return origin + pathname
}

/** Throws a TypeError unless it is a key pair for ES256 that cannot be exported. */
export function checkKey(key: unknown): CryptoKeyPair {
  const { privateKey, publicKey } = key as CryptoKeyPair
  check(privateKey?.extractable === false, 'key', 'a CryptoKeyPair that is not extractable')
  const { namedCurve } = privateKey.algorithm as EcKeyAlgorithm
  check(namedCurve === 'P-256' && publicKey?.extractable, 'key', 'an ECDSA key pair of the curve P-256')
  return key as CryptoKeyPair
}

export function createProver(): Prover {
  // Captured here, so that what a page patches later signs nothing.
  const { subtle } = crypto
  const sign = subtle.sign.bind(subtle)
  const digest = subtle.digest.bind(subtle)
  const exportKey = subtle.exportKey.bind(subtle)
  const createId = crypto.randomUUID.bind(crypto)
  const encoder = new TextEncoder()
  /** The encoded headers by key. */
  const heads = new WeakMap<CryptoKeyPair, string>()
  /** The hash of the access token that was used last. */
  let hashed: { readonly token: string; readonly ath: string } | undefined

  const hash = async (text: string): Promise<string> => encodeBytes(await digest('SHA-256', encoder.encode(text)))

  async function jwkOf({ publicKey }: CryptoKeyPair): Promise<JsonWebKey> {
    const { crv, kty, x, y } = await exportKey('jwk', publicKey)
    // In this order, as a thumbprint takes it (RFC 7638 section 3.2).
    return { crv, kty, x, y } as JsonWebKey
  }

  async function headOf(key: CryptoKeyPair): Promise<string> {
    const head = encode(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: await jwkOf(key) }))
    heads.set(key, head)
    return head
  }

  async function athOf(token: string): Promise<string> {
    hashed = { token, ath: await hash(token) }
    return hashed.ath
  }

  return {
    createKey: () => subtle.generateKey(ALGORITHM, false, ['sign']),
    thumbprint: async (key) => hash(JSON.stringify(await jwkOf(key))),
    async prove(key, { htm, htu, nonce, accessToken, skew = 0 }) {
      const head = heads.get(key) ?? (await headOf(key))
      const ath = accessToken && (hashed?.token === accessToken ? hashed.ath : await athOf(accessToken))
      const iat = Math.floor((Date.now() + skew) / 1000)
      const input = `${head}.${encode(JSON.stringify({ jti: createId(), htm, htu, iat, ath, nonce }))}`
      return `${input}.${encodeBytes(await sign(SIGNATURE, key.privateKey, encoder.encode(input)))}`
    },
  }
}
