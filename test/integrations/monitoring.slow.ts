// @vitest-environment happy-dom
// Sentry and OpenTelemetry that start after the client was made: they see each call and each refresh, and no token.

import { afterEach, expect, test, vi } from 'vitest'
import { type AuthClient, createAuthClient, lateFetch, oauthRefresh } from '../../src/index.ts'
import { createVirtualBrowser } from '../../src/testing/virtual-platform.ts'
import { installPackages } from '../support/npm.ts'

const FOLDER = `${import.meta.dirname}/monitoring/`
const API = 'https://api.example/orders'
const TOKEN_ENDPOINT = 'https://id.example/token'

installPackages(FOLDER)
/** From the folder's own packages, whose types the project does not know. */
// biome-ignore lint/suspicious/noExplicitAny: the packages are not there when types are checked
const load = (entry: string): Promise<any> => import(/* @vite-ignore */ `${FOLDER}node_modules/${entry}`)

let auth: AuthClient | undefined

afterEach(() => {
  auth?.dispose()
  vi.unstubAllGlobals()
})

/** A client that is made while `fetch` is still the network's. */
async function createClient(): Promise<AuthClient> {
  let count = 0
  vi.stubGlobal('fetch', async (input: RequestInfo | URL) =>
    `${input instanceof Request ? input.url : input}` === TOKEN_ENDPOINT
      ? Response.json({ access_token: `secret-${++count}`, refresh_token: 'secret-r', expires_in: 3600 })
      : new Response('ok'),
  )
  auth = createAuthClient({
    refresh: oauthRefresh({ tokenEndpoint: TOKEN_ENDPOINT, clientId: 'spa' }),
    origins: [new URL(API).origin],
    fetch: lateFetch(),
    platform: createVirtualBrowser().openTab().platform,
  })
  await auth.signIn({ access_token: 'secret-0', refresh_token: 'secret-r', expires_in: 3600 })
  return auth
}

async function useIt(client: AuthClient): Promise<void> {
  expect((await client.authFetch(API)).status).toBe(200)
  expect(await client.getAccessToken({ forceRefresh: true })).toBe('secret-1')
}

test('Sentry sees calls and refreshes', async () => {
  const client = await createClient()
  const { init, breadcrumbsIntegration } = await load('@sentry/browser/build/npm/esm/prod/index.js')
  const seen: { readonly category: string; readonly data: { readonly url: string } }[] = []
  init({
    dsn: 'https://key@errors.example/1',
    defaultIntegrations: false,
    integrations: [breadcrumbsIntegration({ dom: false, console: false, history: false })],
    transport: () => ({ send: async () => ({}), flush: async () => true }),
    beforeBreadcrumb(breadcrumb: (typeof seen)[number]) {
      seen.push(breadcrumb)
      return breadcrumb
    },
  })
  await useIt(client)
  await vi.waitFor(() => expect(seen.map(({ data }) => data.url)).toEqual([API, TOKEN_ENDPOINT]))
  expect(JSON.stringify(seen)).not.toContain('secret')
})

test('OpenTelemetry sees calls and refreshes', async () => {
  const client = await createClient()
  const { WebTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = await load(
    '@opentelemetry/sdk-trace-web/build/esm/index.js',
  )
  const { registerInstrumentations } = await load('@opentelemetry/instrumentation/build/esm/index.js')
  const { FetchInstrumentation } = await load('@opentelemetry/instrumentation-fetch/build/esm/index.js')
  const exporter = new InMemorySpanExporter()
  const provider = new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  const stop = registerInstrumentations({ tracerProvider: provider, instrumentations: [new FetchInstrumentation()] })
  await useIt(client)
  const urls = (): unknown[] =>
    exporter
      .getFinishedSpans()
      .map(
        ({ attributes }: { attributes: Record<string, unknown> }) => attributes['http.url'] ?? attributes['url.full'],
      )
  await vi.waitFor(() => expect(urls()).toEqual([API, TOKEN_ENDPOINT]))
  expect(
    JSON.stringify(exporter.getFinishedSpans().map((span: { attributes: unknown }) => span.attributes)),
  ).not.toContain('secret')
  stop()
})
