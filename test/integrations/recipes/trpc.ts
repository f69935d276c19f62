import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import { auth } from './auth.ts'

// Your server's AppRouter.
type AppRouter = AnyTRPCRouter

export const trpc = createTRPCClient<AppRouter>({
  links: [
    httpBatchLink({
      url: 'https://api.example/trpc',
      fetch: (input, init) => auth.authFetch(input, init as RequestInit),
    }),
  ],
})
