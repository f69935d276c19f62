// better-auth with its OAuth provider, in memory: `serve.js '{"lifetime": …}'`. Prints its port.
// `/-/…` is for the tests: what an administrator does by hand.

import { createServer } from 'node:http'
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'

const { lifetime } = JSON.parse(process.argv[2])
const REDIRECT_URI = 'http://127.0.0.1:9999/callback'

const database = Object.fromEntries(
  [
    ...['user', 'session', 'account', 'verification', 'jwks'],
    ...['oauthClient', 'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent'],
    ...['oauthResource', 'oauthClientResource', 'oauthClientAssertion'],
  ].map((table) => [table, []]),
)

const server = createServer()
await new Promise((resolve) => server.listen(0, 'localhost', resolve))
const { port } = server.address()
const auth = betterAuth({
  baseURL: `http://localhost:${port}`,
  secret: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
  database: memoryAdapter(database),
  // The page and this server are one origin behind a proxy, whose port is not known here.
  trustedOrigins: ['http://localhost:*'],
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    jwt(),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes: ['openid', 'offline_access'],
      accessTokenExpiresIn: lifetime,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
})
const answer = toNodeHandler(auth)

const idOf = (user) => database.user.find(({ name }) => name === user)?.id

/** The cookie of a session of a user, who is created on the first visit. */
async function logIn(user) {
  const credentials = { email: `${user}@example.com`, password: 'demo-demo' }
  const { headers } = idOf(user)
    ? await auth.api.signInEmail({ body: credentials, returnHeaders: true })
    : await auth.api.signUpEmail({ body: { ...credentials, name: user }, returnHeaders: true })
  return headers.get('set-cookie').split(';')[0]
}

await auth.api.adminCreateOAuthClient({
  body: {
    redirect_uris: [REDIRECT_URI],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    skip_consent: true,
    scope: 'openid offline_access',
  },
  headers: new Headers({ cookie: await logIn('administrator') }),
})
database.oauthClient[0].clientId = 'spa'

/** Tokens of a user that are good for something. */
const living = (table, user) =>
  database[table].filter((row) => row.userId === idOf(user) && !row.revoked && !row.rotatedAt)

function remove(table, user) {
  const id = idOf(user)
  database[table] = database[table].filter(({ userId }) => userId !== id)
}

const TASKS = {
  async authorize({ user, challenge }) {
    const terms = new URLSearchParams({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: REDIRECT_URI,
      scope: 'openid offline_access',
      state: 'state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const response = await fetch(`http://localhost:${port}/api/auth/oauth2/authorize?${terms}`, {
      headers: { Cookie: await logIn(user) },
      redirect: 'manual',
    })
    return { location: (await response.json()).url }
  },
  sessions: async ({ user }) => ({ sessions: living('oauthRefreshToken', user).length }),
  async 'end-sessions'({ user }) {
    remove('oauthRefreshToken', user)
    remove('oauthAccessToken', user)
    return {}
  },
  async recall({ user }) {
    remove('oauthAccessToken', user)
    return {}
  },
}

server.on('request', async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  if (!pathname.startsWith('/-/')) return answer(request, response)
  const result = await TASKS[pathname.slice(3)](Object.fromEntries(searchParams)).catch((error) => ({
    error: String(error),
  }))
  response.writeHead('error' in result ? 500 : 200).end(JSON.stringify(result))
})
console.log(port)
