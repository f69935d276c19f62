// A page of `https://app.example` with an address, a history and IndexedDB, and an authorization server that is a function.

import { createHash } from 'node:crypto'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, vi } from 'vitest'
import { createLogin, type Login, type LoginOptions } from '../../../src/login.ts'
import { createScene, jwt, type Scene, type SceneOptions } from '../harness.ts'

export const APP = 'https://app.example'
export const ISSUER = 'https://id.example'
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`

export const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  pushed_authorization_request_endpoint: `${ISSUER}/par`,
  end_session_endpoint: `${ISSUER}/logout`,
  authorization_response_iss_parameter_supported: true,
}

afterEach(() => {
  vi.unstubAllGlobals()
})

export interface Page {
  /** The address; set it to open another one. */
  href: string
  /** Where the page was told to go. */
  readonly left: URL[]
  /** What the address was replaced by, in order. */
  readonly replaced: string[]
}

/** Tabs share what IndexedDB holds. */
export function openPage(path = '/', factory: IDBFactory = new IDBFactory()): Page {
  let url = new URL(path, APP)
  const page: Page = {
    get href() {
      return url.href
    },
    set href(address) {
      url = new URL(address, url)
    },
    left: [],
    replaced: [],
  }
  const location = {
    get href() {
      return url.href
    },
    get origin() {
      return url.origin
    },
    get pathname() {
      return url.pathname
    },
    get search() {
      return url.search
    },
    assign: (address: string | URL) => void page.left.push(new URL(address, url)),
  }
  const replaceState = (_: unknown, __: string, address: string | URL): void => {
    page.href = String(address)
    page.replaced.push(page.href)
  }
  vi.stubGlobal('location', location)
  vi.stubGlobal('history', { state: null, replaceState })
  vi.stubGlobal('indexedDB', factory)
  vi.stubGlobal('IDBKeyRange', IDBKeyRange)
  return page
}

export interface Asked {
  readonly url: string
  readonly form: Record<string, string>
}

export interface AuthorizationServer {
  readonly asked: Asked[]
  metadata: object
  /** Claims of the ID token of the next exchange; undefined for none. */
  idToken: Record<string, unknown> | undefined
  answer: (asked: Asked) => Response | Promise<Response> | undefined
  readonly fetch: typeof fetch
}

export function createAuthorizationServer(): AuthorizationServer {
  const server: AuthorizationServer = {
    asked: [],
    metadata: METADATA,
    idToken: undefined,
    answer: () => undefined,
    async fetch(input, init) {
      const request = new Request(input, init)
      const asked: Asked = {
        url: request.url,
        form: Object.fromEntries(new URLSearchParams(await request.text())),
      }
      server.asked.push(asked)
      const given = await server.answer(asked)
      if (given) return given
      if (request.url === DISCOVERY) return Response.json(server.metadata)
      if (request.url.endsWith('/par')) return Response.json({ request_uri: 'urn:request:1' }, { status: 201 })
      const id_token = server.idToken && jwt(server.idToken)
      return Response.json({ access_token: 'opaque', refresh_token: 'refresh-1', expires_in: 3600, id_token })
    },
  }
  return server
}

export interface LoginScene extends Scene {
  readonly page: Page
  readonly login: Login
  readonly as: AuthorizationServer
  /** Starts a sign-in, and resolves with its request. */
  begin(options?: Parameters<Login['start']>[0]): Promise<Record<string, string>>
  /** Opens the page that the server sends the user back to. */
  comeBack(answer: Record<string, string>): void
  /** All of it, from the start to the session. */
  signIn(claims?: Record<string, unknown>): Promise<string | undefined>
}

export interface LoginSceneOptions extends Partial<LoginOptions> {
  readonly client?: SceneOptions
  readonly page?: Page
}

export function createLoginScene({
  client,
  page = openPage('/orders?page=2#top'),
  ...options
}: LoginSceneOptions = {}): LoginScene {
  const as = createAuthorizationServer()
  const scene = createScene(client)
  const login = createLogin(scene.auth, {
    issuer: ISSUER,
    clientId: 'spa',
    redirectUri: '/callback',
    scope: 'openid offline_access',
    fetch: (input, init) => as.fetch(input, init),
    ...options,
  })
  const loginScene: LoginScene = {
    ...scene,
    page,
    login,
    as,
    async begin(startOptions) {
      await login.start(startOptions)
      return Object.fromEntries(page.left.at(-1)?.searchParams ?? [])
    },
    comeBack(answer) {
      page.href = `${APP}/callback?${new URLSearchParams(answer)}`
    },
    async signIn(claims) {
      const { state = '', nonce } = await loginScene.begin()
      as.idToken = claims && { ...idTokenClaims(nonce), ...claims }
      loginScene.comeBack({ code: 'code-1', state, iss: ISSUER })
      return login.finish()
    },
  }
  return loginScene
}

export function idTokenClaims(nonce: string | undefined): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1000)
  return { iss: ISSUER, sub: 'alice', aud: 'spa', iat, exp: iat + 300, ...(nonce && { nonce }) }
}

/** The `code_challenge` of a `code_verifier` (RFC 7636 section 4.2). */
export const challengeOf = (verifier = ''): string => createHash('sha256').update(verifier).digest('base64url')

/** What was asked of the token endpoint. */
export const exchanges = ({ as }: LoginScene): Record<string, string>[] =>
  as.asked.filter(({ url }) => url === METADATA.token_endpoint).map(({ form }) => form)
