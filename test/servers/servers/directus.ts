// A stub that answers as Directus 11.3 does, in cookie and in json mode: the package itself is half a gigabyte.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import type { RunningServer, Server, ServerOptions } from '../server.ts'

type Mode = 'cookie' | 'json'

interface Session {
  readonly user: string
}

interface Answer {
  readonly status: number
  readonly body?: unknown
  /** The next refresh token, where it goes into the cookie; empty where the cookie is deleted. */
  readonly cookie?: string
}

const COOKIE = 'directus_refresh_token'

const refused = (status: number, code: string, message: string): Answer => ({
  status,
  body: { errors: [{ message, extensions: { code } }] },
})

const UNNAMED = refused(401, 'INVALID_CREDENTIALS', 'Invalid user credentials.')
const EXPIRED = refused(401, 'TOKEN_EXPIRED', 'Token expired.')
const FOREIGN = refused(403, 'INVALID_TOKEN', 'Invalid token.')
const LACKING = refused(
  400,
  'INVALID_PAYLOAD',
  'Invalid payload. The refresh token is required in either the payload or cookie.',
)

async function start({ lifetime }: ServerOptions): Promise<RunningServer> {
  const secret = new TextEncoder().encode(randomUUID())
  const refreshTokens = new Map<string, Session>()
  /** Two of one second are identical, as they are there. */
  const accessTokens = new Map<string, { readonly user: string; expiresAt: number }>()

  async function grant(user: string, mode: Mode): Promise<Answer> {
    const refreshToken = randomUUID()
    refreshTokens.set(refreshToken, { user })
    const accessToken = await new SignJWT({ id: user, role: 'editor', app_access: true })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .setExpirationTime(`${lifetime} s`)
      .setIssuer('directus')
      .sign(secret)
    accessTokens.set(accessToken, { user, expiresAt: Date.now() + lifetime * 1000 })
    const data = { access_token: accessToken, expires: lifetime * 1000 }
    if (mode === 'cookie') return { status: 200, body: { data }, cookie: refreshToken }
    return { status: 200, body: { data: { ...data, refresh_token: refreshToken } } }
  }

  function me(authorization = ''): Answer {
    const token = /^Bearer (.+)$/.exec(authorization)?.[1]
    if (!token) return UNNAMED
    const found = accessTokens.get(token)
    if (!found) return FOREIGN
    return found.expiresAt > Date.now() ? { status: 200, body: { data: { id: found.user } } } : EXPIRED
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method, url, headers } = request
    if (method === 'GET' && url === '/users/me') return me(headers.authorization)
    let text = ''
    for await (const chunk of request) text += chunk
    const body: Readonly<Record<string, string | undefined>> = text ? JSON.parse(text) : {}
    const given = body.refresh_token ?? new RegExp(`${COOKIE}=([^;]+)`).exec(headers.cookie ?? '')?.[1]
    const mode: Mode = body.mode === 'json' || (!body.mode && body.refresh_token) ? 'json' : 'cookie'
    if (method === 'POST' && url === '/auth/login') {
      if (!body.email || body.password !== 'demo') return UNNAMED
      return await grant(body.email, body.mode === 'cookie' ? 'cookie' : 'json')
    }
    if (method !== 'POST' || !(url === '/auth/refresh' || url === '/auth/logout'))
      return refused(404, 'ROUTE_NOT_FOUND', `Route ${url} doesn't exist.`)
    if (!given) return LACKING
    const session = refreshTokens.get(given)
    refreshTokens.delete(given)
    if (url === '/auth/logout') return { status: 204, ...(mode === 'cookie' && { cookie: '' }) }
    return session ? await grant(session.user, mode) : UNNAMED
  }

  const server = createServer(async (request, response) => {
    const { status, body, cookie } = await answer(request)
    response.writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      ...(cookie !== undefined && {
        'Set-Cookie': `${COOKIE}=${cookie}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${cookie ? 604_800 : 0}`,
      }),
    })
    response.end(body && JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))

  async function recall(name: string): Promise<void> {
    for (const token of accessTokens.values()) if (token.user === name) token.expiresAt = 0
  }

  const sessionsOf = (name: string): string[] =>
    [...refreshTokens].filter(([, { user }]) => user === name).map(([token]) => token)

  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    credentials: async (username) => ({ username, password: 'demo' }),
    sessions: async (user) => sessionsOf(user).length,
    async endSessions(user) {
      for (const token of sessionsOf(user)) refreshTokens.delete(token)
      await recall(user)
    },
    recall,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const common = { refreshPath: '/auth/refresh', resourcePath: '/users/me', start }

export const directusCookie: Server = {
  ...common,
  name: 'Directus, cookie mode (stub)',
  configuration: 'directus-cookie',
  holdsRefreshToken: false,
}

export const directusJson: Server = {
  ...common,
  name: 'Directus, json mode (stub)',
  configuration: 'directus-json',
  holdsRefreshToken: true,
}
