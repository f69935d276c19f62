// What a replay needs, readable only to who presents the spent refresh token: the table alone betrays nothing.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

const keyFrom = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'replay', 32))

export function seal(secret: string, text: string): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(CIPHER, keyFrom(secret), nonce)
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Throws when the secret is another one. */
export function unseal(secret: string, sealed: Uint8Array): string {
  const decipher = createDecipheriv(CIPHER, keyFrom(secret), sealed.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAuthTag(sealed.subarray(-TAG))
  return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
}
