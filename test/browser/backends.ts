// The two judges of the multi-tab scenarios: a real OpenID provider with client-held tokens, and the reference server
// with its cookies. Each serves the page that the tabs open.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDemoServer } from '../../demo/server/server.ts'
import { bundle } from '../support/bundle.ts'
import { servePages } from '../support/pages.ts'
import { startProvider } from '../support/provider.ts'

export interface Hold {
  /** Resolves when a refresh has arrived. */
  arrived(): Promise<void>
  release(): void
}

export interface Backend {
  readonly kind: 'client-held tokens' | 'cookies'
  /** The page; `never` forbids resends. */
  url(policy?: 'never'): string
  readonly away: string
  tokenRequests(): number
  reuses(): number
  /** Holds refreshes before they are processed. */
  hold(): Hold
  /** The next answer is lost after its commit. */
  loseAnswer(): void
  /** What a page needs to sign in: an argument for `enter` in the page. */
  credentials(user: string, expiresIn?: number): Promise<unknown>
  close(): Promise<void>
}

const PAGE = `
import { cookieRefresh, cookieSignOut, createAuthClient, oauthRefresh, oauthRevocation } from 'authfetch'

const { tokenEndpoint, revocationEndpoint, resource } = config
const auth = createAuthClient({
  refresh: tokenEndpoint ? oauthRefresh({ tokenEndpoint, clientId: 'spa' }) : cookieRefresh('/auth/refresh'),
  onSignOut: tokenEndpoint ? oauthRevocation({ revocationEndpoint, clientId: 'spa' }) : cookieSignOut('/auth/sign-out'),
  origins: [new URL(resource, location.href).origin],
  refreshTimeout: 2_000,
  ...(location.hash === '#never' && { resendWithin: 0 }),
})
const seen = { refreshed: 0, signedOut: [] as string[], failed: 0, calls: 0 }
auth.on('refreshed', () => { seen.refreshed++ })
auth.on('signed-out', ({ reason }) => { seen.signedOut.push(reason) })

const logIn = async (user: string) => {
  const response = await fetch('/auth/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Requested-With': 'authfetch' },
    body: JSON.stringify({ user, custody: 'cookie' }),
  })
  return response.json()
}
Object.assign(globalThis, {
  auth,
  seen,
  enter: (credentials: any) => auth.signIn(typeof credentials === 'string' ? () => logIn(credentials) : credentials),
  call: async () => (await auth.authFetch(resource)).status,
  refresh: () => auth.getAccessToken({ forceRefresh: true }).then(() => 'refreshed', (error) => error.code),
})
declare const config: any
`

const html = (config: unknown, script: string): string =>
  `<!doctype html><title>tab</title><script>const config = ${JSON.stringify(config)}</script><script>${script.replaceAll('</script', '<\\/script')}</script>`

let script: Promise<string> | undefined
const pageScript = (): Promise<string> => {
  script ??= bundle(PAGE)
  return script
}

export async function startOpenIdBackend(accessTokenTtl = 60): Promise<Backend> {
  // Without kept connections no browser sends a POST twice by itself.
  const provider = await startProvider({ accessTokenTtl, keepAlive: false })
  const { tokenEndpoint, revocationEndpoint, resourceEndpoint } = provider
  const config = { tokenEndpoint, revocationEndpoint, resource: resourceEndpoint }
  const pages = await servePages({ '/': html(config, await pageScript()), '/away': '<title>away</title>' })
  return {
    kind: 'client-held tokens',
    url: (policy) => `${pages.origin}/${policy ? `#${policy}` : ''}`,
    away: `${pages.origin}/away`,
    tokenRequests: () => provider.counters.tokenRequests,
    reuses: () => provider.counters.reuses,
    hold() {
      const gate = provider.hold('before')
      return { arrived: () => gate.arrived(), release: () => gate.release() }
    },
    loseAnswer: () => provider.loseNextAnswers(1),
    async credentials(user, expiresIn) {
      const tokens = await provider.seed(user)
      return { ...tokens, ...(expiresIn !== undefined && { expires_in: expiresIn }) }
    },
    async close() {
      await pages.close()
      await provider.close()
    },
  }
}

export async function startCookieBackend(secureCookies: boolean, accessLifetime = 60): Promise<Backend> {
  const demo = await createDemoServer({ secureCookies, accessLifetime })
  const page = html({ resource: '/api/me' }, await pageScript())
  let gate: { readonly open: Promise<void>; readonly knock: () => void } | undefined
  const isRefresh = ({ method, url }: IncomingMessage): boolean => method === 'POST' && url === '/auth/refresh'
  let requests = 0
  const server = createServer(async (request, response) => {
    // As the other judge does: a fresh connection is not resent on.
    response.setHeader('Connection', 'close')
    if (isRefresh(request)) {
      requests++
      gate?.knock()
      await gate?.open
    }
    demo.handle(request, response, () => {
      response
        .writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' })
        .end(request.url === '/away' ? 'away' : page)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    kind: 'cookies',
    url: (policy) => `${origin}/${policy ? `#${policy}` : ''}`,
    away: `${origin}/away`,
    tokenRequests: () => requests,
    reuses: () => demo.stats.reusesDetected,
    hold() {
      let release = (): void => {}
      let knock = (): void => {}
      const knocked = new Promise<void>((resolve) => {
        knock = resolve
      })
      const open = new Promise<void>((resolve) => {
        release = resolve
      })
      gate = { open, knock }
      return {
        arrived: () => knocked,
        release() {
          gate = undefined
          release()
        },
      }
    },
    loseAnswer: () => demo.faults.push({ at: 'refresh', kind: 'answer-lost', times: 1 }),
    credentials: async (user) => user,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await demo.close()
    },
  }
}
