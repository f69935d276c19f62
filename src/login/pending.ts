/** What must survive the redirect, in IndexedDB by its `state`: any number of sign-ins at once, each taken once. */
// Decisions (ARCHITECTURE.md): D40, D42.

import { promisifyRequest } from 'idb-keyval'
import { LoginError } from './error.ts'

/** A sign-in that has left the page. */
export interface PendingLogin {
  /** The token endpoint. */
  readonly url: string
  /** What it is sent besides the code. */
  readonly form: Readonly<Record<string, string>>
  /** The key of the session, where the client has `proofs`; it cannot be exported. */
  readonly key: CryptoKeyPair | undefined
  readonly nonce: string | undefined
  /** Whether the answer must name its issuer (RFC 9207 section 2.4). */
  readonly iss: boolean | undefined
  readonly returnTo: string
}

/** Each `state` begins with the time of its expiry, so that those which have expired are a range of keys. */
export async function transact<Result>(run: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  try {
    const opening = indexedDB.open('authfetch-login')
    opening.onupgradeneeded = () => opening.result.createObjectStore('logins')
    const database = await promisifyRequest(opening)
    // Durable before the page is left.
    const transaction = database.transaction('logins', 'readwrite', { durability: 'strict' })
    // Once the transaction has ended.
    database.close()
    const store = transaction.objectStore('logins')
    store.delete(IDBKeyRange.upperBound(`${Date.now()}`))
    const request = run(store)
    // A page in the back/forward cache would keep the transaction open.
    transaction.commit()
    await promisifyRequest(transaction)
    return request.result
  } catch (cause) {
    throw new LoginError('storage', { cause })
  }
}
