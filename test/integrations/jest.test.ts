// The package under Jest, in its two environments of jsdom.

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../package/project.ts'
import { bundleOf } from '../package/sizes.ts'

const SOURCE = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
const resolve = createRequire(new URL('./jest/package.json', import.meta.url)).resolve

/** As an application tests itself: the client is made at import, and the mock of `fetch` comes later. */
const APP = `
import { expect, jest, test } from '@jest/globals'
import { createAuthClient, lateFetch, oauthRefresh } from 'authfetch'

const auth = createAuthClient({
  refresh: oauthRefresh({ tokenEndpoint: 'https://id.example/token', clientId: 'spa' }),
  origins: ['https://api.example'],
  fetch: lateFetch(),
})

test('signs in, calls, refreshes, signs out and is gone', async () => {
  const sent = []
  globalThis.fetch = async (input, init) => {
    sent.push([String(input), init?.headers?.Authorization])
    const body = String(input).startsWith('https://id.example') ? { access_token: 'second', expires_in: 3600 } : {}
    const text = async () => JSON.stringify(body)
    return { status: 200, ok: true, url: String(input), headers: new Headers(), redirected: false, text }
  }
  await auth.signIn({ access_token: 'first', refresh_token: 'r', expires_in: 3600 })
  await auth.authFetch('https://api.example/orders')
  await auth.authFetch('https://api.example/orders', { method: 'PUT', body: 'x' })
  expect(await auth.getAccessToken({ forceRefresh: true })).toBe('second')
  await auth.authFetch('https://api.example/orders')
  await auth.signOut()
  expect(auth.getState().status).toBe('signed-out')
  auth.dispose()
  expect(sent).toEqual([
    ['https://api.example/orders', 'Bearer first'],
    ['https://api.example/orders', 'Bearer first'],
    ['https://id.example/token', undefined],
    ['https://api.example/orders', 'Bearer second'],
  ])
})
`

let project: string

beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'authfetch-jest-')))
  const installed = join(project, 'node_modules/authfetch')
  await mkdir(installed, { recursive: true })
  await writeFile(join(installed, 'package.json'), '{ "name": "authfetch", "type": "module", "exports": "./index.js" }')
  await writeFile(join(installed, 'index.js'), await bundleOf(`export * from '${SOURCE}'`))
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
  await writeFile(join(project, 'app.test.js'), APP)
})

afterAll(() => rm(project, { recursive: true, force: true }))

test.each(['jest-environment-jsdom', 'jest-fixed-jsdom'])('works in %s', async (environment) => {
  const config = JSON.stringify({ rootDir: project, testEnvironment: resolve(environment), transform: {} })
  const { code, output } = await run(
    project,
    '--experimental-vm-modules',
    join(dirname(resolve('jest/package.json')), 'bin/jest.js'),
    '--config',
    config,
  )
  expect(output).toContain('1 passed')
  expect(code).toBe(0)
})
