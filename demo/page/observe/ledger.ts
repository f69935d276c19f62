// Sees the ledger's transactions in IndexedDB, in the task in which each became durable.

import type { Emit, LedgerStep } from './observation.ts'

interface Attempt {
  readonly id: string
  readonly owner: string
  readonly doubt: boolean
  readonly resend: boolean
}

interface Entry {
  readonly epoch: number
  readonly generation: number
  readonly status: string
  readonly reason?: string
  readonly attempt?: Attempt
}

interface Look {
  before?: Entry | undefined
  after?: Entry
}

/** What a write means; undefined for bookkeeping. */
function stepOf(before: Entry | undefined, after: Entry): LedgerStep | undefined {
  if (after.attempt && after.attempt.owner !== before?.attempt?.owner) return 'claim'
  if (after.status === 'signing-in') return 'login'
  if (after.status === 'signed-out') return before?.status === 'signed-out' ? undefined : 'ended'
  if (before?.epoch !== after.epoch || before.status === 'signing-in') return 'signed-in'
  if (after.generation > before.generation) return 'commit'
  if (after.attempt?.doubt && !before.attempt?.doubt) return 'doubt'
  if (before.attempt && !after.attempt) return 'release'
  return undefined
}

export function observeLedger(isOurs: (name: string) => boolean, emit: Emit): void {
  const { get, put } = IDBObjectStore.prototype
  const looks = new WeakMap<IDBTransaction, Look>()

  function tell({ before, after }: Look): void {
    const step = after && stepOf(before, after)
    if (!step) return
    const { generation, attempt, reason } = after
    emit({ kind: 'ledger', step, generation, reason, attempt: attempt?.id, isResend: attempt?.resend === true })
  }

  IDBObjectStore.prototype.get = function (key) {
    const { transaction } = this
    const request = get.call(this, key)
    if (isOurs(transaction.db.name) && transaction.mode === 'readwrite') {
      const look: Look = {}
      looks.set(transaction, look)
      request.addEventListener('success', () => {
        look.before = request.result
      })
      // Added before the client's own listener, so that a claim is seen before its request.
      transaction.addEventListener('complete', () => tell(look))
    }
    return request
  }

  IDBObjectStore.prototype.put = function (value, key) {
    const look = looks.get(this.transaction)
    if (look) look.after = value
    return put.call(this, value, key)
  }
}
