// The provider of the login by redirect: it grants a code to whoever comes, and tokens to whoever knows its verifier.

import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoginProvider {
  readonly origin: string
  /** How often a code was exchanged, and how often that was refused. */
  readonly exchanges: { granted: number; refused: number }
  close(): Promise<void>
}

/** Checks what RFC 7636 section 4.6 says; a code is good for one use. */
export async function startLoginProvider(): Promise<LoginProvider> {
  const requests = new Map<string, URLSearchParams>()
  const refreshTokens = new Set<string | null>()
  const exchanges = { granted: 0, refused: 0 }
  let origin = ''
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    response.setHeader('Access-Control-Allow-Origin', '*')
    if (pathname === '/.well-known/openid-configuration') {
      const metadata = {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        authorization_response_iss_parameter_supported: true,
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(metadata))
      return
    }
    if (pathname === '/authorize') {
      const code = randomUUID()
      requests.set(code, searchParams)
      const back = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: origin })
      response.writeHead(302, { Location: `${searchParams.get('redirect_uri')}?${back}` }).end()
      return
    }
    let text = ''
    for await (const chunk of request) text += chunk
    const form = new URLSearchParams(text)
    const asked = requests.get(form.get('code') ?? '')
    requests.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const isGranted = isRefresh
      ? refreshTokens.delete(form.get('refresh_token'))
      : form.get('grant_type') === 'authorization_code' &&
        asked?.get('code_challenge_method') === 'S256' &&
        asked.get('code_challenge') === challenge &&
        asked.get('redirect_uri') === form.get('redirect_uri')
    if (!isRefresh) exchanges[isGranted ? 'granted' : 'refused']++
    const refresh_token = randomUUID()
    if (isGranted) refreshTokens.add(refresh_token)
    response.writeHead(isGranted ? 200 : 400, { 'Content-Type': 'application/json' })
    response.end(
      JSON.stringify(
        isGranted ? { access_token: randomUUID(), refresh_token, expires_in: 300 } : { error: 'invalid_grant' },
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    origin,
    exchanges,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
