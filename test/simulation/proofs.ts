// Bound tokens in a schedule: the real binding, with keys and proofs that are words, and a signature that takes time.

import { createBinding } from '../../src/dpop/binding.ts'
import type { Prover } from '../../src/dpop/prove.ts'
import type { Proofs, ProofTerms } from '../../src/refresh/proofs.ts'
import type { Actor, World } from './world.ts'

/** Whether a refresh leaves the refresh token as it was. */
export type Bound = 'rotates' | 'stays'

/** What a proof says here. */
export interface Proof {
  readonly jti: number
  readonly key: number
  readonly nonce: string | undefined
}

/** A key pair by its looks. */
export interface Key {
  readonly id: number
  readonly privateKey: object
  readonly publicKey: object
}

export const createKey = (id: number): Key => ({
  id,
  privateKey: { extractable: false, algorithm: { namedCurve: 'P-256' } },
  publicKey: { extractable: true },
})

export const readProof = (proof: string | undefined): Proof | undefined => proof && JSON.parse(proof)

let jti = 0

export function createProofs(world: World, actor: Actor): Proofs {
  const prover: Prover = {
    createKey: () => Promise.reject(new Error('the server makes the keys')),
    thumbprint: () => Promise.resolve(''),
    prove: (key, { nonce, accessToken }) =>
      new Promise((resolve) => {
        // A call goes with the token that it was signed for, even if a newer one comes meanwhile: then its 401 mends it.
        if (accessToken) return resolve('{}')
        const wait = world.isHostile ? ([0, 1, 30][world.choose(3)] as number) : 0
        const { id } = key as unknown as Key
        world.after(wait, actor, 'signed', () =>
          resolve(JSON.stringify({ jti: jti++, key: id, nonce } satisfies Proof)),
        )
      }),
  }
  return (terms: ProofTerms) => createBinding(terms, prover)
}
