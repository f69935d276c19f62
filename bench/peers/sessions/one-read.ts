/** No library: the access token in IndexedDB, read once. Whoever believes only what IndexedDB shows cannot be faster. */

import { get, set } from 'idb-keyval'
import { bearer, type CreateSession } from './session.ts'

export const oneRead: CreateSession = ({ resource }) => {
  let token: string | undefined
  return {
    seed: (tokens) => set('token', tokens.access_token),
    async start() {
      token = await get('token')
    },
    call: async () => {
      token ??= await get('token')
      return (await fetch(resource, bearer(token))).status
    },
  }
}
