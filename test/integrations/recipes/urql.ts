import { Client, cacheExchange, fetchExchange } from '@urql/core'
import { auth } from './auth.ts'

/** One client for each session, because its cache belongs to one user. */
export const createApi = (): Client =>
  new Client({
    url: 'https://api.example/graphql',
    fetch: auth.authFetch,
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod: false,
  })
