// The modules of the OpenID Foundation's conformance suite for relying parties, by their names there, as far as they are
// about a public client with the code flow. The suite itself is a server that does not run here; signatures, JARM,
// encryption and UserInfo are not for this library.

import { describe, expect, test } from 'vitest'
import { LoginError } from '../../../src/login.ts'
import { createLoginScene, exchanges, ISSUER, METADATA } from './page.ts'

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'signed in',
    (error) => (error instanceof LoginError ? error.code : error),
  )

const ago = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds
const WEEK = 7 * 86_400

describe('the ID token', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['invalid-iss', { iss: `${ISSUER}/other` }, 'invalid-id-token'],
    ['invalid-missing-iss', { iss: undefined }, 'invalid-id-token'],
    ['invalid-aud', { aud: 'spa-other' }, 'invalid-id-token'],
    ['invalid-missing-aud', { aud: undefined }, 'invalid-id-token'],
    ['invalid-secondary-aud', { aud: ['spa', 'other'] }, 'invalid-id-token'],
    ['valid-aud-as-array', { aud: ['spa'] }, 'signed in'],
    ['invalid-expired-exp', { exp: ago(WEEK) }, 'invalid-id-token'],
    ['invalid-missing-exp', { exp: undefined }, 'invalid-id-token'],
    ['missing-iat', { iat: undefined }, 'invalid-id-token'],
    ['missing-sub', { sub: undefined }, 'invalid-id-token'],
    ['invalid-nonce', { nonce: 'other' }, 'invalid-id-token'],
    ['invalid-missing-nonce', { nonce: undefined }, 'invalid-id-token'],
  ])('%s', async (_, claims, result) => {
    const scene = createLoginScene()
    expect(await codeOf(scene.signIn(claims))).toBe(result)
    expect(scene.auth.getState().status).toBe(result === 'signed in' ? 'signed-in' : 'signed-out')
  })
})

describe('the answer by redirect', () => {
  const answer = async (change: Record<string, string>, without: readonly string[] = []): Promise<unknown> => {
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    const whole = { code: 'code-1', state, iss: ISSUER, ...change }
    scene.comeBack(Object.fromEntries(Object.entries(whole).filter(([name]) => !without.includes(name))))
    const result = await codeOf(scene.login.finish())
    expect(exchanges(scene)).toEqual([])
    return result
  }

  test('invalid-authorization-response-iss', async () => {
    expect(await answer({ iss: `${ISSUER}/other` })).toBe('wrong-issuer')
  })

  test('remove-authorization-response-iss', async () => {
    expect(await answer({}, ['iss'])).toBe('wrong-issuer')
  })

  test('ensure-authorization-response-with-invalid-state-fails', async () => {
    expect(await answer({ state: 'invalid' })).toBe('unknown-state')
  })

  test('ensure-authorization-response-with-invalid-missing-state-fails: no answer to anything that was asked', async () => {
    expect(await answer({}, ['state'])).toBe('signed in')
  })
})

test('discovery-issuer-mismatch', async () => {
  const scene = createLoginScene()
  scene.as.metadata = { ...METADATA, issuer: `${ISSUER}/other` }
  expect(await codeOf(scene.login.start())).toBe('wrong-issuer')
  expect(scene.page.left).toEqual([])
})

describe('the token response', () => {
  test.each<[string, Record<string, unknown>]>([
    ['token-type-case-insensitivity', { token_type: 'bEaReR' }],
    ['no-scope-in-token-endpoint-response', { token_type: 'Bearer' }],
    ['token-endpoint-response-without-expires_in', { token_type: 'Bearer', expires_in: undefined }],
  ])('%s', async (_, change) => {
    const scene = createLoginScene()
    scene.as.answer = ({ url }) =>
      url === METADATA.token_endpoint
        ? Response.json({ access_token: 'opaque', expires_in: 300, ...change })
        : undefined
    expect(await codeOf(scene.signIn())).toBe('signed in')
  })
})
