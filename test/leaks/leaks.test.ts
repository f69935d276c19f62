import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../docs/markdown.ts'
import { tokenIn } from './patterns.ts'

const run = promisify(execFile)

/** Runs one fixture with the settings of the project; resolves with what is printed if it fails. */
async function failureOf(fixture: string): Promise<string | undefined> {
  const args = ['run', '--config', 'test/leaks/fixtures/vitest.config.ts', fixture]
  return await run(`${ROOT}/node_modules/.bin/vitest`, args, { cwd: ROOT }).then(
    () => undefined,
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => stdout + stderr,
  )
}

describe('the test suite fails', () => {
  test.each(['console', 'stderr'])('when a test that passes prints a token, by %s', async (fixture) => {
    expect(await failureOf(`fixtures/${fixture}`)).toMatch(/tokens were printed:\n +in .*…/)
  })

  test('when an error of the library holds a token, however deep', async () => {
    expect(await failureOf('fixtures/error')).toContain('tokens in errors')
  })

  test('for nothing else', async () => {
    expect(await failureOf('fixtures/clean')).toBeUndefined()
  })
})

describe('a token', () => {
  test.each([
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln'],
    ['a token of the unit tests', 'refresh-0'],
    ['a member of a token response', '{ "refresh_token": "8xLOxBtZp8" }'],
    ['a parameter of a form', 'grant_type=refresh_token&refresh_token=8xLOxBtZp8'],
    ['a property that was inspected', "{ accessToken: '8xLOxBtZp8' }"],
    ['a header', 'authorization: Bearer 8xLOxBtZp8'],
  ])('is found as %s', (_, text) => {
    expect(tokenIn(`before ${text} after`)).toBeDefined()
  })

  test.each([
    '"access_token" is missing',
    'Bearer challenge',
    'grant_type=refresh_token',
    'readonly accessToken: string',
  ])('is not what is called one: %s', (text) => {
    expect(tokenIn(text)).toBeUndefined()
  })
})
