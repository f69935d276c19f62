/** Sending a request with a bound access token: with a proof, and with another one where the server asks for it. */
// Decisions (ARCHITECTURE.md): D53.

import { RefreshUnavailableError } from '../core/errors.ts'
import { baseUrl } from '../platform/page.ts'
import type { BoundInit, FetchBinding, ProofTerms } from '../refresh/proofs.ts'
import { type Nonces, nonceOf } from './nonces.ts'
import { type Bound, htmOf, htuOf, type Prover } from './prove.ts'

export interface SendParts extends Pick<ProofTerms, 'fetch' | 'allowedAddress'> {
  readonly prover: Prover
  readonly nonces: Nonces
  /** Server time minus local time (in milliseconds). */
  readonly clock: { skew: number | undefined }
}

/** How far the clocks may differ before a refused proof is made anew (in milliseconds). */
export const TOLERANCE = 5_000

const cancel = ({ body }: Response | Request): void => {
  body?.cancel().catch(() => {
    // A body that cannot be cancelled any more is no problem.
  })
}

/** What is read once. */
const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)

export function createSend(parts: SendParts): FetchBinding['send'] {
  const { fetch, allowedAddress, prover, nonces, clock } = parts
  // Captured here, so that what a page patches later sees no token.
  const { Request, URL, setTimeout } = globalThis

  /** Whether another proof may help: the server has told its nonce, or its time. */
  function wantedBy(response: Response, nonce: string | undefined, skew = 0): 'nonce' | 'clock' | undefined {
    const { status, headers } = response
    const challenge = headers.get('www-authenticate')
    const news = nonceOf(response)
    const asks = challenge === null ? status === 401 : /\buse_dpop_nonce\b/.test(challenge)
    if (news !== undefined && news !== nonce && asks) return 'nonce'
    const now = Date.parse(headers.get('date') ?? '') - Date.now()
    if (!/\binvalid_dpop_proof\b/.test(challenge ?? '') || !(Math.abs(now - skew) > TOLERANCE)) return undefined
    clock.skew = now
    return 'clock'
  }

  return async (target, init, { bound, held }) => {
    // Without a shared ledger, the key stays in the tab that has signed in.
    if (!bound) throw new RefreshUnavailableError('the key of this session is in another tab')
    const { key } = bound as Bound
    const accessToken = held?.accessToken as string
    // Before the first `await`: the base of the page and the bytes of a buffer may change.
    const address = typeof target === 'string' ? new URL(target, baseUrl()).href : target.url
    const isOnce = isStream(init.body)
    const isFixed = isOnce || typeof (init.body ?? '') === 'string'
    let own = isFixed ? target : new Request(target, init as RequestInit)
    const members = isFixed ? init : ({} as BoundInit)
    const { headers, method = typeof own === 'string' ? 'GET' : own.method } = members
    const htm = htmOf(method)
    const isBodiless = htm === 'GET' || htm === 'HEAD'
    const keepalive = init.keepalive ?? (typeof own === 'string' ? false : own.keepalive)
    const tried = new Set<string>()
    let spare: Request | undefined

    function send(proof: string): Promise<Response> {
      if (typeof own !== 'string') {
        // Firefox does not tell whether a Request has a body. One that the init replaces may have been read.
        if (!isBodiless && (members.body ?? null) === null) spare = own.clone()
        if (!headers) {
          own.headers.set('DPoP', proof)
          return fetch(own, members as RequestInit)
        }
      }
      const added = Array.isArray(headers) ? [...headers, ['DPoP', proof]] : { ...headers, DPoP: proof }
      const all: BoundInit = Object.assign(Object.create(Object.getPrototypeOf(members)), members, { headers: added })
      return fetch(typeof own === 'string' ? address : own, all as RequestInit)
    }

    try {
      for (;;) {
        const { origin } = new URL(address)
        const nonce = nonces.get(origin)
        const { skew } = clock
        const response = await send(await prover.prove(key, { htm, htu: htuOf(address), nonce, accessToken, skew }))
        const { redirected, status, url } = response
        const isRefused = status === 401 || status === 400
        learn(response, origin)
        const wanted = isRefused && !redirected && !isOnce && wantedBy(response, nonce, skew)
        if (wanted && !tried.has(wanted)) {
          tried.add(wanted)
          cancel(response)
          // A cancelled answer counts in the keepalive quota until the next task.
          if (keepalive) await new Promise((resolve) => setTimeout(resolve))
          own = spare ?? own
          continue
        }
        // The browser sends the proof on, which was for another address, and holds no secret.
        const moved = redirected && status === 401 && isBodiless ? allowedAddress(url) : undefined
        return moved === undefined ? response : await follow(response, moved)
      }
    } finally {
      if (spare && spare !== own) cancel(spare)
    }

    function learn(response: Response, origin: string): void {
      const nonce = nonceOf(response)
      if (nonce) nonces.set(response.redirected ? new URL(response.url).origin : origin, nonce)
    }

    /** Asks the target of a redirect, once, with a proof for it. */
    async function follow(refused: Response, moved: string): Promise<Response> {
      const { origin } = new URL(moved)
      const { skew } = clock
      const proof = await prover.prove(key, { htm, htu: htuOf(moved), nonce: nonces.get(origin), accessToken, skew })
      cancel(refused)
      const request = new Request(moved, typeof own === 'string' ? (members as RequestInit) : own)
      request.headers.set('Authorization', `DPoP ${accessToken}`)
      request.headers.set('DPoP', proof)
      const response = await fetch(request)
      learn(response, origin)
      return response
    }
  }
}
