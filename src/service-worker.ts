/** `keepAnswers`: an application's service worker keeps the answers to refreshes whose page is gone. */
// Decisions (ARCHITECTURE.md): D45, D47, D59.

import { withoutDenial } from './audiences/answers.ts'
import { check, checkNames } from './core/errors.ts'
import { type AnswerKeeper, createAnswerKeeper } from './core/protocol/answer-keeper.ts'
import { createBrowserPlatform } from './platform/browser.ts'
import { checkString, ownMembers, resolveEndpoint } from './refresh/request.ts'
import { createTransport, type ReadResponse, type Refresh } from './refresh/transport.ts'

/** What a service worker must know of the clients. */
export interface KeepAnswersOptions {
  /** Where the clients refresh: absolute, or relative to the worker's script. */
  readonly tokenEndpoint: string | URL
  /**
   * The `name` of the clients.
   *
   * @default 'authfetch'
   */
  readonly name?: string
  /**
   * Reads answers of another shape, as the clients do; see {@link ReadResponse}.
   *
   * @default token responses (RFC 6749 section 5.1)
   */
  readonly read?: ReadResponse
}

/** What is used of a `FetchEvent`, whose type the library for pages lacks. */
interface RequestEvent extends Event {
  readonly request: Request
  respondWith(response: Promise<Response>): void
  waitUntil(work: Promise<unknown>): void
}

/** How long an answer is waited for (in milliseconds): a little longer than pages do by default. */
const PATIENCE = 35_000

/**
 * Keeps the answers to the refreshes of clients that hold their refresh token: if a page is gone before its answer has
 * come, the service worker writes it to the ledger and tells the other tabs. Call it at the top of the worker's script,
 * before other handlers of `fetch` are added; all other requests are theirs.
 *
 * @throws TypeError when an option is missing, unknown or of the wrong type, or when this is no service worker
 */
export function keepAnswers(options: KeepAnswersOptions): void {
  check(typeof options === 'object' && options !== null, 'options', 'an object')
  const { tokenEndpoint, name = 'authfetch', read, ...unknown } = ownMembers(options)
  checkNames(unknown)
  const endpoint = resolveEndpoint(tokenEndpoint, 'tokenEndpoint')
  checkString(name, 'name')
  check(read === undefined || typeof read === 'function', 'read', 'a function')
  check('ServiceWorkerGlobalScope' in globalThis, 'keepAnswers', 'called in a service worker')
  const { fetch } = globalThis
  const platform = createBrowserPlatform(name, {})
  const keeper = createAnswerKeeper(platform)

  /** Reads a copy of the answer as the page does. */
  function keep(body: Promise<string>, answer: Promise<Response>): ReturnType<AnswerKeeper['keep']> {
    const refresh: Refresh = Object.assign(() => withoutDenial(answer), { endpoint, holdsRefreshToken: true, read })
    const transport = createTransport({ refresh, onSignOut: undefined, refreshTimeout: PATIENCE, fetch }, platform)
    const outcome = transport.send({ refreshToken: '' })
    return body.then((text) => keeper.keep((refreshToken) => isSentIn(text, refreshToken), outcome))
  }

  addEventListener('fetch', (fired) => {
    const event = fired as RequestEvent
    const { request } = event
    if (request.method !== 'POST' || request.url !== endpoint.href) return
    const { referrer, referrerPolicy } = request
    const body = request.clone().text()
    // As it is, but without the signal of its page, which is aborted when the page leaves.
    const answer = fetch(new Request(request, { signal: null, referrer, referrerPolicy }))
    const copy = answer.then((response) => response.clone())
    event.respondWith(answer)
    // Where it fails, the page and its successors are where they would be without a worker.
    event.waitUntil(keep(body, copy).catch(() => undefined))
  })
}

/** Whether a refresh token is in a body: of a form (RFC 6749 section 6), or of JSON. */
function isSentIn(body: string, refreshToken: string): boolean {
  return new URLSearchParams(body).get('refresh_token') === refreshToken || body.includes(JSON.stringify(refreshToken))
}
