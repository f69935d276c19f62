// `stepUpOf`: reading a step-up challenge (RFC 9470).

import { expect, test } from 'vitest'
import { stepUpOf } from '../../../src/login.ts'

const read = (challenge?: string): unknown =>
  stepUpOf(new Response('', { status: 401, ...(challenge && { headers: { 'WWW-Authenticate': challenge } }) }))

test.each([
  [
    'Bearer error="insufficient_user_authentication", acr_values="mfa hw", max_age="5"',
    { acr_values: 'mfa hw', max_age: '5' },
  ],
  ['Bearer error=insufficient_user_authentication,max_age=0', { max_age: '0' }],
  ['bearer ERROR="insufficient_user_authentication", ACR_VALUES="a\\"b"', { acr_values: 'a"b' }],
  ['DPoP error="invalid_token", Bearer realm="x", error="insufficient_user_authentication"', {}],
  [
    'Bearer error="insufficient_user_authentication", error_description="max_age=9, acr_values=evil", max_age="3"',
    { max_age: '3' },
  ],
  ['Bearer error="insufficient_user_authentication", acr_values="first", acr_values="second"', { acr_values: 'first' }],
])('%s asks for %j', (challenge, parameters) => {
  expect(read(challenge)).toEqual(parameters)
})

test.each([
  undefined,
  'Bearer',
  'Bearer error="invalid_token", max_age="5"',
  'Bearer error_description="error=insufficient_user_authentication"',
])('%s asks for no other sign-in', (challenge) => {
  expect(read(challenge)).toBeUndefined()
})
