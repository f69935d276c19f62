// Addresses and objects that are out to get the token, in Chromium.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tab } from '../support/browser/driver.ts'
import { hostileUrl } from '../support/hostile-urls.ts'
import { type Suite, startSuite } from './suite.ts'

let suite: Suite
let tab: Tab

/** Where each of these calls would have gone with the token, as Chromium itself reads the address. */
declare global {
  var goalsOf: (urls: string[]) => Promise<string[]>
}

beforeAll(async () => {
  suite = await startSuite('./rules-page.ts')
  tab = (await suite.open('/')).tab
  await tab.evaluate(async () => {
    await fetch('/gate')
    let found: string[] = []
    const { authFetch } = await rules.signIn({
      origins: ['https://api.example', location.origin],
      async fetch(input, init) {
        const { url, headers } = new Request(input, init)
        if (/^Bearer token-/.test(headers.get('authorization') ?? '')) found.push(url)
        return new Response()
      },
    })
    globalThis.goalsOf = async (urls) => {
      found = []
      const calls: Promise<unknown>[] = []
      for (const url of urls) {
        calls.push(authFetch(url))
        for (const kind of [URL, Request]) {
          try {
            calls.push(authFetch(new kind(url) as URL | Request))
          } catch {
            // No address at all.
          }
        }
      }
      await Promise.allSettled(calls)
      return found
    }
  })
})

afterAll(async () => await suite?.close())

const goals = (urls: string[]): Promise<string[]> => tab.evaluate((given: string[]) => goalsOf(given), urls)

describe('the token goes nowhere for', () => {
  const foreign = [
    'https://api.example@evil.example/',
    'https://api.example:x@evil.example/',
    'https://user:pass@api.example/',
    'https:\\\\evil.example\\api.example',
    'https://evil.example\\.api.example/',
    'https://api.example.evil.example/',
    'https://API.EXAMPLE.:443/',
    'https://api.example./',
    'https://api.example:444/',
    'http://api.example:443/',
    'https://api.ex\u0430mple/',
    'https://xn--api-example/',
    '//api.example/',
    'javascript:fetch("https://api.example/")',
    'data:text/html,https://api.example/',
    'blob:https://api.example/00000000-0000-4000-8000-000000000000',
    'blob:blob:https://api.example/00000000-0000-4000-8000-000000000000',
    'filesystem:https://api.example/temporary/x',
    'view-source:https://api.example/',
    'about:srcdoc#https://api.example/',
    'ws://api.example/',
    'ftp://api.example/',
    'file://api.example/',
  ]
  test.each(foreign)('%j', async (url) => expect(await goals([url])).toEqual([]))
})

describe('the token goes home for', () => {
  const own = [
    'https://api.example:443/',
    'HTTPS://Api.Example:0443/x',
    '\t https://api.example/x',
    'https:api.example/x',
    'https://api.example\\@evil.example/',
    'https:\\\\api.example\\x',
    'https:/\n/api.example/',
    'https://%61pi%2eexample/',
    'https://\uff41pi\u3002example/',
  ]
  test.each(own)('%j', async (url) => {
    const found = await goals([url])
    // On a page of http, an https: address without slashes is absolute all the same.
    expect(found.length).toBeGreaterThan(0)
    for (const one of found) expect(new URL(one).origin).toBe('https://api.example')
  })
})

test('property: whatever the address, Chromium sends the token to allowed origins only', async () => {
  const { here } = suite.servers
  await fc.assert(
    fc.asyncProperty(fc.array(hostileUrl('https://api.example'), { minLength: 100, maxLength: 200 }), async (urls) => {
      for (const url of await goals(urls)) expect(['https://api.example', here]).toContain(new URL(url).origin)
    }),
    { numRuns: 15 },
  )
})

describe('no object of the caller ever sees the token:', () => {
  test.each([
    'headers of a class that listens',
    'a Request of a class that listens',
    'a Request with members of its own',
    'an init behind a Proxy',
    'headers behind a Proxy',
    'setters on Object.prototype',
    'a body that listens',
  ])('%s', async (kind) => {
    const [heard, statuses] = await tab.evaluate(async (which: string) => {
      const heard: string[] = []
      const hear = (...given: unknown[]): void => {
        for (const one of given) {
          if (typeof one === 'string') heard.push(one)
          else if (one instanceof Headers) heard.push(...one.values())
        }
      }

      /** Hears of everything that is done with it. */
      const listen = <Target extends object>(target: Target): Target => {
        const traps = Reflect.ownKeys(Object.getOwnPropertyDescriptors(Reflect)) as (keyof typeof Reflect)[]
        const handler: Record<string, unknown> = {}
        for (const name of traps.filter((key) => typeof Reflect[key] === 'function')) {
          handler[name] = (...given: never[]) => {
            const [, key, value] = given as unknown[]
            hear(key, value, name === 'defineProperty' ? (value as PropertyDescriptor).value : undefined)
            return (Reflect[name] as (...given: never[]) => unknown)(...given)
          }
        }
        return new Proxy(target, handler)
      }
      class Listening extends Headers {
        override set(...given: [string, string]): void {
          hear(...given)
          super.set(...given)
        }
        override append(...given: [string, string]): void {
          hear(...given)
          super.append(...given)
        }
      }
      class Spy extends Request {
        override get headers(): Headers {
          return new Listening(super.headers)
        }
        override clone(): Request {
          const copy = super.clone()
          hear(...copy.headers.values())
          return copy
        }
      }
      const post = { method: 'POST', body: 'b' }
      const kinds: Record<string, () => [RequestInfo, RequestInit?]> = {
        'headers of a class that listens': () => ['/things', { headers: new Listening({ a: 'b' }) }],
        'a Request of a class that listens': () => [new Spy('/things', post)],
        'a Request with members of its own': () => {
          const request = new Request('/things', post)
          const headers = new Listening()
          return [Object.defineProperties(request, { headers: { value: headers }, clone: { value: () => listen({}) } })]
        },
        'an init behind a Proxy': () => ['/things', listen({ ...post, headers: { a: 'b' } })],
        'headers behind a Proxy': () => ['/things', { headers: listen({ a: 'b' }) }],
        'a body that listens': () => ['/things', { method: 'POST', body: listen({ toString: () => 'b' }) as never }],
        'setters on Object.prototype': () => {
          for (const name of ['headers', 'Authorization', 'authorization', 'accessToken', 'held', 'body', 'init']) {
            Object.defineProperty(Object.prototype, name, { set: hear, configurable: true })
          }
          return ['/things', post]
        },
      }
      const auth = await rules.signIn()
      await rules.control('expire')
      const statuses: number[] = []
      // Refused and sent again, at once, and after a wait.
      for (const leap of [0, 0, 2_000_000_000]) {
        rules.leap(leap)
        statuses.push((await auth.authFetch(...(kinds[which] as () => [RequestInfo, RequestInit?])())).status)
      }
      for (const name of ['headers', 'Authorization', 'authorization', 'accessToken', 'held', 'body', 'init']) {
        Reflect.deleteProperty(Object.prototype, name)
      }
      return [heard, statuses] as const
    }, kind)
    expect(statuses).toEqual([200, 200, 200])
    expect(heard.filter((what) => /token-\d/.test(what))).toEqual([])
  })
})
