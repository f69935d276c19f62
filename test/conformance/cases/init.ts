// Every member of an init, valid and not.

import { bare, type Case, one } from '../context.ts'

interface Options extends Pick<Case, 'token' | 'unlike'> {
  readonly path?: string
}

const member = (name: string, value: unknown, options: Options = {}): Case[] =>
  (['here', 'there'] as const).map((origin) =>
    one(
      `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}, ${origin}`,
      (context) => [`${context[origin]}${options.path ?? '/echo'}`, { [name]: value }],
      options,
    ),
  )

const methods = ['get', 'POST', 'post', 'PATCH', 'patch', 'PROPFIND', 'OPTIONS', 'HEAD', 'TRACE', 'CONNECT', 'a b', '']

const getter = (name: string, get: () => unknown, given: object = {}): object =>
  Object.defineProperty(given, name, { get, enumerable: true })

const refuse = (): never => {
  throw new RangeError('not to be read')
}

class Init {
  readonly #method = 'PUT'
  get method(): string {
    return this.#method
  }
  get body(): string {
    return 'of the class'
  }
}

/** How often the headers of an init are read. */
const reads = (name: string, make: (read: () => object) => object): Case => ({
  name: `reads of ${name}`,
  run: async ({ here, call }) => {
    let count = 0
    const init = make(() => {
      count++
      return { 'X-Own': '1' }
    })
    const { status } = await call(`${here}/echo`, init)
    return [status, count]
  },
})

export const INIT: readonly Case[] = [
  { name: 'the number of its parameters', run: async ({ call }) => call.length },
  reads('headers that are a getter', (read) => getter('headers', read)),
  reads('headers that are an inherited getter', (read) => Object.create(getter('headers', read))),
  reads(
    'headers behind a Proxy',
    (read) =>
      new Proxy({ headers: {} }, { get: (target, key) => (key === 'headers' ? read() : Reflect.get(target, key)) }),
  ),
  ...methods.flatMap((method) => member('method', method)),
  ...['omit', 'same-origin', 'include', 'all', null].flatMap((value) => member('credentials', value)),
  ...['cors', 'same-origin', 'navigate', 'none'].flatMap((value) => member('mode', value)),
  ...member('mode', 'no-cors', { token: false }),
  ...['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'never'].flatMap((value) => member('cache', value)),
  ...member('cache', 'only-if-cached'),
  ...['follow', 'error', 'manual', 'maybe'].flatMap((value) =>
    member('redirect', value, { path: '/redirect?to=/echo' }),
  ),
  ...['', 'about:client', '/other?page', 'https://foreign.example/', 'http://'].flatMap((value) =>
    member('referrer', value),
  ),
  ...['', 'no-referrer', 'origin', 'unsafe-url', 'strict-origin', 'some'].flatMap((value) =>
    member('referrerPolicy', value),
  ),
  ...['', 'sha256-AAAA', 'none'].flatMap((value) => member('integrity', value)),
  ...member('integrity', 'sha256-CSx56PgOVZ5AS89mDEjzUitnq6n/FISwNn4aTd73Qx0=', {
    unlike: 'the body of the 401 is another one, so that there is no response to retry after',
  }),
  ...[true, false, 'yes'].flatMap((value) => member('keepalive', value)),
  ...['high', 'low', 'auto', 'urgent'].flatMap((value) => member('priority', value)),
  ...['half', 'full'].flatMap((value) => member('duplex', value)),
  ...[null, undefined, {}].flatMap((value) => member('window', value)),
  ...[null, undefined, {}, 'signal'].flatMap((value) => member('signal', value)),
  ...[{}, { eventSourceEligible: true, triggerEligible: false }].flatMap((value) =>
    member('attributionReporting', value),
  ),
  ...[true, 'no'].flatMap((value) => member('browsingTopics', value)),
  ...[{ version: 1, operation: 'token-request' }, 'none'].flatMap((value) => member('privateToken', value)),
  ...['local', 'loopback', 'public', 'moon'].flatMap((value) => member('targetAddressSpace', value)),
  ...member('adAuctionHeaders', true),
  ...member('sharedStorageWritable', true),
  ...member('retryOptions', { maxAttempts: 0 }),
  ...member('unknown', 1),
  one('an init without a prototype', ({ here }) => [`${here}/echo`, { __proto__: null, method: 'PUT' }]),
  one('an init that inherits', ({ here }) => [`${here}/echo`, Object.create({ method: 'PUT', headers: { a: 'b' } })]),
  one('an init of a class with private members', ({ here }) => [`${here}/echo`, new Init()]),
  one('an init with getters', ({ here }) => [`${here}/echo`, getter('method', () => 'PUT')]),
  one('an init with hidden members', ({ here }) => [
    `${here}/echo`,
    Object.defineProperty({}, 'method', { value: 'PUT' }),
  ]),
  bare('an init whose method throws', ({ here }) => [`${here}/echo`, getter('method', refuse)]),
  bare('an init whose unknown member throws', ({ here }) => [`${here}/echo`, getter('unknown', refuse)]),
  one('an init that is frozen', ({ here }) => [
    `${here}/echo`,
    Object.freeze({ method: 'PUT', headers: Object.freeze({ a: 'b' }) }),
  ]),
  one('an init behind a Proxy', ({ here }) => [`${here}/echo`, new Proxy({ method: 'PUT', headers: { a: 'b' } }, {})]),
  one('an init that is a Map', ({ here }) => [`${here}/echo`, new Map([['method', 'PUT']])]),
  bare('an init that is a revoked Proxy', ({ here }) => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return [`${here}/echo`, proxy]
  }),
]
