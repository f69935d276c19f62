// Sees the requests beside those of the recorder, and can take this page off the network.

import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose'
import { type Emit, nextId, type RequestKind } from '../../../src/devtools/observation.ts'
import { now } from '../../../src/devtools/time.ts'

/** A proof of possession (RFC 9449 section 4.2), decoded. It holds no token and no private key. */
export interface SeenProof {
  readonly header: ProtectedHeaderParameters
  readonly claims: JWTPayload
}

export interface Wire {
  /** Of the last call of the API, if it had one. */
  readonly lastProof: SeenProof | undefined
  /** How far the server's clock is ahead of this machine's (in milliseconds), by the `Date` of its last answer. */
  readonly serverAhead: number | undefined
  readonly isOffline: boolean
  /** Requests fail, and `navigator.onLine` and its events say so. */
  setOffline(isOffline: boolean): void
}

const KINDS: Readonly<Record<string, RequestKind>> = {
  '/auth/sign-in': 'sign-in',
  '/auth/sign-out': 'sign-out',
  '/oauth/revoke': 'sign-out',
}

function kindOf(path: string): RequestKind | undefined {
  return /^\/(api|reports)\//.test(path) ? 'api' : KINDS[path]
}

export function observeWire(emit: Emit): Wire {
  const native = globalThis.fetch.bind(globalThis)
  let serverAhead: number | undefined
  let isOffline = false
  let lastProof: SeenProof | undefined

  async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    if (isOffline) throw new TypeError('Failed to fetch')
    const response = await native(input, init)
    const date = Date.parse(response.headers.get('date') ?? '')
    // `Date` is in whole seconds: half of one is the best guess.
    if (date) serverAhead = date + 500 - now()
    return response
  }

  globalThis.fetch = (input, init) => {
    const isRequest = input instanceof Request
    const url = URL.parse(isRequest ? input.url : String(input), location.href)
    // What is no URL rejects as ever.
    if (!url) return native(input, init)
    const { pathname: path, origin } = url
    const isCode = init?.body instanceof URLSearchParams && init.body.has('code')
    const request = origin !== location.origin ? undefined : isCode ? 'sign-in' : kindOf(path)
    if (!request) return send(input, init)
    if (request === 'api') {
      const proof = new Headers(init?.headers ?? (isRequest ? input.headers : undefined)).get('DPoP')
      lastProof = proof === null ? undefined : { header: decodeProtectedHeader(proof), claims: decodeJwt(proof) }
    }
    const sight = { kind: 'wire', id: nextId(), request, path } as const
    emit({ ...sight, step: 'sent' })
    const answer = send(input, init)
    answer.then(
      ({ status }) => emit({ ...sight, step: 'answered', status }),
      () => emit({ ...sight, step: 'failed' }),
    )
    return answer
  }

  return {
    get serverAhead() {
      return serverAhead
    },
    get lastProof() {
      return lastProof
    },
    get isOffline() {
      return isOffline
    },
    setOffline(value) {
      isOffline = value
      if (value) Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })
      else Reflect.deleteProperty(navigator, 'onLine')
      emit({ kind: 'page', step: value ? 'offline' : 'online' })
      dispatchEvent(new Event(value ? 'offline' : 'online'))
    },
  }
}
