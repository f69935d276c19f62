/** The types of a binding: what ties tokens to a key, and makes the requests that show it. */

import type { Entry } from '../core/entry/entry.ts'
import type { Binding, LoginKit, Proof } from '../core/ports.ts'
import type { Outcome } from '../core/responses/outcome.ts'

/** The token that a request is made with, and what it is bound by. */
export interface BoundBearer {
  readonly held: { readonly accessToken: string | undefined } | undefined
  readonly bound: unknown
}

/** An init of our own making. */
export type BoundInit = Omit<RequestInit, 'headers'> & { headers?: string[][] | Record<string, string> }

/** A proof, and what becomes of its answer. */
export interface JudgingProof extends Proof {
  /** What an answer to a refresh with it means, and what the tokens are bound by from now on. */
  judge(
    outcome: Outcome,
    response: Response,
    body: string | undefined,
    claim: Pick<Entry, 'refreshToken' | 'attempt' | 'bound'>,
  ): Promise<Outcome>
}

/** What a binding does beyond the core. */
export interface FetchBinding extends Binding {
  /** Makes a key before a login runs, or takes the one that it has begun with. */
  begin(key?: CryptoKeyPair): Promise<Required<LoginTools> & LoginKit>
  prepare(...entry: Parameters<Binding['prepare']>): Promise<JudgingProof | undefined>
  /** A `fetch` for the authorization server that shows the key. */
  fetch(bound: unknown): typeof fetch | undefined
  /** Sends a request, whose Authorization is set, with its proof, and once more if the server asks for another one. */
  send(target: string | Request, init: BoundInit, bearer: BoundBearer): Promise<Response>
  /** The same, with its nonces and its time, for a token that other addresses may carry. */
  for(allowedAddress: ProofTerms['allowedAddress']): FetchBinding
  /** The headers of one request. */
  headers(bearer: BoundBearer, method: string | undefined, address: string): Promise<Record<string, string>>
}

/** What a binding is made with. */
export interface ProofTerms {
  /** Where refreshes go. */
  readonly endpoint: URL | undefined
  readonly fetch: typeof fetch
  /** The absolute address, if it may carry the token. */
  allowedAddress(url: string): string | undefined
}

/** Makes the binding of one client. */
export type CreateBinding = (terms: ProofTerms) => FetchBinding

/** Makes what ties the tokens of one client to keys; `dpop()` makes this, and only clients call it. */
export type Proofs = (terms: never) => { readonly prepare: unknown }

/** What a login function is given. */
export interface LoginTools {
  /** Adds proofs to requests to the authorization server; undefined without `proofs`. */
  readonly fetch?: typeof fetch
  /** The key of the session that the login begins, which cannot be exported; undefined without `proofs`. */
  readonly key?: CryptoKeyPair
  /** The key's thumbprint, as `dpop_jkt` takes it (RFC 7638, RFC 9449 section 10); undefined without `proofs`. */
  readonly thumbprint?: string
}
