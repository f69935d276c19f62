// What a failed sign-in tells a developer, as the `cause` of its error: addresses, states and names, and no secret.

import { describe, expect, test, vi } from 'vitest'
import { LoginError } from '../../../src/login.ts'
import { createLoginScene, ISSUER, METADATA } from './page.ts'

const SECRET = 'eyJhbGciOiJIUzI1NiJ9-secret'

async function errorOf(promise: Promise<unknown>): Promise<LoginError & { readonly cause: Error }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(LoginError)
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    expect(`${one.message}${JSON.stringify(one)}`).not.toMatch(/secret|code-1/)
  }
  return error as LoginError & { readonly cause: Error }
}

const answering = (answer: () => Response | Promise<Response>, endpoint = METADATA.token_endpoint) => {
  const scene = createLoginScene()
  scene.as.answer = ({ url }) => (url === endpoint ? answer() : undefined)
  return scene
}

describe('the metadata', () => {
  const discovery = `${ISSUER}/.well-known/openid-configuration`

  test('that cannot be reached: the address, and what fetch said', async () => {
    const { login, as } = createLoginScene()
    const failure = new TypeError('Failed to fetch')
    as.answer = () => Promise.reject(failure)
    const { message, cause } = await errorOf(login.start())
    expect(message).toBe('the sign-in has failed: network')
    expect(cause.message).toBe(`${discovery} gave no answer`)
    expect(cause.cause).toBe(failure)
  })

  test.each([
    ['404 without JSON', () => new Response('<html>', { status: 404 })],
    ['a redirect without JSON', () => Object.defineProperty(new Response(), 'status', { value: 0 })],
  ])('that is none: the address, and %s', async (met, answer) => {
    const { login, as } = createLoginScene()
    as.answer = answer
    const { code, cause } = await errorOf(login.start())
    expect([code, cause.message, cause.cause]).toEqual(['network', `${discovery} gave ${met}`, undefined])
  })

  test('of another issuer: both of them', async () => {
    const { login } = createLoginScene({ issuer: `${ISSUER}/` })
    const { code, cause } = await errorOf(login.start())
    expect(code).toBe('wrong-issuer')
    expect(cause.message).toBe(`"issuer" is ${ISSUER}/, the server's is ${ISSUER}`)
  })
})

describe('the answer by redirect', () => {
  const comeBack = async (answer: Record<string, string>): Promise<LoginError & { readonly cause: Error }> => {
    const scene = createLoginScene()
    const { state = '' } = await scene.begin()
    scene.comeBack({ ...answer, state })
    return errorOf(scene.login.finish())
  }

  test.each([
    ['https://evil.example', { iss: 'https://evil.example' }],
    ['null', {}],
  ])('of the issuer %s: both of them', async (found, answer) => {
    const { cause } = await comeBack({ code: 'code-1', ...answer })
    expect(cause.message).toBe(`"issuer" is ${ISSUER}, the server's is ${found}`)
  })

  test('with an error: where it comes from, without the text of the server', async () => {
    const { code, cause } = await comeBack({ iss: ISSUER, error: 'access_denied', error_description: SECRET })
    expect([code, cause.message]).toEqual(['access_denied', 'the answer by redirect says so'])
  })
})

describe('the exchange', () => {
  test.each<[string, string, () => Response]>([
    ['network', '200 without JSON', () => new Response(`${SECRET} is no JSON`)],
    [
      'invalid_grant',
      '400',
      () => Response.json({ error: 'invalid_grant', error_description: SECRET }, { status: 400 }),
    ],
    ['server_error', '502', () => Response.json({ message: SECRET }, { status: 502 })],
  ])('that ends with %s: the address, and %s', async (code, met, answer) => {
    const error = await errorOf(answering(answer).signIn())
    expect([error.code, error.cause.message]).toEqual([code, `${METADATA.token_endpoint} gave ${met}`])
    expect(error.cause.cause).toBeUndefined()
  })

  test('whose answer is lost: the address, and what fetch said', async () => {
    const { cause } = await errorOf(answering(() => Promise.reject(new TypeError('Failed to fetch'))).signIn())
    expect(cause.message).toBe(`${METADATA.token_endpoint} gave no answer`)
    expect(cause.cause).toEqual(new TypeError('Failed to fetch'))
  })

  test.each([
    ['azp', { aud: ['spa', 'other-secret'] }],
    ['aud,azp', { aud: 'other-secret' }],
    ['iss,nonce', { iss: 'https://secret.example', nonce: 'secret' }],
    ['exp', { exp: 1 }],
    ['sub,iat', { sub: '', iat: undefined }],
  ])('that brings an ID token for somebody else: the names of the claims: %s', async (names, claims) => {
    const { code, cause } = await errorOf(createLoginScene().signIn(claims))
    expect([code, cause.message]).toEqual(['invalid-id-token', `not as wanted: ${names}`])
  })
})

test('IndexedDB that is blocked: the error of the browser', async () => {
  const { login } = createLoginScene()
  const denied = new DOMException('denied', 'SecurityError')
  vi.stubGlobal('indexedDB', {
    open() {
      throw denied
    },
  })
  expect((await errorOf(login.start())).cause).toBe(denied)
})
