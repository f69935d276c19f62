// What each path of the two servers answers.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Control } from './control.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly body: Promise<string>
  readonly control: Control
  readonly denied: boolean
}

type Answer = (exchange: Exchange) => unknown

/** Everything is allowed to everyone, but for the paths that say otherwise. */
function allow({ request, response, url }: Exchange): void {
  const { origin } = request.headers
  const isPreflight = request.method === 'OPTIONS'
  if ((url.searchParams.has('nocors') && !isPreflight) || origin === undefined) return
  const isPlain = url.searchParams.has('star') && !isPreflight
  response.setHeader('Access-Control-Allow-Origin', isPlain ? '*' : origin)
  if (!isPlain) response.setHeader('Access-Control-Allow-Credentials', 'true')
  if (!url.searchParams.has('hidden')) {
    response.setHeader('Access-Control-Expose-Headers', 'X-Exposed, WWW-Authenticate')
  }
  if (!isPreflight) return
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, PROPFIND')
  response.setHeader('Access-Control-Allow-Headers', request.headers['access-control-request-headers'] ?? '')
  response.setHeader('Access-Control-Max-Age', '0')
}

const deny: Answer = async ({ response, body }) => {
  await body
  response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end('denied')
}

const isValid = ({ request, control }: Exchange): boolean =>
  request.headers.authorization === `Bearer token-${control.session.current}`

/** 401 unless the token is the current one; `always` refuses it all the same. */
const api: Answer = async (exchange) => {
  const { response, url, body, control } = exchange
  await body
  if (isValid(exchange) && !url.searchParams.has('always')) return response.end('the resource')
  const challenge = url.searchParams.get('challenge') ?? 'Bearer error="invalid_token"'
  if (challenge) response.setHeader('WWW-Authenticate', challenge)
  response.writeHead(401)
  const id = url.searchParams.get('endless')
  if (!id) return response.end('denied')
  // A body that never ends: whoever does not want it has to cancel it.
  response.write('denied')
  response.on('close', () => control.note(id))
}

/** Tells as JSON what it was asked. */
const things: Answer = async (exchange) => {
  const { request, response, body } = exchange
  const text = await body
  if (!isValid(exchange)) return deny(exchange)
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ method: request.method, type: request.headers['content-type'] ?? null, body: text }))
}

/** Three events, each in a piece of its own. */
const events: Answer = (exchange) => {
  const { response } = exchange
  if (!isValid(exchange)) return deny(exchange)
  response.setHeader('Content-Type', 'text/event-stream')
  const send = (nth: number): unknown =>
    nth > 3 ? response.end() : response.write(`id: ${nth}\nevent: thing\ndata: ${nth}\n\n`, () => send(nth + 1))
  send(1)
}

const refresh: Answer = async ({ request, response, body, control: { session } }) => {
  await body
  session.refreshes++
  if (session.refuses) return response.writeHead(503, { 'Retry-After': '3600' }).end()
  const isMine = /(^|; )refresh=\w+/.test(request.headers.cookie ?? '')
  if (!isMine) return response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error":"invalid_grant"}')
  response.setHeader('Set-Cookie', `refresh=r${session.refreshes}; Path=/auth; HttpOnly; SameSite=Strict`)
  response.setHeader('Content-Type', 'application/json')
  response.end(
    JSON.stringify({ access_token: `token-${session.current}`, token_type: 'Bearer', expires_in: 1_000_000 }),
  )
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/echo': async ({ response, body }) => {
    await body
    response.setHeader('X-Exposed', 'seen')
    response.setHeader('X-Hidden', 'hidden')
    response.setHeader('Content-Type', 'text/plain')
    response.end('echo')
  },
  '/status': async ({ response, url, body }) => {
    await body
    const status = Number(url.searchParams.get('code'))
    response.writeHead(status, 'As Asked')
    response.end(status === 204 || status === 304 ? undefined : `status ${status}`)
  },
  '/redirect': async ({ response, url, body }) => {
    await body
    const code = Number(url.searchParams.get('code') ?? 302)
    response.writeHead(code, { Location: url.searchParams.get('to') ?? '/echo' }).end()
  },
  '/cached': ({ request, response }) => {
    response.setHeader('Cache-Control', 'max-age=3600')
    response.setHeader('ETag', '"one"')
    if (request.headers['if-none-match'] === '"one"') return response.writeHead(304).end()
    response.end('cached')
  },
  '/cookie': ({ response }) => {
    response.setHeader('Set-Cookie', 'given=1; Path=/cookie')
    response.end('cookie')
  },
  '/hold': ({ response, url, control }) => {
    control.hold(url.searchParams.get('id') ?? '', response)
    response.setHeader('Content-Type', url.searchParams.get('type') ?? 'application/octet-stream')
    if (!url.searchParams.has('silent')) response.flushHeaders()
  },
  '/cut': ({ response }) => {
    response.setHeader('Content-Length', '100')
    response.write('only this', () => response.socket?.resetAndDestroy())
  },
  '/gate': ({ response }) => {
    response.setHeader('Set-Cookie', 'refresh=r0; Path=/auth; HttpOnly; SameSite=Strict')
    response.end()
  },
  '/auth/refresh': refresh,
  '/api': api,
  '/things': things,
  '/events': events,
}

export async function answer(exchange: Exchange): Promise<void> {
  const { response, request, url } = exchange
  allow(exchange)
  if (request.method === 'OPTIONS') return void response.writeHead(204).end()
  // Cached answers would make the second of two runs another one.
  response.setHeader('Cache-Control', 'no-store')
  const reply = exchange.denied ? deny : ANSWERS[url.pathname]
  if (reply) await reply(exchange)
  else response.writeHead(404).end('no such path')
}
