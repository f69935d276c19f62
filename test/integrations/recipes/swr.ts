import { AuthError } from 'authfetch'
import { mutate, type SWRConfiguration } from 'swr'
import { auth } from './auth.ts'

export const options: SWRConfiguration = {
  async fetcher(url: string): Promise<unknown> {
    const response = await auth.authFetch(url)
    if (!response.ok) throw new Error(`status ${response.status}`)
    return response.json()
  },
  // authfetch pauses between refreshes itself.
  shouldRetryOnError: (error) => !(error instanceof AuthError),
}

auth.on('signed-out', () => mutate(() => true, undefined, { revalidate: false }))
