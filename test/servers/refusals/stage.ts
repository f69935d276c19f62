// Two tabs of Chromium, one of strangers and one of users: a client for each row, all at once.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pageOf } from '../../browser/backends/page.ts'
import { launch } from '../../support/browser/launch.ts'
import { bundle } from '../../support/bundle.ts'
import { ROWS } from './rows.ts'

/** What came of one client. */
export interface Outcome {
  readonly status: string
  readonly reason?: string
  /** Refreshes that were sent until then. */
  readonly requests: number
  /** Messages of `refresh-failed`, those of their causes included. */
  readonly failures: readonly string[]
}

export type Kind = 'stranger' | 'known'

declare global {
  var outcomes: Outcome[]
}

/** A refusal that is no end is waited for this often. */
const PATIENCE = 3

const SOURCE = `
import { cookieRefresh, createAuthClient } from 'authfetch'

const said = []
for (const level of ['warn', 'error']) console[level] = (...words) => said.push(words.map(String).join(' '))

async function play(row) {
  const failures = []
  const address = '/' + kind + '/' + row + '/refresh'
  const auth = createAuthClient({ name: String(row), refresh: cookieRefresh(address) })
  auth.on('refresh-failed', ({ error }) => failures.push([error.message, error.cause?.message].join('; ')))
  if (kind === 'stranger') await auth.restore()
  else {
    await auth.signIn({ access_token: 'access-' + row, expires_in: 1 })
    await new Promise((resolve) => {
      const look = () => (auth.getState().status === 'signed-out' || failures.length >= patience) && resolve()
      auth.subscribe(look)
      auth.on('refresh-failed', look)
      look()
    })
  }
  const { status, reason } = auth.getState()
  const requests = (await (await fetch('/requests' + address)).json()).requests
  // Nothing more is sent.
  auth.dispose()
  return { status, reason, requests, failures }
}

const played = Promise.all(rows.map((_, row) => play(row)))
Object.assign(globalThis, { outcomes: undefined, said })
played.then((outcomes) => Object.assign(globalThis, { outcomes, said }))
`

/** Plays every row; resolves with what came of each, in their order, and all that the console was told. */
export async function playRefusals(): Promise<Record<Kind, { outcomes: Outcome[]; said: string[] }>> {
  const requests = new Map<string, number>()
  const script = await bundle(SOURCE)
  const page = (kind: Kind): string =>
    pageOf(`const kind = '${kind}', patience = ${PATIENCE}, rows = ${JSON.stringify(ROWS.map(() => 0))}`, script)
  const server = createServer((request, response) => {
    request.resume()
    response.setHeader('Connection', 'close')
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const row = ROWS[Number(/^\/\w+\/(\d+)\/refresh$/.exec(pathname)?.[1])]
    if (request.method === 'POST' && row) {
      requests.set(pathname, (requests.get(pathname) ?? 0) + 1)
      response.writeHead(row.status, { ...(row.type && { 'Content-Type': row.type }), ...row.headers })
      response.end(row.body)
    } else if (pathname.startsWith('/requests/')) {
      const count = requests.get(pathname.replace('/requests', '')) ?? 0
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ requests: count }))
    } else if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      response.end(pathname === '/login' ? '<h1>Login</h1>' : page(pathname === '/known' ? 'known' : 'stranger'))
    } else response.writeHead(405).end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const browser = await launch('chromium')
  try {
    const play = async (kind: Kind) => {
      const profile = await browser.newProfile()
      const tab = await profile.open(`${origin}/${kind}`)
      await tab.waitFor(() => globalThis.outcomes)
      return await tab.evaluate(() => ({ outcomes, said: (globalThis as unknown as { said: string[] }).said }))
    }
    const [stranger, known] = await Promise.all([play('stranger'), play('known')])
    return { stranger, known }
  } finally {
    await browser.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
