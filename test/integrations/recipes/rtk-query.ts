import { createApi, fetchBaseQuery } from '@reduxjs/toolkit/query'
import { auth } from './auth.ts'

export const api = createApi({
  baseQuery: fetchBaseQuery({ baseUrl: 'https://api.example', fetchFn: auth.authFetch }),
  endpoints: (build) => ({ orders: build.query<unknown, void>({ query: () => '/orders' }) }),
})

/** Call this once, with the dispatch of your store. */
export function forgetOnSignOut(dispatch: (action: ReturnType<typeof api.util.resetApiState>) => unknown): void {
  auth.on('signed-out', () => dispatch(api.util.resetApiState()))
}
