/** Bound tokens: DPoP (RFC 9449) for all tabs, with one key for each session. */
// Decisions (ARCHITECTURE.md): D50, D51.

import { createBinding } from './dpop/binding.ts'
import type { Proofs, ProofTerms } from './refresh/proofs.ts'

/**
 * Ties each session to a key that cannot leave the browser, for the option `proofs`: a copied token is of no use elsewhere.
 * The key (ES256) is kept in IndexedDB beside the refresh token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449
 * @throws TypeError where there is no `crypto.subtle`: outside of secure contexts
 */
export function dpop(): Proofs {
  if (!globalThis.crypto?.subtle) throw new TypeError('DPoP needs a secure context: there is no crypto.subtle')
  return (terms: ProofTerms) => createBinding(terms)
}
