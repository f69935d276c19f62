// The provider's storage: one Map per provider, nothing evicted (the built-in memory adapter keeps 1,000 entries).

type Payload = Record<string, unknown>

export interface Store {
  /** The `adapter` option. */
  readonly adapter: (model: string) => object
  /** How many refresh tokens of this account are unspent. */
  sessions(accountId: string): number
  endSessions(accountId: string): void
}

interface Stored {
  readonly payload: Payload
  readonly expiresAt: number
  consumedAt?: number
}

/** Creates the storage of one oidc-provider, which learns of a consumption `grace` seconds later. */
export function createStore(grace = 0): Store {
  const entries = new Map<string, Stored>()

  const read = (key: string): Payload | undefined => {
    const entry = entries.get(key)
    if (!entry || entry.expiresAt <= Date.now()) return undefined
    const { payload, consumedAt } = entry
    if (consumedAt !== undefined && Date.now() >= consumedAt + grace * 1000) {
      payload.consumed = Math.floor(consumedAt / 1000)
    }
    return payload
  }

  const findBy = (prefix: string, field: string, value: string): Payload | undefined => {
    for (const key of entries.keys()) {
      const payload = key.startsWith(prefix) ? read(key) : undefined
      if (payload?.[field] === value) return payload
    }
    return undefined
  }

  const sessionsOf = (accountId: string): string[] =>
    [...entries]
      .filter(([key, { payload }]) => key.startsWith('RefreshToken:') && payload.accountId === accountId)
      .filter(([key, { consumedAt }]) => consumedAt === undefined && read(key))
      .map(([key]) => key)

  const adapter = (model: string): object => {
    const prefix = `${model}:`
    return {
      upsert: async (id: string, payload: Payload, expiresIn?: number) => {
        const expiresAt = expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000
        entries.set(prefix + id, { payload, expiresAt })
      },
      find: async (id: string) => read(prefix + id),
      findByUid: async (uid: string) => findBy(prefix, 'uid', uid),
      findByUserCode: async (userCode: string) => findBy(prefix, 'userCode', userCode),
      consume: async (id: string) => {
        const entry = entries.get(prefix + id)
        if (entry) entry.consumedAt ??= Date.now()
      },
      destroy: async (id: string) => {
        entries.delete(prefix + id)
      },
      revokeByGrantId: async (grantId: string) => {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(prefix) && payload.grantId === grantId) entries.delete(key)
        }
      },
    }
  }

  return {
    adapter,
    sessions: (accountId) => sessionsOf(accountId).length,
    endSessions(accountId) {
      for (const key of sessionsOf(accountId)) entries.delete(key)
    },
  }
}
