// The limits of the sizes, and what is in each bundle.

import { describe, expect, test } from 'vitest'
import { foreignPartsOf, SIZES } from './sizes.ts'

test.each(Object.entries(SIZES))('%s stays within its limit', async (name, { limit, measure }) => {
  const size = await measure()
  console.info(`${name}: ${size} bytes, limit ${limit}`)
  expect(size).toBeGreaterThan(0)
  expect(size).toBeLessThanOrEqual(limit)
})

describe('a bundle holds only what was imported', () => {
  test.each(Object.entries(SIZES))('%s', async (_, size) => {
    // A module that belongs to everybody's bundle goes into `OWN` in sizes.ts.
    expect(await foreignPartsOf(size)).toEqual([])
  })

  test('a part that does not belong there is named, with the module that imports it', async () => {
    const { entry = '' } = SIZES['authfetch/react, on top'] ?? {}
    const [part, ...others] = await foreignPartsOf({ entry, parts: ['src/refresh/cookie.ts'] })
    expect(part).toMatch(/^src\/react\.ts \(\d+ bytes\), imported by the entry$/)
    expect(others).toEqual([])
  })
})
