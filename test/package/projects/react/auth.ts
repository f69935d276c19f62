import { type AuthClient, cookieRefresh, createAuthClient } from 'authfetch'

export const auth: AuthClient = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })
