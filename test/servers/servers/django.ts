// SimpleJWT and django-oauth-toolkit from Debian's packages: one process, with sqlite in a temporary folder.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createDirectory } from '../../support/browser/owned.ts'
import { CLIENT_ID, exchangeCode } from '../authorization-code.ts'
import { type ServerProcess, startServerProcess } from '../processes.ts'
import type { Server, ServerOptions } from '../server.ts'

export const PYTHON = '/usr/bin/python3'
export const DJANGO_PACKAGES = ['python3-djangorestframework-simplejwt', 'python3-django-oauth-toolkit']
const SCRIPT = fileURLToPath(new URL('../django/serve.py', import.meta.url))

export const isDjangoInstalled = (): boolean =>
  spawnSync(PYTHON, ['-c', 'import rest_framework_simplejwt, oauth2_provider']).status === 0

interface DjangoOptions extends ServerOptions {
  /** For how long django-oauth-toolkit replays the answer to a spent refresh token (in seconds). @default 0 */
  readonly grace?: number
}

export async function startDjango({ lifetime, grace = 0 }: DjangoOptions): Promise<ServerProcess> {
  const directory = createDirectory('django')
  const started = startServerProcess(PYTHON, SCRIPT, { directory: directory.path, lifetime, grace })
  const server = await started.catch((error) => {
    directory.remove()
    throw error
  })
  return {
    ...server,
    async close() {
      await server.close()
      directory.remove()
    },
  }
}

export const simpleJwt: Server = {
  name: 'SimpleJWT',
  configuration: 'simplejwt',
  refreshPath: '/api/token/refresh/',
  resourcePath: '/api/me/',
  holdsRefreshToken: true,
  async start(options) {
    const server = await startDjango(options)
    return {
      ...server,
      async credentials(username) {
        await server.administer('create-user', username)
        return { username, password: 'demo' }
      },
    }
  },
}

export const djangoOAuthToolkit = djangoOAuthToolkitWith({})

export function djangoOAuthToolkitWith(terms: Pick<DjangoOptions, 'grace'>): Server {
  return {
    name: 'django-oauth-toolkit',
    configuration: 'django-oauth-toolkit',
    refreshPath: '/oauth/token/',
    resourcePath: '/oauth-api/me/',
    holdsRefreshToken: true,
    revokesAtRefresh: true,
    async start(options) {
      const server = await startDjango({ ...options, ...terms })
      return {
        ...server,
        async credentials(user) {
          await server.administer('create-user', user)
          return await exchangeCode({
            tokenEndpoint: `${server.origin}/oauth/token/`,
            authorize: async (challenge) =>
              String((await server.administer('authorize', user, { challenge, client: CLIENT_ID })).location),
          })
        },
      }
    },
  }
}
