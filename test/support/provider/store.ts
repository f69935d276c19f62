// The provider's storage: one Map per provider, nothing evicted (the built-in memory adapter keeps 1,000 entries).

type Payload = Record<string, unknown>

export type StoreFactory = (model: string) => object

/** Creates the `adapter` option of one oidc-provider. */
export function createStore(): StoreFactory {
  const entries = new Map<string, { payload: Payload; expiresAt: number }>()

  const read = (key: string): Payload | undefined => {
    const entry = entries.get(key)
    return entry && entry.expiresAt > Date.now() ? entry.payload : undefined
  }

  const findBy = (prefix: string, field: string, value: string): Payload | undefined => {
    for (const key of entries.keys()) {
      const payload = key.startsWith(prefix) ? read(key) : undefined
      if (payload?.[field] === value) return payload
    }
    return undefined
  }

  return (model) => {
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
        const payload = read(prefix + id)
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
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
}
