// @node-oauth/oauth2-server with a model in memory, as its documentation builds one.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import OAuth2Server, {
  type AuthorizationCode,
  type Client,
  type RefreshToken,
  type Token,
} from '@node-oauth/oauth2-server'
import { CLIENT_ID, exchangeCode, REDIRECT_URI } from '../authorization-code.ts'
import type { RunningServer, Server, ServerOptions } from '../server.ts'

const CLIENT: Client = { id: CLIENT_ID, grants: ['authorization_code', 'refresh_token'], redirectUris: [REDIRECT_URI] }

function createModel() {
  const codes = new Map<string, AuthorizationCode>()
  const accessTokens = new Map<string, Token>()
  const refreshTokens = new Map<string, RefreshToken>()
  const drop = (tokens: Map<string, Token> | Map<string, RefreshToken>, user: string): void => {
    for (const [key, token] of tokens) if (token.user.name === user) tokens.delete(key)
  }
  return {
    model: {
      getClient: async (id: string) => (id === CLIENT.id ? CLIENT : undefined),
      async saveAuthorizationCode(code: AuthorizationCode, client: Client, user: object) {
        const saved = { ...code, client, user }
        codes.set(code.authorizationCode, saved)
        return saved
      },
      getAuthorizationCode: async (code: string) => codes.get(code),
      revokeAuthorizationCode: async ({ authorizationCode }: AuthorizationCode) => codes.delete(authorizationCode),
      async saveToken(token: Token, client: Client, user: object) {
        const saved = { ...token, client, user }
        accessTokens.set(token.accessToken, saved)
        if (token.refreshToken) refreshTokens.set(token.refreshToken, { ...saved, refreshToken: token.refreshToken })
        return saved
      },
      getAccessToken: async (token: string) => accessTokens.get(token),
      getRefreshToken: async (token: string) => refreshTokens.get(token),
      revokeToken: async ({ refreshToken }: Pick<RefreshToken, 'refreshToken'>) => refreshTokens.delete(refreshToken),
    },
    sessions: (user: string) => [...refreshTokens.values()].filter((token) => token.user.name === user).length,
    endSessions: (user: string) => drop(refreshTokens, user),
    recall: (user: string) => drop(accessTokens, user),
  }
}

async function start({ lifetime }: ServerOptions): Promise<RunningServer> {
  const { model, sessions, endSessions, recall } = createModel()
  const oauth = new OAuth2Server({
    model,
    accessTokenLifetime: lifetime,
    requireClientAuthentication: { authorization_code: false, refresh_token: false },
  })

  const server = createServer(async (incoming, outgoing) => {
    let text = ''
    for await (const chunk of incoming) text += chunk
    const body = Object.fromEntries(new URLSearchParams(text))
    const { method = 'GET', url } = incoming
    const request = new OAuth2Server.Request({
      method,
      headers: incoming.headers as Record<string, string>,
      query: {},
      body,
    })
    const response = new OAuth2Server.Response()
    try {
      if (method === 'POST' && url === '/oauth/token') await oauth.token(request, response)
      // The package has no revocation endpoint: this is RFC 7009 section 2.
      else if (method === 'POST' && url === '/oauth/revoke') await model.revokeToken({ refreshToken: body.token ?? '' })
      else if (method === 'GET' && url === '/api/me') await oauth.authenticate(request, response)
      else response.status = 404
    } catch (error) {
      response.status = (error as { code: number }).code
    }
    outgoing.writeHead(response.status ?? 200, { 'Content-Type': 'application/json', ...response.headers })
    outgoing.end(JSON.stringify(response.body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`

  async function authorize(name: string, challenge: string): Promise<string> {
    const query = {
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      state: 'state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }
    const response = new OAuth2Server.Response()
    const request = new OAuth2Server.Request({ method: 'GET', headers: {}, query, body: {} })
    await oauth.authorize(request, response, { authenticateHandler: { handle: () => ({ name }) } })
    return response.get('location')
  }

  return {
    origin,
    credentials: (user) =>
      exchangeCode({
        tokenEndpoint: `${origin}/oauth/token`,
        authorize: (challenge) => authorize(user, challenge),
      }),
    sessions: async (user) => sessions(user),
    async endSessions(user) {
      endSessions(user)
      recall(user)
    },
    recall: async (user) => recall(user),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const nodeOAuth2Server: Server = {
  name: '@node-oauth/oauth2-server',
  configuration: 'node-oauth2-server',
  refreshPath: '/oauth/token',
  resourcePath: '/api/me',
  holdsRefreshToken: true,
  start,
}
