// A login by redirect without its pages: an authorization code with PKCE, exchanged for tokens (RFC 6749 section 4.1).

import { createHash, randomBytes } from 'node:crypto'

export const CLIENT_ID = 'spa'
/** Nothing listens there. */
export const REDIRECT_URI = 'http://127.0.0.1:9999/callback'

export interface CodeRequest {
  readonly tokenEndpoint: string
  /** Logs in and consents; resolves with where the browser would be sent then. */
  authorize(challenge: string): Promise<string>
}

export async function exchangeCode({ tokenEndpoint, authorize }: CodeRequest): Promise<unknown> {
  const verifier = randomBytes(32).toString('base64url')
  const location = await authorize(createHash('sha256').update(verifier).digest('base64url'))
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: CLIENT_ID,
      code: new URL(location).searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: REDIRECT_URI,
    }),
  })
  if (!response.ok) throw new Error(`the code was not exchanged: ${response.status}`)
  return await response.json()
}
