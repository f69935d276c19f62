// Bound tokens of several audiences: one key, and what a server tells of its nonces and its time counts for all of them.

import { expect, test } from 'vitest'
import { audiences } from '../../../src/audiences.ts'
import type { Scene } from '../harness.ts'
import { API, boundTokens, challenge, createBoundScene, prove, signInBound } from './servers.ts'

const LIST = audiences({
  billing: { urls: [`${API}/billing/`], parameters: { resource: 'billing' } },
})

/** A signature takes real time, and a question to the other tabs virtual time. */
async function settled<Value>({ browser }: Scene, promise: Promise<Value>): Promise<Value> {
  let isPending = true
  const end = (): void => {
    isPending = false
  }
  promise.then(end, end)
  while (isPending) await browser.advance(1)
  return promise
}

test('a nonce that one audience has learnt serves the others of the same origin', async () => {
  const scene = createBoundScene({ audiences: LIST })
  await signInBound(scene)
  scene.server.onCall = (_sent, nth) =>
    nth === 1
      ? challenge('use_dpop_nonce', { 'dpop-nonce': 'a' })
      : new Response('ok', { headers: { 'dpop-nonce': 'b' } })
  await scene.auth.authFetch(`${API}/things`)
  await settled(scene, scene.auth.authFetch(`${API}/billing/x`))
  const proofs = await Promise.all(scene.server.calls.map(prove))
  expect(proofs.map(({ claims }) => claims.nonce)).toEqual([undefined, 'a', 'b'])
  expect(proofs.at(-1)?.sent.authorization).toBe('DPoP access-1')
})

test('the time that the token endpoint tells is in the proofs of all audiences', async () => {
  const scene = createBoundScene({ audiences: LIST })
  await signInBound(scene)
  const date = new Date(Date.now() + 600_000).toUTCString()
  scene.server.onRefresh = (nth) => Response.json(boundTokens(nth), { headers: { date } })
  await settled(scene, scene.auth.authFetch(`${API}/billing/x`))
  const proof = scene.server.calls[0]?.request.headers.get('dpop') as string
  const { iat } = JSON.parse(Buffer.from(proof.split('.')[1] as string, 'base64url').toString())
  expect(iat * 1000 - Date.now()).toBeGreaterThan(500_000)
})

test('a proof from another time is made anew, and denies no audience', async () => {
  const scene = createBoundScene({ audiences: LIST })
  await signInBound(scene)
  const date = new Date(Date.now() + 600_000).toUTCString()
  scene.server.onRefresh = (nth) =>
    nth === 1
      ? Response.json({ error: 'invalid_request' }, { status: 400, headers: { date } })
      : Response.json(boundTokens(nth), { headers: { date } })
  expect(await settled(scene, scene.auth.getAccessToken({ audience: 'billing' }))).toBe('access-2')
})

test('the nonce that comes with a denial is kept', async () => {
  const scene = createBoundScene({ audiences: LIST })
  await signInBound(scene)
  scene.server.onRefresh = () =>
    Response.json({ error: 'invalid_scope' }, { status: 400, headers: { 'dpop-nonce': 'n-1' } })
  const reason = await settled(
    scene,
    scene.auth.getAccessToken({ audience: 'billing' }).catch((error) => error),
  )
  expect(reason).toMatchObject({ code: 'audience-denied', error: 'invalid_scope' })
  expect(scene.browser.entry?.bound).toMatchObject({ nonce: 'n-1' })
})
