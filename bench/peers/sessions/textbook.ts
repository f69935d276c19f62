/** The textbook's recipe, as the demo has it. */

import { createTextbook } from '../../../demo/textbook/textbook.ts'
import type { CreateSession } from './session.ts'

export const textbook: CreateSession = ({ tokenEndpoint, clientId, resource }) => {
  const { fetchWithToken, keep } = createTextbook({ tokenEndpoint, clientId })
  return {
    seed: async (tokens) => void keep(tokens),
    async start() {},
    call: async () => (await fetchWithToken(resource)).status,
  }
}
