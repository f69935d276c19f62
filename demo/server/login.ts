// Signing in by redirect: the login page, and the exchange of its code (RFC 6749 section 4.1, RFC 7636, RFC 9207).

import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Grants, Refusal } from './grants.ts'
import { invalidRequest, readForm, sendJson } from './http.ts'

export interface LoginServer {
  /** The metadata document (RFC 8414), at the address of OpenID Connect Discovery. */
  describe(request: IncomingMessage, response: ServerResponse): void
  /** The login page, and what the user says there. */
  authorize(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** With the thumbprint of a key, the tokens are bound to it. */
  exchange(form: URLSearchParams, jkt?: string): Promise<Answer | Refusal>
}

interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly user: string
  /** The key that the exchange must show, if the request has named one (`dpop_jkt`, RFC 9449 section 10). */
  readonly jkt: string | undefined
  readonly expiresAt: number
}

/** How long a code is good (in milliseconds), for one use. */
const LIFETIME = 60_000

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in at the provider</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-inline-size: 24rem; margin: 15vh auto; padding: 1rem }
  label, button { display: block; margin-block: 1rem }
  input, button { font: inherit; padding: .5rem .8rem }
  input { display: block; inline-size: 100%; box-sizing: border-box }
</style>
<main>
  <h1>Sign in</h1>
  <p>This is the provider’s page, not the application’s. The application gets a code, never what you type here.</p>
  <form method="post">
    <label>Name <input name="user" value="alice" autocomplete="username" required></label>
    <button name="decision" value="allow">Sign in and go back</button>
    <button name="decision" value="deny" formnovalidate>Refuse</button>
  </form>
</main>
`

const issuerOf = ({ headers }: IncomingMessage): string => `http://${headers.host}/oauth`

export function createLoginServer(clientId: string, grants: Grants): LoginServer {
  const codes = new Map<string, Code>()

  /** What is asked for; whoever cannot be answered at a known address gets an error page instead. */
  function read({ url = '/', headers }: IncomingMessage): Pick<Code, 'challenge' | 'jkt'> & { readonly back: URL } {
    const query = new URL(url, 'http://localhost').searchParams
    const back = URL.parse(query.get('redirect_uri') ?? '')
    if (query.get('client_id') !== clientId) throw invalidRequest('"client_id" is unknown')
    // An application of this server's own origin is registered by being there.
    if (!back || back.host !== headers.host) throw invalidRequest('"redirect_uri" is not registered')
    const challenge = query.get('code_challenge')
    if (query.get('response_type') !== 'code') throw invalidRequest('"response_type" must be "code"')
    if (!challenge || query.get('code_challenge_method') !== 'S256') throw invalidRequest('PKCE by S256 is missing')
    back.searchParams.set('state', query.get('state') ?? '')
    return { back, challenge, jkt: query.get('dpop_jkt') ?? undefined }
  }

  return {
    describe(request, response) {
      const issuer = issuerOf(request)
      sendJson(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        revocation_endpoint: `${issuer}/revoke`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        dpop_signing_alg_values_supported: ['ES256'],
        authorization_response_iss_parameter_supported: true,
      })
    },

    async authorize(request, response) {
      const { back, challenge, jkt } = read(request)
      if (request.method === 'GET') {
        // Nobody may put this page in a frame and lead a user's click.
        const headers = { 'Content-Security-Policy': "frame-ancestors 'none'", 'Cache-Control': 'no-store' }
        response.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end(PAGE)
        return
      }
      const form = await readForm(request)
      const user = form.get('user')
      const redirectUri = back.origin + back.pathname
      if (form.get('decision') === 'allow' && user) {
        const code = randomBytes(32).toString('base64url')
        codes.set(code, { challenge, redirectUri, user, jkt, expiresAt: Date.now() + LIFETIME })
        back.searchParams.set('code', code)
      } else back.searchParams.set('error', 'access_denied')
      back.searchParams.set('iss', issuerOf(request))
      response.writeHead(303, { Location: back.href, 'Cache-Control': 'no-store' }).end()
    },

    async exchange(form, jkt) {
      const code = form.get('code') ?? ''
      const asked = codes.get(code)
      codes.delete(code)
      const verifier = form.get('code_verifier') ?? ''
      const isRight =
        asked !== undefined &&
        asked.expiresAt > Date.now() &&
        (asked.jkt === undefined || asked.jkt === jkt) &&
        asked.redirectUri === form.get('redirect_uri') &&
        asked.challenge === createHash('sha256').update(verifier).digest('base64url')
      if (isRight) return grants.signIn(asked.user, 'the login page', 'client', jkt)
      return { refusal: { error: 'invalid_grant', error_description: 'the code is not valid' } }
    },
  }
}
