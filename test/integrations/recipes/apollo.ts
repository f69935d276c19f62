import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client'
import { auth } from './auth.ts'

export const client = new ApolloClient({
  link: new HttpLink({ uri: 'https://api.example/graphql', fetch: auth.authFetch }),
  cache: new InMemoryCache(),
})

auth.on('signed-out', () => void client.clearStore())
