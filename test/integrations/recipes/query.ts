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

// A 401 has been retried by the client, which paces its refreshes too.
const isFinal = (error: Error): boolean =>
  error instanceof AuthError || (error instanceof HttpError && error.status === 401)

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: (failures, error) => failures < 3 && !isFinal(error) } },
})

// The next user shall not see what was fetched for this one, even if it was another tab that signed them in.
auth.on('signed-out', () => queryClient.clear())
auth.on('signed-in', ({ source }) => {
  if (source === 'other-tab') void queryClient.resetQueries()
})
// After an outage: what failed for want of a token is fetched anew as soon as there is one.
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
