// The reference server as the judge: the refresh token is in an httpOnly cookie.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDemoServer } from '../../../demo/server/server.ts'
import { type Backend, type BackendOptions, LIFETIME } from './backend.ts'
import { createGate } from './gate.ts'
import { pageHtml } from './page.ts'

export async function startCookieBackend(options: BackendOptions): Promise<Backend> {
  const { lifetime = LIFETIME, secureCookies = true, refreshTimeout, grace, replays } = options
  const demo = await createDemoServer({ secureCookies, accessLifetime: lifetime })
  demo.settings.replay = replays ?? grace === undefined
  const config = { resource: '/api/me', refreshTimeout, replays }
  const page = await pageHtml(config)
  const pages: Readonly<Record<string, string>> = {
    '/before': await pageHtml(config, 'before'),
    '/away': '<title>away</title>',
  }
  const gate = createGate()
  let tokenRequests = 0
  let knock = (): void => {}
  const server = createServer(async (request, response) => {
    // Without kept connections no browser sends a POST twice by itself.
    response.setHeader('Connection', 'close')
    if (request.method === 'POST' && request.url === '/auth/refresh') {
      tokenRequests++
      knock()
      await gate.pass()
    }
    demo.handle(request, response, () => {
      // Cacheable, because `no-store` keeps a page out of the back/forward cache.
      response.writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'no-cache' })
      response.end(pages[request.url ?? ''] ?? page)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    url: (policy) => `${origin}/${policy ? `#${policy}` : ''}`,
    before: `${origin}/before`,
    away: `${origin}/away`,
    tokenRequests: () => tokenRequests,
    reuses: () => demo.stats.reusesDetected,
    hold: gate.hold,
    delayAnswers: (delay) => demo.faults.push({ at: 'refresh', kind: 'latency', times: 100, delay }),
    arrival: () =>
      new Promise((resolve) => {
        knock = resolve
      }),
    loseRequest: () => demo.faults.push({ at: 'refresh', kind: 'request-lost', times: 1 }),
    loseAnswer: () => demo.faults.push({ at: 'refresh', kind: 'answer-lost', times: 1 }),
    credentials: async (user, expiresIn) => ({ user, expiresIn }),
    isOver: (tab) =>
      tab.evaluate(() =>
        fetch('/auth/refresh', { method: 'POST', headers: { 'X-Requested-With': 'authfetch' } }).then(
          ({ status }) => status === 401,
        ),
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await demo.close()
    },
  }
}
