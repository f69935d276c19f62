// The provider of the login by redirect: it grants a code to whoever comes, and tokens to whoever knows its verifier.

import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoginProvider {
  readonly origin: string
  close(): Promise<void>
}

/** Checks what RFC 7636 section 4.6 says. */
export async function startLoginProvider(): Promise<LoginProvider> {
  const requests = new Map<string, URLSearchParams>()
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/authorize') {
      const code = randomUUID()
      requests.set(code, searchParams)
      const back = new URLSearchParams({ code, state: searchParams.get('state') ?? '' })
      response.writeHead(302, { Location: `${searchParams.get('redirect_uri')}?${back}` }).end()
      return
    }
    let text = ''
    for await (const chunk of request) text += chunk
    const form = new URLSearchParams(text)
    const asked = requests.get(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isGranted =
      form.get('grant_type') === 'authorization_code' &&
      asked?.get('code_challenge_method') === 'S256' &&
      asked.get('code_challenge') === challenge &&
      asked.get('redirect_uri') === form.get('redirect_uri')
    response.writeHead(isGranted ? 200 : 400, {
      'Content-Type': 'application/json',
      'Access-Control-Allow-Origin': '*',
    })
    response.end(
      JSON.stringify(
        isGranted
          ? { access_token: randomUUID(), refresh_token: randomUUID(), expires_in: 300 }
          : { error: 'invalid_grant' },
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
