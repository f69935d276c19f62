/**
 * As its documentation: `automaticSilentRenew`, the user in localStorage, the current user from `userLoaded`. More than
 * it shows: a call that finds the token expired looks into the store, and renews the token itself if nobody has.
 */

import { User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { bearer, type CreateSession, leadOf } from './session.ts'

export const oidcClientTs: CreateSession = ({ issuer, clientId, resource, lifetime }) => {
  const settings = {
    authority: issuer,
    client_id: clientId,
    redirect_uri: location.origin,
    scope: 'openid offline_access',
    userStore: new WebStorageStateStore({ store: localStorage }),
    accessTokenExpiringNotificationTimeInSeconds: leadOf(lifetime),
  }
  let manager: UserManager | undefined
  let user: User | null = null
  let renewing: Promise<User | null> | undefined

  async function renew(): Promise<User | null> {
    const stored = (await manager?.getUser()) ?? null
    return stored && !stored.expired ? stored : ((await manager?.signinSilent()) ?? null)
  }

  return {
    async seed(tokens) {
      await new UserManager({ ...settings, automaticSilentRenew: false }).storeUser(
        new User({
          ...tokens,
          token_type: 'Bearer',
          profile: { sub: 'alice', iss: issuer, aud: clientId, exp: 0, iat: 0 },
          expires_at: Math.floor(Date.now() / 1000) + tokens.expires_in,
        }),
      )
    },
    async start() {
      // Its own timer renews the token, for `automaticSilentRenew` is the default.
      manager = new UserManager(settings)
      manager.events.addUserLoaded((loaded) => {
        user = loaded
      })
      user = await manager.getUser()
    },
    async call() {
      if (user?.expired) {
        renewing ??= renew().finally(() => {
          renewing = undefined
        })
        user = await renewing
      }
      return (await fetch(resource, bearer(user?.access_token))).status
    },
    refresh: async () => manager?.signinSilent(),
  }
}
