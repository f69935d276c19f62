import { QueryClient, queryOptions } from '@tanstack/react-query'
import { AuthError } from 'authfetch'
import { auth } from './auth.ts'

class HttpError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}

// authfetch has retried a 401 already, and pauses between refreshes.
const isFinal = (error: Error): boolean =>
  error instanceof AuthError || (error instanceof HttpError && error.status === 401)

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: (failures, error) => failures < 3 && !isFinal(error) } },
})

// The next user must not see this user's data, even if another tab signed the next user in.
auth.on('signed-out', () => queryClient.clear())
auth.on('signed-in', ({ source }) => {
  if (source === 'other-tab') void queryClient.resetQueries()
})
// After an outage: queries that failed without a token are fetched again when there is one.
auth.on('refreshed', () => {
  void queryClient.refetchQueries({ predicate: ({ state }) => state.error instanceof AuthError })
})

export const ordersQuery = queryOptions({
  queryKey: ['orders'],
  async queryFn({ signal }): Promise<unknown> {
    const response = await auth.authFetch('https://api.example/orders', { signal })
    if (!response.ok) throw new HttpError(response.status)
    return response.json()
  },
})
