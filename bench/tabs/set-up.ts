// How each peer was set up, for the reader who wonders.

import { versionOf } from '../bundle.ts'
import type { SessionName } from '../peers/sessions/page.ts'
import type { Table } from '../report.ts'
import type { Lifetimes } from './lifetimes.ts'

const SET_UPS: Readonly<Partial<Record<SessionName, string>>> = {
  authfetch: '`oauthRefresh`, `origins: [api]`; `signIn` in the first tab, `restore` in every one',
  'oidc-client-ts':
    '`UserManager` with `automaticSilentRenew` and `userStore` in localStorage, the notification 2 s before the expiry, the user from `userLoaded`; and, beyond its documentation, a call that finds the token expired looks into the store and calls `signinSilent` if nobody has renewed it',
  '@badgateway/oauth2-client':
    '`OAuth2Fetch` with `storeToken` and `getStoredToken` in localStorage, which it reads when it is made',
  'fetch-extras':
    '`withHeaders` and `withTokenRefresh`, whose `refreshToken` is a plain request; the tokens in localStorage, read for every call',
  'keycloak-js':
    '`oidcProvider`, `init` with the tokens of a sign-in, `updateToken(2)` before each call; tokens in memory, so a sign-in for each tab, and a provider that suits it: refresh tokens like JWTs, CORS with credentials',
  textbook:
    'the recipe of `demo/textbook/textbook.ts`: tokens in localStorage, a retry after a 401, one promise for each tab',
}

export function tabulateSetUps(results: readonly Lifetimes[]): Table {
  const alone = results.filter(({ tabs }) => tabs === 1)
  const sum = (of: (result: Lifetimes) => number): number => alone.reduce((total, one) => total + of(one), 0)
  const version = (name: SessionName): string =>
    name === 'authfetch' || name === 'textbook' ? 'this one' : versionOf(name)
  return {
    title: 'How each peer is set up',
    columns: ['', 'version', 'as its documentation says for an app in a browser'],
    rows: (Object.keys(SET_UPS) as SessionName[]).map((name) => [name, version(name), SET_UPS[name] ?? '']),
    isProse: true,
    note: `In one tab, all of them together fail ${sum((one) => one.failures)} of ${sum((one) => one.calls)} calls and present ${sum((one) => one.reuses)} spent tokens.`,
  }
}
