// The code blocks of docs/servers.md for servers that the tests run, for Supabase and for Cognito.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Refresh, RefreshRequest, TokenResponse } from '../../src/index.ts'
import { ALL } from '../servers/cast.ts'
import { configurationOf, LINES, linesOf } from '../servers/page.ts'
import { ROOT, readDocument } from './markdown.ts'
import { runnable } from './runnable.ts'

const FOLDER = `${ROOT}/.data/providers-${process.pid}`

interface Example {
  readonly refresh: Refresh
  readonly auth: { dispose(): void }
}

const examples: Record<string, Example> = {}

/** The refresh functions of docs/servers.md, as they stand there. */
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true })
  for (const name of ['supabase', 'cognito']) {
    writeFileSync(`${FOLDER}/${name}.ts`, `${runnable().get(`${name}.ts`)}\nexport { auth, refresh }\n`)
    examples[name] = await import(/* @vite-ignore */ `${FOLDER}/${name}.ts`)
  }
})

afterAll(() => {
  for (const { auth } of Object.values(examples)) auth.dispose()
  rmSync(FOLDER, { recursive: true })
})

/** Asks for new tokens of a server that answers so; resolves with what it was asked, and with what came of it. */
async function ask(name: string, answer: Response): Promise<{ readonly sent: Request; readonly result: unknown }> {
  let sent: Request | undefined
  const request: RefreshRequest = {
    refreshToken: 'refresh-0',
    accessToken: undefined,
    idempotencyKey: 'key',
    proof: undefined,
    signal: new AbortController().signal,
    fetch: async (input, init) => {
      sent = new Request(input, init)
      return answer
    },
  }
  const asked = examples[name]?.refresh(request)
  // Before its first await, as a refresh function must.
  expect(sent).toBeDefined()
  // As the client does it: `read` is given a copy, and what it does not read is read as ever.
  const read = async (result: unknown): Promise<unknown> =>
    (result instanceof Response && (await examples[name]?.refresh.read?.(result.clone()))) || result
  return { sent: sent as Request, result: await asked?.then(read).catch((error: unknown) => error) }
}

describe('servers that the tests run', () => {
  test.for(ALL)('$name is configured by as many lines as the table says', (server, { skip }) => {
    const table = readDocument('README.md').tables.find(({ rows }) => rows[0]?.[0]?.text === LINES)
    skip(!table, 'the table is still to be written')
    const column = table?.header.findIndex(({ text }) => text === server.name) ?? -1
    expect(table?.rows[0]?.[column]?.text).toBe(String(linesOf(configurationOf(server))))
  })
})

describe('Supabase', () => {
  test('is asked with JSON, and its answer is read as ever', async () => {
    const answer = Response.json({ access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600 })
    const { sent, result } = await ask('supabase', answer)
    expect(sent.url).toBe('https://project.supabase.co/auth/v1/token?grant_type=refresh_token')
    expect(sent.headers.get('apikey')).toBe('your-publishable-key')
    expect(await sent.json()).toEqual({ refresh_token: 'refresh-0' })
    expect(result).toBe(answer)
  })

  test.each(['refresh_token_not_found', 'session_not_found', 'session_expired'])(
    'ends the session by %s',
    async (code) => {
      const { result } = await ask('supabase', Response.json({ code: 400, error_code: code }, { status: 400 }))
      expect(result).toMatchObject({ code: 'session-ended', reason: 'rejected' })
    },
  )

  test('leaves it to the client what a reuse, a pause or a failure means', async () => {
    for (const status of [400, 429, 500]) {
      const answer = Response.json({ error_code: 'refresh_token_already_used' }, { status })
      const { result } = await ask('supabase', answer)
      expect(result).toBe(answer)
      expect(answer.bodyUsed).toBe(false)
    }
  })
})

describe('Cognito', () => {
  test('is asked for tokens by their refresh token, and its names are translated', async () => {
    const tokens = { AccessToken: 'access-1', RefreshToken: 'refresh-1', ExpiresIn: 3600 }
    const { sent, result } = await ask('cognito', Response.json({ AuthenticationResult: tokens }))
    expect(sent.headers.get('x-amz-target')).toMatch(/\.GetTokensFromRefreshToken$/)
    expect(await sent.json()).toEqual({ ClientId: 'your-client-id', RefreshToken: 'refresh-0' })
    expect(result).toEqual({
      access_token: 'access-1',
      refresh_token: 'refresh-1',
      expires_in: 3600,
    } satisfies TokenResponse)
  })

  test.each([
    ['RefreshTokenReuseException', { code: 'session-ended', reason: 'reuse-detected' }],
    ['NotAuthorizedException', { code: 'session-ended', reason: 'rejected' }],
  ])('ends the session by %s', async (__type, error) => {
    const { result } = await ask('cognito', Response.json({ __type, message: 'no' }, { status: 400 }))
    expect(result).toMatchObject(error)
  })

  test.each([429, 500, 503])('ends nothing by status %d', async (status) => {
    const answer = Response.json({ __type: 'TooManyRequestsException' }, { status })
    expect((await ask('cognito', answer)).result).toBe(answer)
  })

  test('ends nothing by an answer that is neither', async () => {
    const { result } = await ask('cognito', Response.json({ __type: 'InternalErrorException' }, { status: 400 }))
    expect(result).not.toMatchObject({ code: 'session-ended' })
    expect(result).not.toHaveProperty('access_token')
  })
})
