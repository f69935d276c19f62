// Which other origins may call, with credentials, and what of the answers they may read (Fetch standard).

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Settings } from './settings.ts'

const ALLOWED_HEADERS = 'Authorization, Content-Type, DPoP, Idempotency-Key, X-Requested-With'

/** True when this was a preflight, which is answered here. */
export function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
  settings: Settings,
): boolean {
  const { origin } = request.headers
  response.setHeader('Vary', 'Origin')
  if (!origin || !origins.includes(origin)) return false
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Allow-Credentials', 'true')
  const exposed = settings.exposeChallenge ? ', WWW-Authenticate' : ''
  response.setHeader('Access-Control-Expose-Headers', `Date, Retry-After, X-Renewed-Token${exposed}`)
  if (request.method !== 'OPTIONS') return false
  response.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS)
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE')
  response.writeHead(204).end()
  return true
}
