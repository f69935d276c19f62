import { expect, test } from 'vitest'
import { SIZES } from './sizes.ts'

test.each(Object.entries(SIZES))('%s stays within its limit', async (name, { limit, target, measure }) => {
  const size = await measure()
  console.info(`${name}: ${size} bytes, limit ${limit}${limit > target ? `, target ${target}` : ''}`)
  expect(size).toBeGreaterThan(0)
  expect(size).toBeLessThanOrEqual(limit)
})
