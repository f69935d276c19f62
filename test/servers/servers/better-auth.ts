// better-auth with its OAuth provider, installed in a folder of its own.

import { fileURLToPath } from 'node:url'
import { installPackages } from '../../support/npm.ts'
import { exchangeCode } from '../authorization-code.ts'
import { startServerProcess } from '../processes.ts'
import type { Server } from '../server.ts'

const FOLDER = fileURLToPath(new URL('../better-auth/', import.meta.url))
const TOKEN_PATH = '/api/auth/oauth2/token'

/** Its peers are of many kinds, databases and frameworks; none is needed here. */
export const installBetterAuth = (): void => installPackages(FOLDER)

export const betterAuth: Server = {
  name: 'better-auth',
  configuration: 'better-auth',
  refreshPath: TOKEN_PATH,
  resourcePath: '/api/auth/oauth2/userinfo',
  holdsRefreshToken: true,
  async start(options) {
    const server = await startServerProcess(process.execPath, `${FOLDER}serve.js`, options)
    return {
      ...server,
      credentials: (user) =>
        exchangeCode({
          tokenEndpoint: `${server.origin}${TOKEN_PATH}`,
          authorize: async (challenge) => String((await server.administer('authorize', user, { challenge })).location),
        }),
    }
  },
}
