// A real OpenID provider as the judge: the refresh token is in the ledger, and a reuse revokes the grant.

import type { Audience } from '../../../src/audiences.ts'
import { servePages } from '../../support/pages.ts'
import { startProvider } from '../../support/provider.ts'
import { type AudienceJudge, type Backend, type BackendOptions, LIFETIME } from './backend.ts'
import { pageHtml, workerScript } from './page.ts'

/** Of an application that answers everything by itself. */
const OTHER_HANDLER = "addEventListener('fetch', (event) => event.respondWith(fetch(event.request)))"

/** Each API is the indicator of its resource (RFC 8707), but for two that are denied. */
function audiencesAt({ billing, reports, misspelt, admin }: AudienceJudge['apis']): Record<string, Audience> {
  const of = (url: string): Audience => ({ urls: [url], parameters: { resource: url }, expect: url })
  return {
    billing: of(billing),
    reports: of(reports),
    misspelt: { urls: [misspelt], parameters: { resource: billing.replace('ll', 'l') } },
    admin: { urls: [admin], parameters: { scope: 'admin' } },
  }
}

export async function startOpenIdBackend(options: BackendOptions): Promise<Backend> {
  const { lifetime = LIFETIME, refreshTimeout, grace = 0, hasLoginPages = false, requiresPush = false } = options
  const { requiresProofs = false, keepsAll = false, hasAudiences = false } = options
  const wantsResource = hasLoginPages && hasAudiences
  let knock = (): void => {}
  const provider = await startProvider({
    accessTokenTtl: lifetime,
    // Without kept connections no browser sends a POST twice by itself.
    keepAlive: keepsAll,
    rotates: !keepsAll,
    grace,
    hasLoginPages,
    requiresPush,
    requiresProofs,
    wantsResource,
    onTokenRequest: () => knock(),
  })
  const { issuer, tokenEndpoint, revocationEndpoint, resourceEndpoint: resource } = provider
  const apis = { ...provider.resources, own: resource, misspelt: `${issuer}/misspelt/`, admin: `${issuer}/admin/` }
  const audiences = hasAudiences ? audiencesAt(apis) : undefined
  const config = { tokenEndpoint, revocationEndpoint, resource, refreshTimeout, requiresProofs, audiences }
  const resources = [resource, apis.billing, apis.reports]
  const page = await pageHtml({ ...config, ...(hasLoginPages && { issuer }), ...(wantsResource && { resources }) })
  const pages = await servePages({
    '/': page,
    '/callback': page,
    '/before': await pageHtml({ ...config, requiresProofs: false }, 'before'),
    '/away': '<title>away</title>',
    '/worker.js': await workerScript(tokenEndpoint),
    '/worker-of-an-app.js': await workerScript(tokenEndpoint, OTHER_HANDLER),
  })
  return {
    url: (policy) => `${pages.origin}/${policy ? `#${policy}` : ''}`,
    before: `${pages.origin}/before`,
    away: `${pages.origin}/away`,
    tokenRequests: () => provider.counters.tokenRequests,
    reuses: () => provider.counters.reuses,
    hold: () => provider.hold('before'),
    delayAnswers: (milliseconds) => provider.delayNextAnswers(100, milliseconds),
    arrival: () =>
      new Promise((resolve) => {
        knock = resolve
      }),
    loseRequest: () => provider.loseNextRequests(1),
    loseAnswer: () => provider.loseNextAnswers(1),
    audiences: {
      apis,
      granted: (audience) => provider.grantedFor(apis[audience]),
      expire: () => provider.refuseIssuedTokens(),
      refusals: () => ({ all: provider.counters.resourceRefusals, misdirected: provider.counters.misdirected }),
    },
    async credentials(user, expiresIn, jkt) {
      const tokens = await provider.seed(user, jkt)
      return { ...tokens, expires_in: expiresIn ?? tokens.expires_in }
    },
    isOver: async () => provider.counters.revokedGrants > 0,
    async close() {
      await pages.close()
      await provider.close()
    },
  }
}
