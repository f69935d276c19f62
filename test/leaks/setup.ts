// Before each test file: from now on, the errors that this library makes are looked through for tokens.

import { inspect } from 'node:util'
import { afterEach, expect } from 'vitest'
import { AuthError } from '../../src/core/errors.ts'
import { tokenIn } from './patterns.ts'

/** Of one test; the simulation makes millions. */
const MOST = 500
const made: Error[] = []

class Watched extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options)
    if (made.length < MOST) made.push(this)
  }
}

// `super()` in AuthError calls what the prototype of that class is by then.
Object.setPrototypeOf(AuthError, Watched)

afterEach(() => {
  const leaks = made.splice(0).map((error) => tokenIn(inspect(error, { depth: 9, showHidden: true })))
  expect(
    leaks.filter((token) => token !== undefined).map((token) => `${token.slice(0, 12)}…`),
    'tokens in errors',
  ).toEqual([])
})
