/** The newest nonce of each resource server, by origin (RFC 9449 section 9). */

export interface Nonces {
  get(origin: string): string | undefined
  set(origin: string, nonce: string): void
  /** What a new tab needs, so that its first request is not refused. */
  share(): unknown
  /** Takes over what another tab shares, where nothing is known. */
  hear(shared: unknown): void
}

/** How many origins are remembered, and how many are told to other tabs. */
const MOST = 100
const SHARED = 16

/** The characters of a nonce (RFC 9449 section 8.1). */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** The nonce that an answer brings, where it can be read. */
export function nonceOf({ headers }: Response): string | undefined {
  const nonce = headers.get('dpop-nonce')
  return nonce && NONCE.test(nonce) ? nonce : undefined
}

export function createNonces(): Nonces {
  const known = new Map<string, string>()

  function set(origin: string, nonce: string): void {
    if (known.get(origin) === nonce) return
    // The newest is the last, and the oldest is forgotten first.
    known.delete(origin)
    known.set(origin, nonce)
    const [oldest] = known.keys()
    if (known.size > MOST) known.delete(oldest as string)
  }

  return {
    get: (origin) => known.get(origin),
    set,
    share: () => [...known].slice(-SHARED),
    hear(shared) {
      if (!Array.isArray(shared)) return
      for (const [origin, nonce] of shared.slice(0, SHARED).filter(Array.isArray)) {
        if (typeof origin === 'string' && !known.has(origin) && typeof nonce === 'string' && NONCE.test(nonce))
          set(origin, nonce)
      }
    },
  }
}
