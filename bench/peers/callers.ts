/** Every peer as its documentation sets it up: a function that calls an API with a bearer token. */

import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client'
import axios from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'
import { pipeline, withHeaders, withTokenRefresh } from 'fetch-extras'
import ky from 'ky'
import { ofetch } from 'ofetch'
import wretch from 'wretch'
import { createAuthClient, oauthRefresh } from '../../src/index.ts'
import { type CreateCaller, createTokenStore } from './world.ts'

/** No token, no refresh: what everything is compared with. */
const bare: CreateCaller = ({ fetch }) => ({
  name: 'fetch',
  refreshes: false,
  call: (url) => fetch(url),
  callRequest: (request) => fetch(request),
})

/** What a project writes by hand: a header, one shared refresh, one retry. */
const handWritten: CreateCaller = (world) => {
  const { fetch } = world
  const store = createTokenStore(world)
  let pending: Promise<unknown> | undefined
  const send = (url: string): Promise<Response> =>
    fetch(url, { headers: { Authorization: `Bearer ${store.current()}` } })
  return {
    name: 'by hand',
    refreshes: true,
    async call(url) {
      if (store.isExpired()) await renew()
      const response = await send(url)
      if (response.status !== 401) return response
      await renew()
      return await send(url)
    },
  }
  function renew(): Promise<unknown> {
    pending ??= store.renew().finally(() => {
      pending = undefined
    })
    return pending
  }
}

const authfetch: CreateCaller = async ({ fetch, origin, tokenEndpoint, tokens }) => {
  const auth = createAuthClient({ refresh: oauthRefresh({ tokenEndpoint, clientId: 'spa' }), origins: [origin], fetch })
  await auth.signIn(tokens)
  const { authFetch } = auth
  return {
    name: 'authfetch',
    refreshes: true,
    call: (url) => authFetch(url),
    callRequest: (request) => authFetch(request),
    dispose: auth.dispose,
  }
}

const fetchExtras: CreateCaller = (world) => {
  const store = createTokenStore(world)
  const call = pipeline(
    world.fetch,
    withHeaders(() => ({ Authorization: `Bearer ${store.current()}` })),
    withTokenRefresh({ refreshToken: store.renew }),
  )
  return { name: 'fetch-extras', refreshes: true, call: (url) => call(url), callRequest: (request) => call(request) }
}

const ofetchCaller: CreateCaller = (world) => {
  const store = createTokenStore(world)
  const api = ofetch.create(
    {
      responseType: 'stream',
      onRequest: ({ options }) => options.headers.set('Authorization', `Bearer ${store.current()}`),
    },
    { fetch: world.fetch },
  )
  return {
    name: 'ofetch',
    refreshes: false,
    call: (url) => api.raw(url),
    callRequest: (request) => api.raw(request),
  }
}

const wretchCaller: CreateCaller = (world) => {
  const store = createTokenStore(world)
  const api = wretch().fetchPolyfill(world.fetch)
  return {
    name: 'wretch',
    refreshes: true,
    call: (url) =>
      api
        .url(url)
        .auth(`Bearer ${store.current()}`)
        .get()
        .unauthorized(async (_error, request) =>
          request
            .auth(`Bearer ${await store.renew()}`)
            .fetch()
            .res(),
        )
        .res(),
  }
}

const badgateway: CreateCaller = ({ fetch, tokenEndpoint, tokens }) => {
  const wrapper = new OAuth2Fetch({
    client: new OAuth2Client({ clientId: 'spa', tokenEndpoint, fetch }),
    getNewToken: () => null,
    getStoredToken: () => ({
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      expiresAt: Date.now() + tokens.expires_in * 1000,
    }),
  })
  const send = wrapper.mw()
  // As its own `fetch` does, which knows the global one only.
  const call = (input: string | Request) => send(new Request(input), fetch)
  return {
    name: '@badgateway/oauth2-client',
    refreshes: true,
    call,
    callRequest: call,
    dispose: () => clearTimeout((wrapper as unknown as { refreshTimer?: number }).refreshTimer),
  }
}

const kyCaller: CreateCaller = (world) => {
  const store = createTokenStore(world)
  const api = ky.create({
    fetch: world.fetch,
    retry: { limit: 1, statusCodes: [401], delay: () => 0 },
    timeout: false,
    hooks: {
      beforeRequest: [({ request }) => request.headers.set('Authorization', `Bearer ${store.current()}`)],
      beforeRetry: [
        async ({ request }) => {
          request.headers.set('Authorization', `Bearer ${await store.renew()}`)
        },
      ],
    },
  })
  return { name: 'ky', refreshes: true, call: (url) => api(url), callRequest: (request) => api(request) }
}

const axiosCaller: CreateCaller = (world) => {
  const store = createTokenStore(world)
  const api = axios.create({ adapter: 'fetch', env: { fetch: world.fetch }, responseType: 'stream' })
  api.interceptors.request.use((config) => {
    config.headers.set('Authorization', `Bearer ${store.current()}`)
    return config
  })
  createAuthRefresh(api, () => store.renew())
  return { name: 'axios + axios-auth-refresh', refreshes: true, call: (url) => api.get(url) }
}

export const CALLERS: readonly CreateCaller[] = [
  bare,
  handWritten,
  authfetch,
  fetchExtras,
  ofetchCaller,
  wretchCaller,
  badgateway,
  kyCaller,
  axiosCaller,
]
