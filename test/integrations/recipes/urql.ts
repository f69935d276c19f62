import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { auth } from './auth.ts'

/** A client for each session: its cache shall not outlive the user. */
export const createApi = (): Client =>
  new Client({
    url: 'https://api.example/graphql',
    fetch: auth.authFetch,
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: false,
  })
