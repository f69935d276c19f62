/** The binding of one client: what its entry is bound by, the proofs of its refreshes, and what answers say of them. */
// Decisions (ARCHITECTURE.md): D50, D51, D52.

import { check, TokenResponseError } from '../core/errors.ts'
import { answered, type Outcome, parseObject } from '../core/responses/outcome.ts'
import { decodeClaims, type TokenResponse } from '../core/responses/tokens.ts'
import { baseUrl, pageOrigin } from '../platform/page.ts'
import type { FetchBinding, JudgingProof, ProofTerms } from '../refresh/proofs.ts'
import { createNonces, nonceOf } from './nonces.ts'
import { type Bound, checkKey, createProver, htmOf, htuOf, type Prover } from './prove.ts'
import { createSend, TOLERANCE } from './send.ts'

/** How long the page's own server may take to tell the time (in milliseconds). */
const ASKING = 5_000

export function createBinding(
  { endpoint, fetch, allowedAddress }: ProofTerms,
  prover: Prover = createProver(),
): FetchBinding {
  check(endpoint, 'refresh', 'a function with an "endpoint", where there are "proofs"')
  const nonces = createNonces()
  const htu = htuOf(endpoint.href)
  const clock: { skew: number | undefined } = { skew: undefined }
  /** The newest nonce of the token endpoint, for a session that begins. */
  let latest: string | undefined
  const sendTo = (allowed: typeof allowedAddress): FetchBinding['send'] =>
    createSend({ fetch, allowedAddress: allowed, prover, nonces, clock })

  /** The time by the server, where its answer tells. */
  const dateOf = (response: Response): number => Date.parse(response.headers.get('date') ?? '')

  /** The skew by the page's own server, which tells the time in any case. */
  async function askSkew(): Promise<number> {
    const init = { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(ASKING) } as const
    const response = await fetch(`${pageOrigin()}/`, init).catch(() => undefined)
    return response ? dateOf(response) - Date.now() : Number.NaN
  }

  /** What an answer of the token endpoint teaches. */
  function learn(bound: Bound, response: Response, accessToken?: string): Bound {
    const { iat = Number.NaN } = decodeClaims(accessToken) ?? {}
    const servedAt = dateOf(response) || iat * 1000
    const skew = servedAt ? servedAt - Date.now() : bound.skew
    if (servedAt) clock.skew = servedAt - Date.now()
    latest = nonceOf(response) ?? bound.nonce
    return { ...bound, nonce: latest, skew }
  }

  /** A `fetch` for the authorization server, whose nonces it keeps to itself. */
  function fetchBy(read: () => Bound, write: (bound: Bound) => void): typeof globalThis.fetch {
    return async (input, init) => {
      const isRequest = input instanceof Request
      const url = new URL(isRequest ? input.url : input, baseUrl())
      if (url.origin !== endpoint?.origin) return fetch(input, init)
      const htm = htmOf(init?.method ?? (isRequest ? input.method : 'GET'))
      for (let isAgain = false; ; isAgain = true) {
        const { key, nonce, skew = clock.skew } = read()
        const proof = await prover.prove(key, { htm, htu: htuOf(url.href), nonce, skew })
        const headers = new Headers(init?.headers ?? (isRequest ? input.headers : undefined))
        headers.set('DPoP', proof)
        const response = await fetch(isRequest ? input.clone() : url, { ...init, headers })
        write(learn(read(), response))
        const isRefused = response.status < 500 && !response.ok && read().nonce !== nonce
        if (isAgain || !isRefused || !(await asksForNonce(response.clone()))) return response
      }
    }
  }

  /** What an answer means that came to a proof made with `prepared`, after proofs that were refused for `reasons`. */
  async function judge(
    prepared: Bound,
    reasons: readonly string[],
    ...[outcome, response, body, { refreshToken, attempt, bound: claimed }]: Parameters<JudgingProof['judge']>
  ): Promise<Outcome> {
    // Another tab may have learned more between the proof and the claim.
    const used = { ...(claimed as Bound), ...prepared }
    const accessToken = outcome.kind === 'granted' ? outcome.tokens?.accessToken : undefined
    let bound = learn(used, response, accessToken)
    if (outcome.kind === 'granted') {
      const { refreshToken: next = refreshToken } = outcome.tokens ?? {}
      return { ...outcome, bound: { ...bound, rotates: next !== refreshToken } }
    }
    const refuse = (
      reason: string,
      isRepeated: boolean,
      message = `${answered(response.status)}, ${reason}`,
    ): Outcome => ({
      kind: 'refused',
      error: new TokenResponseError(message),
      again: isRepeated && !reasons.includes(reason) && [...reasons, reason],
      bound,
    })
    const error = response.status < 500 ? parseObject(body ?? '')?.error : undefined
    if (error === 'use_dpop_nonce') {
      const isReadable = nonceOf(response) !== undefined
      return isReadable
        ? refuse(error, bound.nonce !== used.nonce)
        : refuse(error, false, 'the header "DPoP-Nonce" must be exposed to this origin (CORS)')
    }
    // Keycloak has no code of its own for a proof from another time.
    const isUnclear = error === 'invalid_request' && response.status === 400 && used.skew === undefined
    if (error === 'invalid_dpop_proof' || isUnclear) {
      // A verdict on a proof is none on the session: most likely a clock is wrong.
      const skew = dateOf(response) ? (bound.skew as number) : await askSkew()
      if (Number.isFinite(skew)) {
        clock.skew = skew
        bound = { ...bound, skew }
      }
      return refuse(String(error), Math.abs((clock.skew ?? 0) - (used.skew ?? 0)) > TOLERANCE)
    }
    // The browser may have sent the request twice, so that the verdict is on the copy (RFC 9449 section 11.1). Where the
    // refresh token does not rotate, a second request cannot be a reuse.
    if (outcome.kind === 'rejected' && used.rotates === false && !attempt?.resend && !reasons.includes('invalid_grant'))
      return refuse('invalid_grant', true)
    return outcome.kind === 'rejected' ? outcome : { ...outcome, bound }
  }

  const binding: FetchBinding = {
    async prepare(entry, refusals = []) {
      if (!entry?.bound) return undefined
      const bound = entry.bound as Bound
      const { key, nonce, skew = clock.skew } = bound
      const proof = await prover.prove(key, { htm: 'POST', htu, nonce, skew })
      return { proof, judge: (...answer) => judge({ ...bound, skew }, refusals as readonly string[], ...answer) }
    },

    async begin(given) {
      const key = given ?? (await prover.createKey())
      let bound: Bound = { key, nonce: latest }
      const write = (next: Bound): void => {
        bound = next
      }
      return {
        key,
        thumbprint: await prover.thumbprint(key),
        fetch: fetchBy(() => bound, write),
        bound: () => bound,
      }
    },

    bind({ key, token_type }: TokenResponse, kit) {
      if (key) return { key: checkKey(key), nonce: latest } satisfies Bound
      const bound = kit?.bound()
      if (!bound && /^dpop$/i.test(`${token_type}`)) throw new TokenResponseError('"key" is missing')
      return bound
    },

    fetch(given) {
      if (!given) return undefined
      let bound = given as Bound
      return fetchBy(
        () => bound,
        (next) => {
          bound = next
        },
      )
    },

    tell: nonces.share,
    hear: nonces.hear,
    send: sendTo(allowedAddress),
    for: (allowed) => ({ ...binding, send: sendTo(allowed) }),

    async headers({ held, bound }, method = 'GET', address) {
      const { key } = bound as Bound
      const { accessToken } = held as { readonly accessToken: string }
      const nonce = nonces.get(new URL(address).origin)
      const terms = { htm: htmOf(method), htu: htuOf(address), nonce, accessToken, skew: clock.skew }
      return { Authorization: `DPoP ${accessToken}`, DPoP: await prover.prove(key, terms) }
    },
  }
  return binding
}

/** Whether an answer refuses a proof for its nonce. */
async function asksForNonce(response: Response): Promise<boolean> {
  return parseObject(await response.text().catch(() => ''))?.error === 'use_dpop_nonce'
}
