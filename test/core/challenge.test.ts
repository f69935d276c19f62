// Reading `WWW-Authenticate`.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callsForRefresh } from '../../src/core/responses/challenge.ts'

describe('a challenge that calls for a refresh', () => {
  test.each([
    [null],
    [''],
    ['Bearer'],
    ['bearer realm="api"'],
    ['Bearer error="invalid_token"'],
    ['Bearer error=invalid_token'],
    ['Bearer realm="a", error = "invalid_token" , error_description="The token, it expired"'],
    ['Bearer error="invalid_token",DPoP algs="ES256"'],
    ['Basic realm="x", Bearer error="invalid_token"'],
    ['Basic realm="x",Bearer'],
    ['Digest nonce="a,b", BEARER error="invalid_token", Basic realm="c"'],
    ['Bearer error_description="insufficient_scope", error="invalid_token"'],
    ['Bearer error_description="error=insufficient_scope", error="invalid_token"'],
    ['Bearer realm="say \\"error=\\", insufficient_scope"'],
    ['Negotiate abc==, Bearer error="invalid_token"'],
    ['Bearer realm="insufficient_scope"'],
    ['Bearer, DPoP error="insufficient_scope"'],
    ['Bearer realm="api", DPoP error="insufficient_scope", algs="ES256"'],
    ['DPoP error="insufficient_scope", Bearer error="invalid_token"'],
  ])('%j', (header) => {
    expect(callsForRefresh(header)).toBe(true)
  })
})

describe('a challenge that does not', () => {
  test.each([
    ['Bearer error="insufficient_scope"'],
    ['Bearer error=insufficient_scope'],
    ['Bearer realm="a", scope="b c", ERROR="insufficient_scope"'],
    ['Bearer error="insufficient_user_authentication", acr_values="high"'],
    ['Bearer error="invalid_request"'],
    ['Basic realm="x"'],
    ['DPoP error="invalid_token"'],
    ['Basic realm="Bearer"'],
    ['Basic realm="x, Bearer error=\\"invalid_token\\""'],
    ['Bearerish error="invalid_token"'],
    ['Negotiate'],
    ['Basic realm="x", Bearer scope="a", error="insufficient_scope"'],
  ])('%j', (header) => {
    expect(callsForRefresh(header)).toBe(false)
  })
})

test('property: whatever a server writes, it is read without an error', () => {
  const piece = fc.constantFrom('Bearer', ' ', ',', '"', '\\', '=', 'error', 'insufficient_scope', 'Basic', 'a')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (header) => {
        expect(typeof callsForRefresh(header)).toBe('boolean')
      },
    ),
  )
})
