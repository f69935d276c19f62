// The servers, in the order of the table, and what the heavier ones need.

import { aptInstall } from '../support/apt.ts'
import type { Server } from './server.ts'
import { betterAuth, installBetterAuth } from './servers/better-auth.ts'
import { directusCookie, directusJson } from './servers/directus.ts'
import { DJANGO_PACKAGES, djangoOAuthToolkit, isDjangoInstalled, simpleJwt } from './servers/django.ts'
import { nodeOAuth2Server } from './servers/node-oauth2-server.ts'
import { oidcProvider } from './servers/oidc-provider.ts'

export const ALL: readonly Server[] = [
  simpleJwt,
  djangoOAuthToolkit,
  betterAuth,
  oidcProvider,
  nodeOAuth2Server,
  directusCookie,
  directusJson,
]

/** Installs what is missing, as far as it can; returns what still is. */
export function installServers(): Server[] {
  installBetterAuth()
  if (!isDjangoInstalled()) aptInstall(DJANGO_PACKAGES)
  return isDjangoInstalled() ? [] : [simpleJwt, djangoOAuthToolkit]
}
