// The authorization server's requests: sign-in by form and by redirect, refresh by cookie, the token endpoint (RFC 6749),
// revocation (RFC 7009); with a proof, tokens are bound to its key (RFC 9449 section 5).

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fault, strikeAfter, strikeBefore } from './faults.ts'
import type { Answer, Grants, Refusal } from './grants.ts'
import { HttpError, invalidRequest, isForeign, readCookie, readForm, readJson, sendJson } from './http.ts'
import { createLoginServer } from './login.ts'
import { type ProofChecker, ProofError } from './proofs.ts'
import type { Custody } from './sessions.ts'
import { type Audience, isAudience } from './tokens.ts'

export interface AuthParts {
  readonly grants: Grants
  readonly proofs: ProofChecker
  readonly faults: Fault[]
  readonly origins: readonly string[]
  readonly closing: AbortSignal
}

export interface AuthServer {
  handle(request: IncomingMessage, response: ServerResponse, path: string): Promise<void>
}

const CLIENT_ID = 'demo'
const PASSWORD = 'demo'
const CUSTODIES: readonly unknown[] = ['cookie', 'client', 'cookie-only']

const refusedProof = (description: string): HttpError =>
  new HttpError(400, { error: 'invalid_dpop_proof', error_description: description })

/** Which API the access token is to be for; decided before the refresh token is looked at (RFC 8707 section 2). */
function audienceIn(form: URLSearchParams): Audience {
  const audience = form.get('audience') ?? 'api'
  if (isAudience(audience)) return audience
  const description = 'no access token is granted for this audience'
  throw new HttpError(400, { error: 'invalid_target', error_description: description })
}

const send = (response: ServerResponse, { body, cookies }: Answer): void =>
  sendJson(response, 200, body, { 'Set-Cookie': cookies })

export function createAuthServer({ grants, proofs, faults, origins, closing }: AuthParts): AuthServer {
  const login = createLoginServer(CLIENT_ID, grants)

  function checkOrigin(request: IncomingMessage): void {
    if (isForeign(request, origins)) throw invalidRequest('this origin is not allowed', 403)
  }

  /** A foreign page can neither send this header without a preflight nor hide where it is. */
  function checkCsrf(request: IncomingMessage): void {
    checkOrigin(request)
    if (request.headers['x-requested-with'] === 'authfetch') return
    throw invalidRequest('"X-Requested-With: authfetch" is missing', 403)
  }

  const keyOf = (request: IncomingMessage): string | undefined =>
    request.headers['idempotency-key'] as string | undefined
  const cookieOf = (request: IncomingMessage): string | undefined => readCookie(request, grants.cookieNames.refresh)

  /** The thumbprint of the key that a request shows, if it shows one. */
  async function provenBy(request: IncomingMessage): Promise<string | undefined> {
    try {
      // A browser may send a request twice by itself, proof and all. Whoever repeats it gets tokens of the same key.
      return await proofs.check(request, { repeatKey: keyOf(request) })
    } catch (error) {
      if (error instanceof ProofError) throw refusedProof(error.message)
      throw error
    }
  }

  function settle(response: ServerResponse, result: Answer | Refusal, refusalStatus: number): void {
    // A refusal leaves the cookie alone: it may be a newer one by the time this arrives.
    if ('refusal' in result) sendJson(response, refusalStatus, result.refusal)
    else if (!strikeAfter(faults, response, result.body, result.cookies)) send(response, result)
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkOrigin(request)
    const { user, password = PASSWORD, device = 'unnamed', custody = 'cookie' } = await readJson(request)
    if (typeof user !== 'string' || !user) throw invalidRequest('"user" is missing')
    if (!CUSTODIES.includes(custody)) throw invalidRequest('"custody" is unknown')
    if (password !== PASSWORD) {
      throw new HttpError(401, { error: 'access_denied', error_description: 'the password is wrong' })
    }
    // Who never gets at the tokens needs no key for them.
    const jkt = custody === 'client' ? await provenBy(request) : undefined
    send(response, await grants.signIn(user, String(device), custody as Custody, jkt))
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request)
    const grantType = form.get('grant_type')
    if (!grantType) throw invalidRequest('"grant_type" is missing')
    const isCode = grantType === 'authorization_code'
    if (!isCode && grantType !== 'refresh_token') throw new HttpError(400, { error: 'unsupported_grant_type' })
    if (form.get('client_id') !== CLIENT_ID) throw new HttpError(400, { error: 'invalid_client' })
    const jkt = await provenBy(request)
    if (isCode) return settle(response, await login.exchange(form, jkt), 400)
    const refreshToken = form.get('refresh_token')
    if (!refreshToken) throw invalidRequest('"refresh_token" is missing')
    if (jkt === undefined && grants.isBound(refreshToken)) {
      throw refusedProof('the refresh token is bound to a key, and the proof is missing')
    }
    const audience = audienceIn(form)
    const idempotencyKey = keyOf(request)
    settle(response, await grants.refresh({ refreshToken, custodies: ['client'], idempotencyKey, jkt, audience }), 400)
  }

  async function refresh(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkCsrf(request)
    // A body says which API the token is for; without one it is the first.
    const audience = audienceIn(request.headers['content-type'] ? await readForm(request) : new URLSearchParams())
    const custodies = ['cookie', 'cookie-only'] as const
    const presented = { refreshToken: cookieOf(request), custodies, idempotencyKey: keyOf(request), audience }
    settle(response, await grants.refresh(presented), 401)
  }

  return {
    async handle(request, response, path) {
      // What the client probes with, to see whether the server can be reached.
      if (request.method === 'HEAD') return void response.writeHead(204).end()
      if (request.method === 'GET' && path === '/oauth/.well-known/openid-configuration')
        return login.describe(request, response)
      if (request.method === 'GET' && path === '/oauth/authorize') return login.authorize(request, response)
      if (request.method !== 'POST') throw new HttpError(405, { error: 'invalid_request' }, { Allow: 'POST' })
      const isRefresh = path === '/auth/refresh' || path === '/oauth/token'
      if (isRefresh && (await strikeBefore(faults, 'refresh', response, closing))) return
      switch (path) {
        case '/auth/sign-in':
          return signIn(request, response)
        case '/auth/refresh':
          return refresh(request, response)
        case '/auth/sign-out':
          checkCsrf(request)
          grants.signOut(cookieOf(request))
          return send(response, { body: {}, cookies: grants.expiredCookies() })
        case '/oauth/authorize':
          checkOrigin(request)
          return login.authorize(request, response)
        case '/oauth/token':
          return token(request, response)
        case '/oauth/revoke': {
          const refreshToken = (await readForm(request)).get('token')
          if (!refreshToken) throw invalidRequest('"token" is missing')
          grants.signOut(refreshToken)
          return sendJson(response, 200, {})
        }
      }
      throw new HttpError(404, { error: 'not_found' })
    },
  }
}
