// Reading token responses, claims and lifetimes.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TokenResponseError } from '../../src/core/errors.ts'
import { decodeClaims, readTokenResponse } from '../../src/core/responses/tokens.ts'
import { jwt } from '../client/harness.ts'

const NOW = 1_000_000_000
const nothing = { accessToken: undefined, refreshToken: undefined, subject: undefined, lifetime: undefined }

describe('a token response', () => {
  const cases: [string, object, object][] = [
    [
      'names as on the wire',
      { access_token: 'a', expires_in: 60, refresh_token: 'r' },
      { accessToken: 'a', refreshToken: 'r', lifetime: 60_000 },
    ],
    [
      'camelCase names',
      { accessToken: 'a', expiresIn: 60, refreshToken: 'r' },
      { accessToken: 'a', refreshToken: 'r', lifetime: 60_000 },
    ],
    ['wire names before camelCase', { access_token: 'a', accessToken: 'b' }, { accessToken: 'a' }],
    [
      'null for nothing',
      { access_token: 'a', refresh_token: null, expires_in: null, token_type: null },
      { accessToken: 'a' },
    ],
    ['an empty object', {}, {}],
    ['seconds as a string', { expires_in: '60' }, { lifetime: 60_000 }],
    ['fractions of a second', { expires_in: 0.5 }, { lifetime: 500 }],
    ['no lifetime of 0', { expires_in: 0 }, {}],
    ['no negative lifetime', { expires_in: -60 }, {}],
    ['Bearer in any case', { access_token: 'a', token_type: 'bEARER' }, { accessToken: 'a' }],
    ['members that it does not know', { access_token: 'a', id_token: 'i', scope: 's' }, { accessToken: 'a' }],
  ]
  test.each(cases)('understands %s', (_, response, expected) => {
    expect(readTokenResponse(response, NOW)).toEqual({ ...nothing, ...expected })
  })

  const faults: [string, unknown][] = [
    ['object', null],
    ['object', 'access'],
    ['object', undefined],
    ['access_token', { access_token: 5 }],
    ['access_token', { access_token: '' }],
    ['access_token', { access_token: 'a b' }],
    ['access_token', { access_token: 'a\nb' }],
    ['access_token', { access_token: 'ü' }],
    ['access_token', { accessToken: {} }],
    ['refresh_token', { access_token: 'a', refresh_token: 5 }],
    ['expires_in', { expires_in: 'soon' }],
    ['expires_in', { expires_in: Number.POSITIVE_INFINITY }],
    ['expires_in', { expires_in: {} }],
    ['expires_in', { expires_in: Object.create(null) }],
    ['expires_in', { expires_in: Symbol('60') }],
    ['token_type', { token_type: Symbol('Bearer') }],
    ['token_type', { access_token: 'a', token_type: 'DPoP' }],
    ['token_type', { access_token: 'a', token_type: 'Bearer DPoP' }],
  ]
  test.each(faults)('is refused for its %s: %o', (member, response) => {
    expect(() => readTokenResponse(response, NOW)).toThrow(TokenResponseError)
    expect(() => readTokenResponse(response, NOW)).toThrow(member)
  })

  test('has no token in what is read otherwise, and the message names members, but no value', () => {
    const response = { token: 'secret', 'not a name': 1, user: {} }
    expect(() => readTokenResponse(response, NOW)).toThrow(
      new TokenResponseError('no token in token, user: map it by "read", from a Response'),
    )
  })

  test('has no member that a polluted prototype adds', () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>
    polluted.refresh_token = 'evil'
    try {
      expect(readTokenResponse({ access_token: 'a' }, 0).refreshToken).toBeUndefined()
    } finally {
      delete polluted.refresh_token
    }
  })

  test('property: whatever it is, it is read or refused, and a refusal quotes nothing of it', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ minLength: 12 }), (response, secret) => {
        for (const value of [
          response,
          { access_token: response, expires_in: response },
          { access_token: `${secret}\n` },
        ]) {
          try {
            const { accessToken, lifetime } = readTokenResponse(value, NOW)
            if (accessToken !== undefined) expect(accessToken).toMatch(/^[\x21-\x7e]+$/)
            if (lifetime !== undefined) expect(lifetime).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
            expect(String(error)).not.toContain(secret)
          }
        }
      }),
    )
  })
})

test('the subject is that of the access token', () => {
  expect(readTokenResponse({ access_token: jwt({ sub: 'ann' }) }, NOW).subject).toBe('ann')
})

describe('claims', () => {
  test('are those of a JWT', () => {
    expect(decodeClaims(jwt({ sub: 'ünï', exp: 5 }))).toEqual({ sub: 'ünï', exp: 5 })
  })

  test.each([
    'opaque',
    'a.b',
    'a.b.c',
    'a.b.c.d.e',
    `${jwt({}).split('.')[0]}.bnVsbA.x`,
    `x.${btoa('"text"')}.x`,
    '',
    undefined,
  ])('are undefined for %j', (token) => {
    expect(decodeClaims(token)).toBeUndefined()
  })
})

describe('the lifetime', () => {
  const seconds = NOW / 1000
  const cases: [string, number | undefined, object | undefined, number | undefined][] = [
    ['is `expires_in`, whatever the claims say', 60_000, { exp: seconds + 5, iat: seconds }, 60_000],
    ['is `exp - iat`, whatever the clock says', undefined, { exp: 5_000, iat: 4_940 }, 60_000],
    ['is `exp` against the clock of the server without `iat`', undefined, { exp: seconds + 60 }, 60_000],
    ['is unknown without `exp`', undefined, { iat: seconds }, undefined],
    ['is unknown without claims', undefined, undefined, undefined],
    ['is unknown when `exp` is no number', undefined, { exp: '60' }, undefined],
    ['is unknown when `exp` has passed', undefined, { exp: seconds - 60 }, undefined],
    ['is unknown when `exp` is `iat`', undefined, { exp: 60, iat: 60 }, undefined],
  ]
  test.each(cases)('%s', (_, expiresIn, claims, expected) => {
    const response = { access_token: claims ? jwt(claims) : 'opaque', expires_in: expiresIn && expiresIn / 1000 }
    expect(readTokenResponse(response, NOW).lifetime).toBe(expected)
  })
})
