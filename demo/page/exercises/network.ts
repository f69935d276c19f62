// A network and a server that are slow, failing, or gone.

import { duration, now } from '../../../src/devtools/time.ts'
import { server } from '../server.ts'
import { callApi } from '../tab.ts'
import { type Exercise, failed, judge, requests, type Stage } from './exercise.ts'

const SLOW = 2_000

/** The next end of a refresh, good or bad. */
const outcome = (stage: Stage): Promise<unknown> =>
  stage.seen(
    'a refresh came to an end',
    (seen, lane) =>
      lane.id === stage.lanes.self.id &&
      seen.kind === 'session' &&
      (seen.step === 'refreshed' || seen.step === 'signed-out'),
  )

export const NETWORK: readonly Exercise[] = [
  {
    id: 'slow',
    group: 'Network',
    title: 'A slow answer',
    expectation:
      'The refresh takes two seconds. Calls made during it use the token that is still valid, and do not wait.',
    help: { text: 'When to refresh', href: 'docs.html?README#options' },
    async run(stage) {
      await stage.calm()
      await server.fault({ at: 'refresh', kind: 'latency', delay: SLOW })
      const startedAt = now()
      const refreshing = stage.refresh().then(() => now() - startedAt)
      stage.say('The refresh is under way.')
      const { status } = await callApi(stage.account)
      const called = now() - startedAt
      const refreshed = await refreshing
      return judge(
        status === 200 && called < refreshed,
        `The call was answered ${status} after ${duration(called)}; the refresh took ${duration(refreshed)}.`,
      )
    },
  },
  {
    id: 'failing',
    group: 'Network',
    title: 'Failing answers',
    expectation:
      'The server answers 503 with Retry-After, then 502 with an HTML page. Nobody is signed out, calls go on, and the client tries again by itself.',
    help: { text: 'RefreshUnavailableError', href: 'docs.html?troubleshooting#troubleshooting' },
    async run(stage) {
      await stage.calm()
      await server.fault({ at: 'refresh', kind: 'unavailable', retryAfter: 1 })
      await server.fault({ at: 'refresh', kind: 'html', status: 502 })
      const count = await stage.measure()
      const isDone = outcome(stage)
      let failures = 0
      const stop = stage.account.client.on('refresh-failed', () => failures++)
      const startedAt = now()
      await stage.refresh().catch(() => stage.say('Refused. The client waits, and tries again by itself.'))
      const { status } = await callApi(stage.account)
      await isDone
      stop()
      const { granted, reuses } = await count()
      return judge(
        status === 200 && failures > 0 && granted === 1 && reuses === 0,
        `${failures} failures, and still signed in; a call meanwhile was answered ${status}; after ${duration(now() - startedAt)} there was a new token.`,
      )
    },
  },
  {
    id: 'lost',
    group: 'Network',
    title: 'A lost answer',
    expectation:
      'The server spends the token, and its answer is lost. The client sends the token again with the same Idempotency-Key, and the server replays its answer. Callers notice nothing.',
    help: { text: 'What to ask of a server', href: 'docs.html?servers#what-to-ask-of-a-server-best-first' },
    async run(stage) {
      await stage.calm()
      await server.fault({ at: 'refresh', kind: 'answer-lost' })
      const count = await stage.measure()
      const isDone = outcome(stage)
      let failures = 0
      const stop = stage.account.client.on('refresh-failed', () => failures++)
      stage.say(
        'No answer will come, so the token is in doubt. The client probes the network, and sends the token again.',
      )
      await stage.refresh().catch(() => {})
      await isDone
      stop()
      const { granted, replayed, reuses } = await count()
      const { status } = await callApi(stage.account)
      const state = stage.account.client.getState()
      if (state.status === 'signed-out') return failed(`Signed out as “${state.reason}”; ${replayed} answers replayed.`)
      return judge(
        granted === 1 && replayed >= 1 && reuses === 0 && failures === 0 && status === 200,
        `Spent ${granted === 1 ? 'once' : `${granted} times`}, the answer replayed ${replayed === 1 ? 'once' : `${replayed} times`}, ${reuses} reuses detected; ${failures === 0 ? 'no caller heard of it' : 'callers heard of it'}; still signed in.`,
      )
    },
  },
  {
    id: 'offline',
    group: 'Network',
    title: 'Offline',
    expectation:
      'This page goes offline and tries to refresh. Nothing reaches the server, and nobody is signed out. When it is online again, the first call is answered.',
    help: { text: 'What happens when', href: 'docs.html?behaviour#what-happens-when' },
    async run(stage) {
      await stage.calm()
      const { wire, client } = stage.account
      const count = await stage.measure()
      wire.setOffline(true)
      let code = 'none'
      let offline: number
      try {
        stage.say('Offline.')
        await stage.refresh().catch((error: { code?: string }) => {
          code = error.code ?? 'unknown'
        })
        offline = (await callApi(stage.account)).status
      } finally {
        wire.setOffline(false)
      }
      const isSignedIn = client.getState().status === 'signed-in'
      const { granted, refused } = await count()
      const { status } = await callApi(stage.account)
      return judge(
        code === 'refresh-unavailable' && offline === 0 && isSignedIn && granted + refused === 0 && status === 200,
        `Offline: the refresh failed as ${code}, ${requests(granted + refused)} at the server, still signed in. Online again: ${status}.`,
      )
    },
  },
]
