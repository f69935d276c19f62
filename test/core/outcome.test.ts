// Classifying the answers of the token endpoint.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outcomeOf, type ServerResponse } from '../../src/core/responses/outcome.ts'
import { jwt } from '../client/harness.ts'

const NOW = Date.UTC(2026, 0, 1)
interface Given extends Partial<ServerResponse> {
  readonly retryAfter?: string | null
  readonly date?: string | null
  readonly challenge?: string
}
const answer = ({ retryAfter, date, challenge, ...given }: Given): ServerResponse => ({
  status: 200,
  body: '{"access_token":"a"}',
  fromCookie: false,
  header: (name) => ({ date, 'retry-after': retryAfter, 'www-authenticate': challenge })[name] ?? null,
  ...given,
})
const kindOf = (given: Given): string => outcomeOf(answer(given), NOW).kind
const json = (value: unknown): string => JSON.stringify(value)

describe('an answer of the token endpoint', () => {
  const cases: [string, Given, string][] = [
    ['200 with tokens', {}, 'granted'],
    ['201 with tokens', { status: 201 }, 'granted'],
    ['204 of a cookie endpoint', { status: 204, body: '', fromCookie: true }, 'granted'],
    ['204 of a token endpoint', { status: 204, body: '' }, 'doubt'],
    ['expires_in alone of a cookie endpoint', { body: '{"expires_in":60}', fromCookie: true }, 'granted'],
    ['expires_in alone of a token endpoint', { body: '{"expires_in":60}' }, 'doubt'],
    ['200 whose body was lost, with a cookie', { body: undefined, fromCookie: true }, 'granted'],
    ['200 whose body was lost, without', { body: undefined }, 'doubt'],
    ['an empty 200', { body: '', fromCookie: true }, 'doubt'],
    ['200 with HTML', { body: '<html>', fromCookie: true }, 'refused'],
    ['200 with a JSON string', { body: '"ok"', fromCookie: true }, 'doubt'],
    ['200 with half a JSON', { body: '{"access_token":"a"' }, 'doubt'],
    ['200 with a token that is none', { body: '{"access_token":5}' }, 'doubt'],
    ['400 invalid_grant', { status: 400, body: json({ error: 'invalid_grant' }) }, 'rejected'],
    ['401 invalid_grant', { status: 401, body: json({ error: 'invalid_grant' }) }, 'rejected'],
    ['200 invalid_grant', { body: json({ error: 'invalid_grant' }) }, 'rejected'],
    ['500 invalid_grant', { status: 500, body: json({ error: 'invalid_grant' }) }, 'doubt'],
    ['400 invalid_client', { status: 400, body: json({ error: 'invalid_client' }) }, 'refused'],
    ['400 temporarily_unavailable', { status: 400, body: json({ error: 'temporarily_unavailable' }) }, 'refused'],
    ['400 without a word', { status: 400, body: '' }, 'refused'],
    ['401 without a word', { status: 401, body: '' }, 'refused'],
    ['403 with HTML', { status: 403, body: '<html>' }, 'refused'],
    ['404', { status: 404, body: 'Not Found' }, 'refused'],
    ['429', { status: 429, body: '' }, 'refused'],
    ['429 whose body was lost', { status: 429, body: undefined }, 'refused'],
    ['500', { status: 500, body: '' }, 'doubt'],
    ['502', { status: 502, body: '<html>' }, 'doubt'],
    ['503', { status: 503, body: '<html>' }, 'refused'],
    ['504', { status: 504, body: '' }, 'doubt'],
    ['an opaque 0', { status: 0, body: '' }, 'doubt'],
  ]
  test.each(cases)('%s', (_, given, expected) => {
    expect(kindOf(given)).toBe(expected)
  })

  test('200 whose body was lost, with a cookie, grants no tokens that anybody could read', () => {
    expect(outcomeOf(answer({ body: undefined, fromCookie: true }), NOW)).toEqual({
      kind: 'granted',
      tokens: undefined,
    })
  })

  test.each([
    ['refresh_token_reused as `code`', { error: 'invalid_grant', code: 'refresh_token_reused' }, 'reuse-detected'],
    ['refresh_token_already_used as `error_code`', { error_code: 'refresh_token_already_used' }, 'reuse-detected'],
    ['RefreshTokenReuseException as `__type`', { __type: 'RefreshTokenReuseException' }, 'reuse-detected'],
    ['refresh_token_reused as `error`', { error: 'refresh_token_reused' }, 'reuse-detected'],
    ['invalid_grant alone', { error: 'invalid_grant' }, 'rejected'],
  ])('%s names the reason', (_, body, reason) => {
    expect(outcomeOf(answer({ status: 400, body: json(body) }), NOW)).toEqual({ kind: 'rejected', reason })
  })

  test('property: no status without a verdict in the body ends the session, but a 401 to a cookie', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999 }),
        fc.option(fc.string(), { nil: undefined }),
        fc.boolean(),
        (status, body, fromCookie) => {
          fc.pre(status !== 401 || !fromCookie)
          expect(kindOf({ status, body, fromCookie })).not.toBe('rejected')
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('property: the error of no outcome quotes the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.boolean(), (status, isCut) => {
        const body = '{"access_token":"secret\\u0000","refresh_token":"secret","error_hint":"secret"}'
        const outcome = outcomeOf(answer({ status, body: isCut ? body.slice(0, -1) : body }), NOW)
        const { error } = outcome as { error?: Error }
        expect(`${error?.message}${error?.stack}${error?.cause}`).not.toContain('secret')
      }),
    )
  })
})

describe('Retry-After', () => {
  const date = (offset: number): string => new Date(NOW + offset).toUTCString()
  test.each([
    ['in seconds', '120', null, 120_000],
    ['as a date, by the local clock', date(60_000), null, 60_000],
    ["as a date, by the server's clock", date(60_000), date(30_000), 30_000],
    ['in the past', date(-60_000), null, undefined],
    ['of 0', '0', null, undefined],
    ['that is none', 'soon', null, undefined],
    ['that is missing', null, null, undefined],
  ])('%s', (_, retryAfter, serverDate, expected) => {
    expect(outcomeOf(answer({ status: 429, body: '', retryAfter, date: serverDate }), NOW)).toMatchObject({
      kind: 'refused',
      retryAfter: expected,
    })
  })
})

test('an iat that was copied from the refresh token makes no lifetime longer', () => {
  const exp = NOW / 1000 + 60
  const lifetimeOf = (iat: number, date?: number): unknown => {
    const access_token = jwt({ exp, iat })
    return outcomeOf(
      answer({ date: date === undefined ? null : new Date(date).toUTCString(), body: json({ access_token }) }),
      NOW,
    )
  }
  // SimpleJWT does so: the access token is of now, its iat is of the refresh before.
  expect(lifetimeOf(exp - 6000, NOW)).toMatchObject({ tokens: { lifetime: 60_000 } })
  // A clock of ours, or one that is beyond the expiry, proves nothing.
  expect(lifetimeOf(exp - 6000)).toMatchObject({ tokens: { lifetime: 6_000_000 } })
  expect(lifetimeOf(exp - 60, NOW + 90_000)).toMatchObject({ tokens: { lifetime: 60_000 } })
  // Nor does one that is behind.
  expect(lifetimeOf(exp - 60, NOW - 90_000)).toMatchObject({ tokens: { lifetime: 60_000 } })
})

test("the lifetime is counted by the server's clock, where the answer tells it", () => {
  const access_token = jwt({ exp: (NOW + 660_000) / 1000 })
  const lifetimeBy = (date: string): unknown => outcomeOf(answer({ date, body: json({ access_token }) }), NOW)
  expect(lifetimeBy(new Date(NOW + 600_000).toUTCString())).toMatchObject({ tokens: { lifetime: 60_000 } })
  expect(lifetimeBy('never')).toMatchObject({ tokens: { lifetime: 660_000 } })
})
