// Thieves, another user, and leaving everywhere.

import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { CUSTODIES, ledgerOf, logIn } from '../../session.ts'
import { server } from '../server.ts'
import { type CallResult, callApi } from '../tab.ts'
import { type Exercise, failed, judge, passed, requests, type Stage } from './exercise.ts'

/** What any script of this page could read from the ledger. */
export async function readRefreshToken(ledger: string): Promise<string | undefined> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(ledger)
    // A ledger that is not there yet is the client's to make.
    opening.onupgradeneeded = () => opening.transaction?.abort()
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(opening.error)
  })
  try {
    return await new Promise((resolve, reject) => {
      const reading = database.transaction('ledger').objectStore('ledger').get('session')
      reading.onsuccess = () => resolve(reading.result?.refreshToken)
      reading.onerror = () => reject(reading.error)
    })
  } finally {
    database.close()
  }
}

/** Spends a refresh token as a thief would: from elsewhere, without the page's keys. */
async function spendElsewhere(
  refreshToken: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; refreshToken?: string }> {
  const response = await server.fetch('/oauth/token', {
    method: 'POST',
    credentials: 'omit',
    headers,
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'demo', refresh_token: refreshToken }),
  })
  const body = await response.json()
  return { status: response.status, refreshToken: body.refresh_token }
}

/** A proof for the token endpoint that is right in all but its key, for a thief can make a key too. */
async function proveElsewhere(): Promise<Record<string, string>> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const proof = new SignJWT({ htm: 'POST', htu: `${location.origin}/oauth/token` })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .setJti(crypto.randomUUID())
  return { DPoP: await proof.sign(privateKey) }
}

/** Another user signs in elsewhere while a call of the first one is on its way. */
async function changeUser(stage: Stage): Promise<{ readonly call: CallResult; readonly user: string }> {
  const user = stage.user() === 'bob' ? 'alice' : 'bob'
  const other = stage.others().find(({ status }) => status === 'signed in') ?? (await stage.openTabs(1))[0]
  if (!other) throw new Error('There is no other tab.')
  await stage.ripen()
  await server.fault({ at: 'api', kind: 'latency', delay: 1_500 })
  await server.fault({ at: 'api', kind: 'unauthorized' })
  const isSent = stage.seen(
    'the call is on the wire',
    (seen, lane) =>
      lane.id === stage.lanes.self.id && seen.kind === 'wire' && seen.request === 'api' && seen.step === 'sent',
  )
  const calling = callApi(stage.account)
  await isSent
  stage.say(`Tab ${other.number} signs in as ${user}.`)
  await stage.lanes.command(other, 'sign in', user)
  return { call: await calling, user }
}

export const PEOPLE: readonly Exercise[] = [
  {
    id: 'steal',
    group: 'People',
    title: 'Steal the refresh token',
    expectation:
      'A thief spends a copy of the refresh token. When this page sends the spent token, the server detects the theft and revokes the family. This page shows “reuse-detected”, and the thief’s tokens do not work any more either.',
    help: { text: 'Signed out as “reuse-detected”', href: 'docs.html?troubleshooting#troubleshooting' },
    custody: 'client',
    isBound: false,
    async run(stage) {
      await stage.calm()
      const stolen = await readRefreshToken(ledgerOf('client', false))
      if (!stolen) return failed('Scripts could not read a refresh token.')
      const count = await stage.measure()
      const first = await spendElsewhere(stolen)
      stage.say('The thief has a new refresh token, and the one in this page is spent. Now this page refreshes.')
      await stage.refresh().catch(() => {})
      const state = stage.account.client.getState()
      const reason = state.status === 'signed-out' ? state.reason : state.status
      const second = await spendElsewhere(first.refreshToken ?? '')
      const { reuses } = await count()
      return judge(
        first.status === 200 && reason === 'reuse-detected' && second.status === 400 && reuses === 1,
        `The thief got one token (${first.status}). This page is signed out as “${reason}”. The thief’s next try was refused (${second.status}); ${reuses === 1 ? 'one alarm' : `${reuses} alarms`} at the server.`,
      )
    },
  },
  {
    id: 'copied',
    group: 'People',
    title: 'A copied refresh token',
    expectation:
      'The tokens are bound to a key that cannot leave this browser. A thief sends a copy of the refresh token, first without a key and then with another key. The server refuses both, and this page goes on.',
    help: { text: 'Bound tokens', href: 'docs.html?dpop#bound-tokens-dpop' },
    custody: 'client',
    isBound: true,
    async run(stage) {
      await stage.calm()
      const copy = await readRefreshToken(ledgerOf('client', true))
      if (!copy) return failed('Scripts could not read a refresh token.')
      const count = await stage.measure()
      const without = await spendElsewhere(copy)
      const withAnother = await spendElsewhere(copy, await proveElsewhere())
      stage.say('The server has refused the copy twice. Now this page refreshes.')
      await stage.refresh().catch(() => {})
      const { granted, reuses } = await count()
      const { status } = await callApi(stage.account)
      const isSignedIn = stage.account.client.getState().status === 'signed-in'
      const isRefused = without.status === 400 && withAnother.status === 400
      return judge(
        isRefused && isSignedIn && granted === 1 && reuses === 0 && status === 200,
        `The copy was answered ${without.status} without a key, and ${withAnother.status} with another one. This page is ${isSignedIn ? 'still signed in' : 'signed out'}: ${granted === 1 ? 'its next refresh worked' : requests(granted)}, and the API answers ${status}; ${reuses === 0 ? 'no alarm' : `${reuses} alarms`} at the server.`,
      )
    },
  },
  {
    id: 'other-user',
    group: 'People',
    title: 'Sign in as another user in another tab',
    expectation:
      'This tab shows the other user too. A call of the first user that is under way is not sent again with the second user’s token.',
    help: { text: 'What happens when', href: 'docs.html?behaviour#what-happens-when' },
    custody: 'cookie',
    async run(stage) {
      await stage.calm()
      const before = stage.user()
      const { call, user } = await changeUser(stage)
      await stage.until(() => stage.account.client.getClaims()?.sub === user, `this tab shows ${user}`)
      const { subject } = await callApi(stage.account)
      const isOwn = call.subject === undefined || call.subject === before
      return judge(
        isOwn && subject === user,
        `This tab shows ${user}. The call of ${before} ended with ${call.status}${call.subject ? ` for ${call.subject}` : ''}, not with ${user}’s data; a new call is answered for ${subject}.`,
      )
    },
  },
  {
    id: 'everywhere',
    group: 'People',
    title: 'Sign out everywhere',
    expectation:
      'All tabs of this browser are signed out at once, and the server ends the user’s sessions on all devices.',
    help: { text: 'What happens when', href: 'docs.html?behaviour#what-happens-when' },
    custody: 'cookie',
    async run(stage) {
      await stage.calm()
      const user = stage.user()
      if (stage.others().length === 0) await stage.openTabs(1)
      await stage.until(
        () => stage.others().every(({ status }) => status === 'signed in'),
        'the other tabs share the session',
      )
      await logIn(user, 'client', 'Phone of the exercise', server.fetch)
      await stage.account.client.signOut()
      const { revoked } = await server.revokeUser(user)
      const lanes = await stage.until(() => {
        const open = [stage.lanes.self, ...stage.others()]
        return open.every(({ status }) => status.startsWith('signed out')) && open
      }, 'all tabs are signed out')
      const left = (await server.sessions()).filter(({ subject, status }) => subject === user && status === 'active')
      return judge(
        revoked >= 1 && left.length === 0,
        `${lanes.length} of ${lanes.length} tabs are signed out; ${revoked} more ${revoked === 1 ? 'session' : 'sessions'} of ${user} ended at the server; ${left.length} are left.`,
      )
    },
  },
  {
    id: 'custodies',
    group: 'People',
    title: 'Three ways to keep tokens',
    expectation:
      'The refresh token is in an httpOnly cookie, or the client holds it, or both tokens are in cookies. The API answers in all three ways, and scripts can read only the tokens that the client holds.',
    help: { text: 'Cookies and CORS', href: 'docs.html?servers#cookies-and-cors' },
    async run(stage) {
      const { custody: before, isBound } = stage.account
      const lines: string[] = []
      for (const custody of CUSTODIES) {
        await stage.account.signIn('alice', custody)
        const { status } = await callApi(stage.account)
        const refreshToken = await readRefreshToken(ledgerOf(custody, stage.account.isBound))
        const claims = stage.account.client.getClaims()
        const reach =
          [claims && 'the access token', refreshToken && 'the refresh token'].filter(Boolean).join(' and ') ||
          'no token'
        const isRight =
          status === 200 &&
          Boolean(refreshToken) === (custody === 'client') &&
          Boolean(claims) === (custody !== 'cookie-only') &&
          !document.cookie.includes('refresh')
        if (!isRight) return failed(`${custody}: the API answered ${status}, and scripts can reach ${reach}.`)
        lines.push(`${custody}: ${status}, scripts reach ${reach}`)
      }
      await stage.account.signIn('alice', before, isBound)
      return passed(`${lines.join('; ')}.`)
    },
  },
]
