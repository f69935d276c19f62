// The test suite fails when a token is in its output or in an error.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../docs/markdown.ts'
import { tokenIn } from './patterns.ts'

const run = promisify(execFile)

interface Run {
  readonly hasPassed: boolean
  readonly output: string
}

/** Runs one fixture with the settings of the project. */
async function runFixture(fixture: string): Promise<Run> {
  const args = ['run', '--config', 'test/leaks/fixtures/vitest.config.ts', `fixtures/${fixture}`]
  return await run(`${ROOT}/node_modules/.bin/vitest`, args, {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
  }).then(
    ({ stdout, stderr }) => ({ hasPassed: true, output: stdout + stderr }),
    ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => ({
      hasPassed: false,
      output: stdout + stderr,
    }),
  )
}

describe('the test suite fails', () => {
  test.each(['console', 'stderr'])('when a test that passes prints a token, by %s', async (fixture) => {
    const { hasPassed, output } = await runFixture(fixture)
    expect(output).toMatch(/Tests +1 passed/)
    expect(output).toMatch(/tokens were printed:\n +in .*…/)
    expect(hasPassed).toBe(false)
  })

  test('when an error of the library holds a token, however deep', async () => {
    const { hasPassed, output } = await runFixture('error')
    expect(output).toContain('tokens in errors')
    expect(hasPassed).toBe(false)
  })

  test('for nothing else', async () => {
    const { hasPassed, output } = await runFixture('clean')
    expect(output).toMatch(/Tests +1 passed/)
    expect(hasPassed).toBe(true)
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

test('what goes into the message of an error is names, a reason or a status', () => {
  const files = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const messages = files.flatMap((file) => [
    ...readFileSync(`${ROOT}/src/${file}`, 'utf8').matchAll(/(?:Error|super)\(`([^`]*)`/g),
  ])
  const parts = messages.flatMap(([, message = '']) => [...message.matchAll(/\$\{([^}]*)\}/g)].map(([, part]) => part))
  expect(parts.length).toBeGreaterThan(4)
  expect(new Set(parts)).toEqual(
    new Set(['code', 'error?.name', "found.join(', ')", 'member', 'option', 'reason', 'response.status', 'wanted']),
  )
})
